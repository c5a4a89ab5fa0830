"""Reading one plugin folder."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest

from modelbay.catalog import WarningKind, read_plugin
from modelbay.errors import DeclarationError

from .conftest import MANIFEST, MODEL, PROVIDER, Write


def names(folder: Path) -> list[str]:
    return [model.model for model in read_plugin(folder).models]


def test_a_plugin_is_its_manifest_its_provider_and_its_models(write: Write) -> None:
    """The three parts of the format, with nothing odd in them, read without a warning."""
    plugin = read_plugin(write("acme", {"models/llm/a.yaml": MODEL.format(model="a")}))

    assert plugin.manifest.identity == "acme/acme:1.2.3"
    assert (plugin.provider.provider, plugin.provider.label.en_us) == ("acme", "Acme")
    assert [(m.model, m.model_type, m.label.en_us) for m in plugin.models] == [("a", "llm", "a")]
    assert plugin.provider.models == plugin.models
    assert plugin.warnings == []


def test_a_date_without_quotes_is_a_date_and_stays_one(write: Write) -> None:
    """A third of the plugins in use write `created_at` as a YAML timestamp, the others as text."""
    plain = read_plugin(write("plain"))
    quoted = read_plugin(
        write(
            "quoted",
            {
                "manifest.yaml": MANIFEST.format(name="quoted").replace(
                    "2024-07-12T08:03:44.658609186Z", "'2024-07-12T08:03:44.658609186Z'"
                )
            },
        )
    )

    assert plain.manifest.created_at is not None
    assert plain.manifest.created_at == quoted.manifest.created_at
    assert plain.manifest.created_at.astimezone(UTC).year == 2024


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b""])
@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_a_byte_order_mark_and_windows_line_ends_change_nothing(
    write: Write, mark: bytes, ending: bytes
) -> None:
    """Both occur in published plugins."""
    text = MODEL.format(model="模型").encode().replace(b"\n", ending)

    plugin = read_plugin(write("acme", {"models/llm/a.yaml": mark + text}))

    assert [model.model for model in plugin.models] == ["模型"]
    assert plugin.warnings == []


def test_only_files_that_a_pattern_matches_are_models(write: Write) -> None:
    """Plugins keep other YAML below `models/` for their own code; `*` does not reach into folders."""
    plugin = write(
        "acme",
        {
            "models/llm/a.yaml": MODEL.format(model="a"),
            "models/llm/deeper/b.yaml": MODEL.format(model="b"),
            "models/rerank/c.yaml": MODEL.format(model="c"),
        },
    )

    assert names(plugin) == ["a"]


def test_the_type_of_a_model_is_its_own_else_that_of_its_section(write: Write) -> None:
    """Some plugins keep embeddings in the folder of the language models."""
    plugin = write(
        "acme",
        {
            "models/llm/a.yaml": "model: a",
            "models/llm/b.yaml": "{model: b, model_type: text-embedding}",
        },
    )

    assert [(m.model, m.model_type) for m in read_plugin(plugin).models] == [
        ("a", "llm"),
        ("b", "text-embedding"),
    ]


def test_of_two_declarations_of_one_model_the_last_by_path_counts(write: Write) -> None:
    """Otherwise the file system would decide which price is billed."""
    plugin = read_plugin(
        write(
            "acme",
            {
                "models/llm/a.yaml": "{model: m, label: {en_US: first}}",
                "models/llm/b.yaml": "{model: m, label: {en_US: second}}",
                "models/llm/c.yaml": "{model: m, model_type: rerank}",
            },
        )
    )

    assert [(m.label.en_us, m.model_type) for m in plugin.models] == [("second", "llm"), ("m", "rerank")]
    assert [(w.kind, w.file) for w in plugin.warnings] == [(WarningKind.REPEATED_MODEL, "models/llm/b.yaml")]


def test_a_broken_model_file_costs_only_its_models(write: Write) -> None:
    """One slip of the pen must not take a provider's other models away."""
    plugin = read_plugin(
        write(
            "acme",
            {
                "models/llm/a.yaml": "model: a\nlabel: b: c\n",
                "models/llm/b.yaml": "model: b",
                "models/llm/c.yaml": "",
            },
        )
    )

    assert [model.model for model in plugin.models] == ["b"]
    broken, empty = plugin.warnings
    assert (broken.kind, broken.file, broken.line) == (WarningKind.DROPPED_FILE, "models/llm/a.yaml", 2)
    assert "quote the text" in broken.message
    assert (empty.kind, empty.file) == (WarningKind.SKIPPED_MODEL, "models/llm/c.yaml")


