"""Listing all models of 60 plugins: at first, when all is read, and later from the compiled index."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.figure import Figure, Rounds, scaled
from modelbay.catalog import Catalog

CORPUS = Path(__file__).parents[2] / "shared/corpus/dify-official-plugins"
PLUGINS = 60
GOAL_MS = 30.0
_NAME = re.compile(r"^provider: *(\S+)", re.MULTILINE)


def catalog(rounds: Rounds) -> list[Figure]:
    """Measure with the published plugins beside the checkout; skipped where there are none."""
    if not CORPUS.is_dir():
        return [
            Figure(f"listing the models of {PLUGINS} plugins", "ms CPU", (), GOAL_MS, "no corpus: skipped")
        ]
    with tempfile.TemporaryDirectory() as folder, _own_cache():
        _plugins(Path(folder))
        first, models, plugins = _list(Path(folder))
        time.sleep(2.1)  # until the index trusts the times of the copied files
        _list(Path(folder))
        later = [_list(Path(folder))[0] for _ in rounds]
    note = f"{models} models of {plugins} plugins"
    return [
        Figure("listing models: the first time", "ms CPU", (first * 1e3,), note=note),
        Figure("listing models: after that", "ms CPU", scaled(later, 1e3), GOAL_MS, note),
    ]


def _list(folder: Path) -> tuple[float, int, int]:
    """Return the CPU seconds of a new catalog's first list, and how much is in it."""
    began = time.process_time()
    fresh = Catalog([folder], builtin=False)
    models = fresh.models()
    return time.process_time() - began, len(models), len(fresh.providers())


def _plugins(folder: Path) -> None:
    """Fill a folder with 60 plugins: the published ones, some of them twice under another name."""
    found = sorted(path.parent for path in CORPUS.glob("*/manifest.yaml"))
    for place in range(PLUGINS):
        source = found[place % len(found)]
        copy = folder / f"{source.name}_{place}"
        shutil.copytree(source, copy)
        for declaration in copy.glob("provider/*.yaml"):
            text = declaration.read_text("utf-8")
            declaration.write_text(_NAME.sub(rf"provider: \1_{place}", text, count=1), "utf-8")


@contextmanager
def _own_cache() -> Iterator[None]:
    with tempfile.TemporaryDirectory() as directory:
        before = os.environ.get("MODELBAY_CACHE_DIR")
        os.environ["MODELBAY_CACHE_DIR"] = directory
        try:
            yield
        finally:
            del os.environ["MODELBAY_CACHE_DIR"]
            if before is not None:
                os.environ["MODELBAY_CACHE_DIR"] = before
