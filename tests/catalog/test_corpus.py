"""Every model of every published plugin at hand is read."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import yaml

from modelbay.catalog import Catalog, read_plugin

CORPUS = Path(__file__).parents[3] / "shared/corpus/dify-official-plugins"

pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus of published plugins is not beside the checkout"
)


def load(path: Path) -> dict[str, object]:
    loaded = yaml.load(path.read_text("utf-8-sig"), yaml.CSafeLoader)
    assert isinstance(loaded, dict)
    return loaded


def declared(plugin: Path) -> set[tuple[object, object]]:
    """Count the plain way: every file that the provider's patterns reach, without our reader."""
    (provider,) = load(plugin / "manifest.yaml")["plugins"]["models"]  # type: ignore[index]
    sections = load(plugin / str(provider)).get("models") or {}
    patterns = [pattern for section in sections.values() for pattern in section["predefined"]]  # type: ignore[attr-defined]
    files = {path for pattern in patterns for path in plugin.glob(pattern)}
    models = [load(path) for path in files if not path.name.endswith("_position.yaml")]
    return {(model["model_type"], model["model"]) for model in models}


def plugins() -> list[Path]:
    return sorted(path.parent for path in CORPUS.glob("*/manifest.yaml")) if CORPUS.is_dir() else []


@pytest.mark.parametrize("plugin", plugins(), ids=lambda path: path.name)
def test_every_declared_model_is_read(plugin: Path) -> None:
    """No model of a published plugin may be missing, whatever is odd about it."""
    models = [(model.model_type.value, model.model) for model in read_plugin(plugin).models]

    assert Counter(models) == Counter(declared(plugin))


def test_the_counts_of_the_corpus_are_pinned() -> None:
    """A change of the reader that loses a model, or silences a warning, shows here."""
    report = Catalog([CORPUS], builtin=False).report()

    assert report.plugins == 43
    assert report.broken == {}
    assert report.models == {
        "llm": 564,
        "text-embedding": 66,
        "rerank": 24,
        "speech2text": 17,
        "tts": 14,
        "moderation": 3,
    }
    assert report.warnings == {
        "unknown-key": 26,
        "odd-price": 26,
        "position": 6,
        "files": 5,
        "odd-text": 5,
        "repeated-model": 2,
    }
