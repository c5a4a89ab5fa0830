"""CVE-2026-30623 and its kind: a declaration names files of its own plugin, and reading it runs nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.runtime.plugins import PROVIDER_YAML, write_plugin
from tests.security.conftest import touch

from modelbay.catalog import Catalog
from modelbay.entities import ModelType
from modelbay.errors import DeclarationError, ModelbayError
from modelbay.hosts import InProcessHost, ProviderCode
from modelbay.wires.transport import Transport

OUTSIDE = [
    "../evil.py",
    "models/../../evil.py",
    "models/llm/../../../evil.py",
    "{root}/evil.py",
    "..\\evil.py",
    "~/evil.py",
    "file:{root}/evil.py",
    "http://127.0.0.1:1/evil.py",
    "evil",
    "/dev/null",
    "models/llm/llm.py\x00.py",
    "os; import evil",
    "",
]


def code_with(folder: Path, source: str, place: str) -> ProviderCode:
    plugin = Catalog(folders=[write_plugin(folder)], builtin=False).provider("acme")
    sources = plugin.provider.python.model_copy(
        update={place: source if place == "provider_source" else [source]}
    )
    provider = plugin.provider.model_copy(update={"python": sources})
    return ProviderCode(plugin.folder, provider, tuple(plugin.models))


@pytest.mark.parametrize("place", ["provider_source", "model_sources"])
@pytest.mark.parametrize("source", OUTSIDE)
def test_python_outside_the_plugin_is_never_run(tmp_path: Path, source: str, place: str) -> None:
    """Neither by going up, nor by an absolute path, nor by a name that Python would find elsewhere."""
    mark = tmp_path / "ran"
    for name in ("evil.py", "plugins/evil.py", "plugins/acme.py"):
        target = tmp_path / name
        target.parent.mkdir(exist_ok=True)
        target.write_text(touch(mark))
    code = code_with(tmp_path / "plugins", source.format(root=tmp_path), place)

    with pytest.raises(DeclarationError):
        InProcessHost(Transport()).model(code, ModelType.LLM)
    assert not mark.exists()


@pytest.mark.parametrize(
    "pattern", ["../*.yaml", "../../secret.yaml", "{root}/secret.yaml", "models/../../*.yaml"]
)
def test_a_pattern_for_model_files_finds_nothing_outside(tmp_path: Path, pattern: str) -> None:
    """What is read is shown: a file of somebody else must not become a model's declaration."""
    (tmp_path / "secret.yaml").write_text("{model: secret, model_type: llm}")
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins/secret.yaml").write_text("{model: secret, model_type: llm}")
    text = PROVIDER_YAML.replace("models/llm/*.yaml", pattern.format(root=tmp_path))
    write_plugin(tmp_path / "plugins", {"provider/acme.yaml": text})
    catalog = Catalog(folders=[tmp_path / "plugins"], builtin=False)

    assert "secret" not in {model.model for model in catalog.models()}


@pytest.mark.parametrize("path", ["../other.yaml", "{root}/other.yaml", "provider/../../other.yaml"])
def test_the_provider_file_is_one_of_the_plugins_own(tmp_path: Path, path: str) -> None:
    """The manifest names it."""
    (tmp_path / "plugins").mkdir()
    for name in ("other.yaml", "plugins/other.yaml"):
        (tmp_path / name).write_text(PROVIDER_YAML.replace("provider: acme", "provider: other"))
    from tests.runtime.plugins import MANIFEST

    text = MANIFEST.replace("provider/acme.yaml", path.format(root=tmp_path))
    write_plugin(tmp_path / "plugins", {"manifest.yaml": text})
    assert "other" not in {
        row.provider for row in Catalog(folders=[tmp_path / "plugins"], builtin=False).providers()
    }


def test_reading_a_plugin_runs_none_of_its_code(tmp_path: Path) -> None:
    """Listing, checking and showing are safe with a plugin that nobody trusts yet."""
    mark = tmp_path / "ran"
    code = touch(mark)
    names = [
        "__init__.py",
        "models/__init__.py",
        "models/llm/llm.py",
        "provider/acme.py",
        "main.py",
        "conftest.py",
    ]
    write_plugin(tmp_path / "plugins", dict.fromkeys(names, code))
    before = set(sys.modules)
    catalog = Catalog(folders=[tmp_path / "plugins"], builtin=False)

    assert catalog.providers()
    assert catalog.models()
    assert catalog.provider("acme").models
    assert catalog.report()
    assert not mark.exists()
    assert not [name for name in set(sys.modules) - before if "acme" in name]


@pytest.mark.parametrize("name", ["../openai", "os", "openai.chat", "__init__", "modelbay", "", "openai\x00"])
def test_a_wire_is_one_of_ours(tmp_path: Path, name: str) -> None:
    """Its name becomes the name of a module."""
    code = code_with(tmp_path / "plugins", "", "provider_source")
    wire = {"family": name, "address": "http://x.example"}
    provider = code.provider.model_validate(
        {**code.provider.model_dump(), "wire": wire, "python": {"model_sources": []}}
    )
    model = InProcessHost(Transport()).model(ProviderCode(code.folder, provider, code.models), ModelType.LLM)
    with pytest.raises(ModelbayError, match="wire"):
        _ = model.family  # type: ignore[attr-defined]
