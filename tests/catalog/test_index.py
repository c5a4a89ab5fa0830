"""The compiled index saves time and is never believed over the files."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from modelbay.catalog import Catalog
from modelbay.catalog.cache import Cache

from .conftest import Write

LIST = """
import sys
from modelbay.catalog import Catalog
models = [model.model for model in Catalog([sys.argv[1]], builtin=False).models()]
print(*models, *sorted({"yaml", "pydantic"} & sys.modules.keys()))
"""
CALL = LIST.replace("models = ", "Catalog([sys.argv[1]], builtin=False).provider('acme')\nmodels = ")


def start(script: str, folder: Path) -> subprocess.Popen[str]:
    path = os.pathsep.join(entry for entry in sys.path if entry)
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.Popen(
        [sys.executable, "-c", script, str(folder)], env=environment, stdout=subprocess.PIPE, text=True
    )


def run(script: str, folder: Path) -> list[str]:
    """Return what a new process prints: the models, then which costly modules it loaded."""
    with start(script, folder) as process:
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return output.split()


def models(folder: Path) -> list[str]:
    return [model.model for model in Catalog([folder], builtin=False).models()]


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the files count as old, so that their times are trusted."""
    later = time.time_ns() + 3600 * 10**9
    monkeypatch.setattr(time, "time_ns", lambda: later)


def test_importing_the_catalog_loads_neither_yaml_nor_entities(folder: Path) -> None:
    """Start-up time: most programs that import it never parse a declaration."""
    costly = {"yaml", "pydantic", "tiktoken", "rich", "typer"}
    script = f"import sys, modelbay.catalog\nprint(*sorted({costly} & sys.modules.keys()))"

    assert run(script, folder) == []


def test_a_second_process_lists_models_without_parsing(write: Write, folder: Path) -> None:
    """Reading sixty plugins takes seconds, their index milliseconds."""
    write("acme", {"models/llm/a.yaml": "model: a"})

    assert run(LIST, folder) == ["a", "pydantic", "yaml"]
    assert run(LIST, folder) == ["a"]


def test_a_second_process_calls_a_model_without_yaml(write: Write, folder: Path) -> None:
    """The full declarations are compiled too; only their entities have to be built."""
    write("acme", {"models/llm/a.yaml": "model: a"})
    run(LIST, folder)

    assert run(CALL, folder) == ["a", "pydantic"]


def test_a_compiled_plugin_is_equal_to_one_that_was_read(write: Write, folder: Path, cache: Path) -> None:
    """Warnings, unknown fields and exact prices included."""
    write(
        "acme",
        {
            "models/llm/a.yaml": """
            {model: a, colour: red, features: [warp], pricing: {input: 0.10, unit: 0.001, currency: EUR}}
            """
        },
    )
    catalog = Catalog([folder], builtin=False)
    catalog.models()

    compiled = Catalog([folder], builtin=False).provider("acme")
    for file in cache.rglob("plugin-*.json"):
        file.unlink()
    read = Catalog([folder], builtin=False).provider("acme")

    assert compiled == read
    assert compiled.models[0].unknown_fields == {"colour": "red"}
    assert len(compiled.warnings) == 2


