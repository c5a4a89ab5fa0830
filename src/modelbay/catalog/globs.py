"""The patterns by which a provider names its model files."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase


def matching(pattern: str, paths: Iterable[str]) -> list[str]:
    """Return the paths that a pattern matches: relative to the plugin, and `*` never crosses a slash."""
    steps = pattern.removeprefix("./").split("/")
    return [path for path in paths if _matches(steps, path.split("/"))]


def _matches(pattern: list[str], path: list[str]) -> bool:
    return len(pattern) == len(path) and all(map(fnmatchcase, path, pattern))
