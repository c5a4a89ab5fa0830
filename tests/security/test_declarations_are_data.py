"""YAML that would build objects, or grow without end, is refused with its place; nothing is run."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.runtime.plugins import MANIFEST, MODELS, PROVIDER_YAML, write_plugin

from modelbay.catalog import Catalog
from modelbay.errors import DeclarationError

TAGS = [
    "!!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path [{mark}]]",
    "!!python/object/new:os.system ['touch {mark}']",
    "!!python/name:os.system",
    "!!python/module:antigravity",
    "!!python/object/apply:subprocess.check_output [[touch, {mark}]]",
    "!evil {mark}",
]
LAUGHS = "\n".join(
    [
        "a0: &a0 [x, x, x, x, x, x, x, x, x, x]",
        *(f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 10) + "]" for n in range(1, 10)),
    ]
)
BOMBS = {
    "laughs": LAUGHS,
    "endless": "a: &a [*a]",
    "deep list": "a: " + "[" * 100_000 + "]" * 100_000,
    "deep mapping": "a: " + "{a: " * 50_000 + "1" + "}" * 50_000,
    "merge": "a: &a {b: 1, <<: *a}",
    "digits": "a: " + "9" * 10_000,
    "large": "a: '" + "x" * 5_000_000 + "'",
}


def broken(folder: Path) -> str:
    """Return what the catalog says of the plugin `acme`."""
    catalog = Catalog(folders=[folder], builtin=False)
    try:
        catalog.provider("acme")
    except DeclarationError as error:
        return str(error)
    return "\n".join(str(warning) for warning in catalog.provider("acme").warnings)


@pytest.mark.parametrize("file", ["manifest.yaml", "provider/acme.yaml", "models/llm/models.yaml"])
@pytest.mark.parametrize("tag", TAGS)
def test_a_tag_that_builds_an_object_is_refused(tmp_path: Path, tag: str, file: str) -> None:
    """In whichever file it stands."""
    mark = tmp_path / "ran"
    plain = {"manifest.yaml": MANIFEST, "provider/acme.yaml": PROVIDER_YAML, "models/llm/models.yaml": MODELS}
    write_plugin(tmp_path / "plugins", {file: plain[file] + f"\nextra_field: {tag.format(mark=mark)}\n"})

    assert "tag" in broken(tmp_path / "plugins")
    assert not mark.exists()


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("file", ["provider/acme.yaml", "models/llm/models.yaml"])
def test_a_document_that_explodes_is_refused(tmp_path: Path, name: str, file: str) -> None:
    """A few lines must take neither the memory nor the process; the rest of the catalog lives on."""
    plain = {"provider/acme.yaml": PROVIDER_YAML, "models/llm/models.yaml": MODELS}
    write_plugin(tmp_path / "plugins", {file: f"{plain[file]}\nextra:\n" + _indented(BOMBS[name])})
    catalog = Catalog(folders=[tmp_path / "plugins"])

    assert "openai" in {row.provider for row in catalog.providers()}
    assert broken(tmp_path / "plugins") or name == "digits"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def test_a_broken_model_file_does_not_take_the_plugin_along(tmp_path: Path) -> None:
    """Reading is tolerant: what is whole still serves."""
    write_plugin(tmp_path / "plugins", {"models/llm/evil.yaml": "!!python/name:os.system"})
    models = Catalog(folders=[tmp_path / "plugins"], builtin=False).models()
    assert "chat" in {model.model for model in models}
