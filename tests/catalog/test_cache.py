"""Where the compiled files are kept, and which are believed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from modelbay.catalog import Catalog
from modelbay.catalog.cache import Cache, cache_directory

from .conftest import Write


def test_the_cache_is_where_the_user_says_else_in_the_users_cache(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A relative `XDG_CACHE_HOME` is invalid by its specification, and ignored."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_directory() == tmp_path / "cache"

    monkeypatch.delenv("MODELBAY_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_directory() == tmp_path / "xdg/modelbay"

    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_directory() == tmp_path / ".cache/modelbay"


def test_a_cache_that_cannot_be_written_only_costs_time(
    write: Write, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read-only container works like any other, without a word."""
    write("acme", {"models/llm/a.yaml": "model: a"})
    monkeypatch.setenv("MODELBAY_CACHE_DIR", "/dev/null/cache")

    catalog = Catalog([folder], builtin=False)

    assert [model.model for model in catalog.models()] == ["a"]
    assert catalog.provider("acme").models[0].model == "a"


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs owners and modes of files")
@pytest.mark.parametrize("whose", ["everybody", "another"])
@pytest.mark.parametrize("part", ["", "catalog"])
def test_a_cache_that_others_could_write_is_not_believed(
    cache: Path, monkeypatch: pytest.MonkeyPatch, whose: str, part: str
) -> None:
    """Whoever can write the index could send keys to a wire of their own."""
    Cache.open().write("index", ["kept"])
    assert Cache.open().read("index") == ["kept"]

    if whose == "everybody":
        (cache / part).chmod(0o777)
    else:
        owner = os.geteuid() + 1
        monkeypatch.setattr(os, "geteuid", lambda: owner)

    assert Cache.open().read("index") is None
    Cache.open().write("index", ["changed"])
    monkeypatch.undo()
    assert b"kept" in (cache / "catalog/index").read_bytes()


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs owners and modes of files")
def test_a_planted_file_is_not_believed(cache: Path) -> None:
    """The directory may have been open to others before."""
    Cache.open().write("index", ["kept"])

    (cache / "catalog/index").chmod(0o666)

    assert Cache.open().read("index") is None


def test_the_cache_is_private_to_its_user(cache: Path) -> None:
    """Declarations of private models are nobody else's business."""
    Cache.open().write("index", [])

    assert [path.stat().st_mode & 0o077 for path in (cache, cache / "catalog", cache / "catalog/index")] == [
        0,
        0,
        0,
    ]
