"""Display order, and the patterns that find models."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay.catalog import WarningKind, read_plugin
from modelbay.catalog.globs import matching
from modelbay.catalog.positions import ordered

from .conftest import PROVIDER, Write

MODELS = {f"models/llm/{name}.yaml": f"model: {name}" for name in "abc"}
NAMED = PROVIDER.format(name="acme").replace("{predefined", "{position: models/order.yaml, predefined")


@pytest.mark.parametrize(
    "files",
    [
        {"models/llm/_position.yaml": "[c, a]"},
        {"models/llm/my_position.yaml": "[c, a]"},
        {"models/order.yaml": "[c, a]", "provider/acme.yaml": NAMED},
        {"models/order.yaml": "[c, a]", "models/llm/_position.yaml": "[b]", "provider/acme.yaml": NAMED},
    ],
)
def test_models_stand_in_the_order_of_the_position_file(write: Write, files: dict[str, str]) -> None:
    """Hosts find the file by its name in the section, kits by what the patterns match: both count here."""
    plugin = read_plugin(write("acme", MODELS | files))

    assert [model.model for model in plugin.models] == ["c", "a", "b"]
    assert plugin.provider.position == {"llm": ["c", "a"]}
    assert plugin.warnings == []


@pytest.mark.parametrize(
    ("position", "order", "warnings"),
    [
        ("[z, b]", "bac", 1),
        ("[b, b]", "bac", 0),
        ("[]", "abc", 0),
        ("", "abc", 0),
        ("c - a", "abc", 1),
        ("[{a: b}, c]", "cab", 0),
        ("[c", "abc", 1),
    ],
)
def test_a_position_file_is_advice(write: Write, position: str, order: str, warnings: int) -> None:
    """Those in use name models that are gone, omit others, or are no list: no model is lost or invented."""
    plugin = read_plugin(write("acme", MODELS | {"models/llm/_position.yaml": position}))

    assert "".join(model.model for model in plugin.models) == order
    assert [(w.kind, w.file) for w in plugin.warnings] == [
        (WarningKind.POSITION, "models/llm/_position.yaml")
    ] * warnings


def test_a_position_file_that_is_missing_is_noted(write: Write) -> None:
    """The order of the files is used."""
    plugin = read_plugin(write("acme", MODELS | {"provider/acme.yaml": NAMED}))

    assert [model.model for model in plugin.models] == ["a", "b", "c"]
    assert [(w.kind, w.file) for w in plugin.warnings] == [(WarningKind.POSITION, "models/order.yaml")]


_NAMES = st.lists(st.sampled_from("abcdef"))


@given(_NAMES, st.lists(st.sampled_from("abcdef"), unique=True))
def test_ordering_loses_and_invents_nothing(position: list[str], present: list[str]) -> None:
    """Named models come first, in their order; the others keep theirs."""
    result = [model["model"] for model in ordered([{"model": name} for name in present], position)]

    named = list(dict.fromkeys(name for name in position if name in present))
    assert result == named + [name for name in present if name not in named]


_STEP = st.text("ab_-", min_size=1, max_size=4)
_PATH = st.lists(_STEP, min_size=1, max_size=4)


@given(_PATH, st.data())
def test_a_star_stands_for_any_name_but_crosses_no_slash(path: list[str], data: st.DataObject) -> None:
    """Files deeper down belong to a plugin's own code."""
    index = data.draw(st.integers(0, len(path) - 1))
    pattern = "/".join([*path[:index], "*", *path[index + 1 :]])

    assert matching(pattern, ["/".join(path)]) == ["/".join(path)]
    assert matching(f"./{pattern}", ["/".join(path)]) == ["/".join(path)]
    assert (
        matching(
            pattern, ["/".join([*path, "more"]), "/".join([*path[:index], "x", "y", *path[index + 1 :]])]
        )
        == []
    )