def test_an_edit_that_leaves_size_and_time_as_they_were_is_noticed(
    write: Write, folder: Path, settled: None
) -> None:
    """Some tools restore times; the time of the last change of the inode cannot be restored."""
    file = write("acme", {"models/llm/a.yaml": "model: a"}) / "models/llm/a.yaml"
    assert models(folder) == ["a"]
    before = file.stat()

    while file.stat().st_ctime_ns == before.st_ctime_ns:  # a file system's clock has steps
        file.write_bytes(b"model: b")
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert (file.stat().st_size, file.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert models(folder) == ["b"]


def test_an_edit_in_the_same_instant_is_noticed(write: Write, folder: Path) -> None:
    """Right after a change the times prove nothing, so contents are compared."""
    for name in "abcdef":
        write("acme", {"models/llm/a.yaml": f"model: {name}"})
        assert models(folder) == [name]


@pytest.mark.parametrize("change", ["add", "remove", "rename", "add plugin", "remove plugin"])
def test_files_that_come_and_go_are_noticed(write: Write, folder: Path, settled: None, change: str) -> None:
    """Installing and removing plugins needs no other signal."""
    plugin = write("acme", {"models/llm/a.yaml": "model: a", "models/llm/b.yaml": "model: b"})
    assert models(folder) == ["a", "b"]

    if change == "add":
        write("acme", {"models/llm/c.yaml": "model: c"})
    elif change == "remove":
        (plugin / "models/llm/b.yaml").unlink()
    elif change == "rename":
        (plugin / "models/llm/b.yaml").rename(plugin / "models/llm/0.yaml")
    elif change == "add plugin":
        write("beta", {"models/llm/d.yaml": "model: d"})
    else:
        (plugin / "manifest.yaml").unlink()

    expected = {"add": "abc", "remove": "a", "rename": "ba", "add plugin": "abd", "remove plugin": ""}[change]
    assert "".join(models(folder)) == expected


def test_a_touch_costs_no_parsing(write: Write, folder: Path) -> None:
    """A fresh checkout has new times and the same contents."""
    file = write("acme", {"models/llm/a.yaml": "model: a"}) / "models/llm/a.yaml"
    run(LIST, folder)

    os.utime(file, (1, 1))
    (file.parent / "new").write_bytes(file.read_bytes())
    (file.parent / "new").replace(file)

    assert run(LIST, folder) == ["a"]


def test_a_mended_plugin_is_read_again(write: Write, folder: Path, settled: None) -> None:
    """What could not be read is remembered as well, until it changes."""
    write("acme", {"models/llm/a.yaml": "model: a", "manifest.yaml": "name: ["})
    assert models(folder) == []

    write("acme")

    assert models(folder) == ["a"]


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "json", "other code"])
def test_a_damaged_or_foreign_cache_file_is_made_again(
    write: Write, folder: Path, cache: Path, damage: str
) -> None:
    """A crash, a full disk or another release must not change what a list shows."""
    write("acme", {"models/llm/a.yaml": "model: a"})
    first = Catalog([folder], builtin=False).provider("acme")
    files = sorted((cache / "catalog").glob("*.json"))
    assert [file.name.split("-")[0] for file in files] == ["index", "plugin"]

    for file in files:
        content = file.read_bytes()
        flipped = bytes([content[40] ^ 1])
        damaged = {
            "empty": b"",
            "cut": content[:-20],
            "flipped": content[:40] + flipped + content[41:],
            "json": b"[]",
        }
        if damage == "other code":
            Cache(cache / "catalog", "another release").write(file.name, {"folder": "elsewhere"})
        else:
            file.write_bytes(damaged[damage])

    again = Catalog([folder], builtin=False).provider("acme")
    assert again == first
    assert run(LIST, folder) == ["a"]


def test_processes_that_start_together_share_one_cache(write: Write, folder: Path, cache: Path) -> None:
    """Workers of a server begin at the same moment, with an empty cache."""
    for name in ("acme", "beta"):
        write(name, {"models/llm/a.yaml": f"model: {name}-model"})

    processes = [start(LIST, folder) for _ in range(4)]
    outputs = [process.communicate(timeout=60)[0].split()[:2] for process in processes]

    assert [process.returncode for process in processes] == [0] * 4
    assert outputs == [["acme-model", "beta-model"]] * 4
    assert run(LIST, folder) == ["acme-model", "beta-model"]
    assert not [file for file in (cache / "catalog").iterdir() if file.suffix != ".json"]


def test_the_files_of_a_removed_plugin_leave_the_cache(write: Write, folder: Path, cache: Path) -> None:
    """Otherwise the cache would only grow."""
    plugin = write("acme", {"models/llm/a.yaml": "model: a"})
    models(folder)

    (plugin / "manifest.yaml").unlink()
    models(folder)

    assert list((cache / "catalog").glob("plugin-*")) == []
