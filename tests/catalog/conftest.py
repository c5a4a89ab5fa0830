"""Plugins written for one test, and a cache of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

Write = Callable[..., Path]

MANIFEST = """
version: 1.2.3
type: plugin
author: acme
name: {name}
label: {{en_US: Acme}}
description: {{en_US: Models of Acme.}}
icon: icon.svg
created_at: 2024-07-12T08:03:44.658609186Z
plugins: {{models: [provider/{name}.yaml]}}
"""

PROVIDER = """
provider: {name}
label: {{en_US: Acme}}
supported_model_types: [llm]
configurate_methods: [predefined-model]
models:
  llm: {{predefined: ["models/llm/*.yaml"]}}
"""

MODEL = """
model: {model}
model_type: llm
model_properties: {{mode: chat, context_size: 8192}}
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache directory that no other test sees."""
    directory = tmp_path / "cache"
    monkeypatch.setenv("MODELBAY_CACHE_DIR", str(directory))
    return directory


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where plugins are put."""
    path = tmp_path / "plugins"
    path.mkdir()
    return path


@pytest.fixture
def write(folder: Path) -> Write:
    """Write a plugin: `write("acme", {"models/llm/a.yaml": "…"})`; what is not given has a plain default."""

    def write_plugin(name: str = "acme", files: dict[str, str | bytes] | None = None) -> Path:
        plain = {
            "manifest.yaml": MANIFEST.format(name=name),
            f"provider/{name}.yaml": PROVIDER.format(name=name),
        }
        for path, content in {**plain, **(files or {})}.items():
            target = folder / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content if isinstance(content, bytes) else dedent(content).encode())
        return folder / name

    return write_plugin