def test_a_name_that_looks_like_a_number_stays_as_written(write: Write) -> None:
    """YAML reads 1.10 as 1.1, which is another model; a date would become no text at all."""
    plugin = write(
        "acme", {"models/llm/a.yaml": "model: 1.10", "models/llm/b.yaml": "models: [{model: 2024-10-21}]"}
    )

    assert names(plugin) == ["1.10", "2024-10-21"]


def test_the_checksum_follows_the_contents(write: Write) -> None:
    """Equal contents are the same plugin, wherever and whenever they were written."""
    before = read_plugin(write("acme", {"models/llm/a.yaml": "model: a"})).checksum

    again = read_plugin(write("acme", {"models/llm/a.yaml": "model: a"})).checksum
    changed = read_plugin(write("acme", {"models/llm/a.yaml": "model: b"})).checksum

    assert before == again != changed


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        ("manifest.yaml", "name: [acme\n", ["manifest.yaml", "line 2, column 1", "close the bracket"]),
        ("manifest.yaml", "", ["manifest.yaml", "is empty"]),
        ("manifest.yaml", "- a", ["manifest.yaml", "not a mapping"]),
        ("manifest.yaml", "version: 1\n", ["manifest.yaml", "line 1, column 1", "name"]),
        ("manifest.yaml", "version: 1\nname: acme\n", ["manifest.yaml", "plugins.models", "add"]),
        ("manifest.yaml", MANIFEST.format(name="other"), ["provider/other.yaml", "does not exist", "add it"]),
        ("manifest.yaml", b"name: caf\xe9\n", ["manifest.yaml", "line 1, column 10", "UTF-8"]),
        (
            "provider/acme.yaml",
            "provider: acme\n\tlabel: x\n",
            ["acme.yaml", "line 2, column 1", "spaces, not tabs"],
        ),
        ("provider/acme.yaml", "label: x\n", ["acme.yaml", "provider"]),
        (
            "provider/acme.yaml",
            PROVIDER.format(name="acme") + "wire: {}\n",
            ["acme.yaml", "line 8", "wire.family"],
        ),
    ],
)
def test_a_folder_that_is_no_usable_plugin_says_where_and_what_to_do(
    write: Write, path: str, content: str | bytes, words: list[str]
) -> None:
    """Without manifest, provider or a wire that can be understood there is nothing to offer."""
    plugin = write("acme", {path: content})

    with pytest.raises(DeclarationError) as caught:
        read_plugin(plugin)

    assert [word for word in words if word not in str(caught.value)] == []


def test_a_folder_without_a_manifest_is_no_plugin(folder: Path) -> None:
    """The message names the file that is missing."""
    with pytest.raises(DeclarationError, match=r"no manifest\.yaml"):
        read_plugin(folder)
    with pytest.raises(DeclarationError, match="cannot be read"):
        read_plugin(folder / "absent")


def test_a_provider_file_outside_the_plugin_is_not_read(write: Write) -> None:
    """An installed plugin must not name files of its host."""
    write("other")
    manifest = MANIFEST.format(name="acme").replace("provider/acme.yaml", "../other/provider/other.yaml")

    with pytest.raises(DeclarationError, match="does not exist in the plugin"):
        read_plugin(write("acme", {"manifest.yaml": manifest}))


def test_a_provider_may_speak_a_known_wire(write: Write) -> None:
    """The short form of the addition: a provider without Python."""
    provider = PROVIDER.format(name="acme") + "wire: {family: openai, address: https://api.acme.example}\n"

    wire = read_plugin(write("acme", {"provider/acme.yaml": provider})).provider.wire

    assert wire is not None
    assert (wire.family, wire.address.default) == ("openai", "https://api.acme.example")


def test_the_python_files_of_a_provider_are_kept(write: Write) -> None:
    """The host needs them to load a plugin's code."""
    provider = PROVIDER.format(name="acme") + (
        "extra: {python: {provider_source: provider/acme.py, model_sources: [models/llm/llm.py]}}\n"
    )

    python = read_plugin(write("acme", {"provider/acme.yaml": provider})).provider.python

    assert (python.provider_source, python.model_sources) == ("provider/acme.py", ["models/llm/llm.py"])
