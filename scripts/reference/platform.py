"""The page about `modelbay.platform`: every public name, by subject."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from enum import Enum
from typing import Any

from pydantic import BaseModel
from scripts.reference.docstrings import to_markdown
from scripts.reference.entities import show_entity, show_enum
from scripts.reference.markdown import page
from scripts.reference.public import documentation_of, public_names
from scripts.reference.python import show_class, show_function

from modelbay import platform

_PACKAGE = "modelbay.platform"


def platform_page() -> str:
    """Return the page; the build ends where a name is in no subject, or says nothing."""
    found = public_names(_PACKAGE)
    missing = found.keys() ^ {name for names in platform.SUBJECTS.values() for name in names}
    silent = {name for name, value in found.items() if not documentation_of(_PACKAGE, name, value)}
    if missing or silent:
        raise SystemExit(f"{_PACKAGE}: not in __all__ and SUBJECTS, or silent: {sorted(missing | silent)}")
    return page(
        "Platform",
        "`from modelbay.platform import …`. [A guide](../platform-from-python.md) comes first.",
        to_markdown(inspect.getdoc(platform) or ""),
        *_parts(found),
    )


def _parts(found: dict[str, Any]) -> Iterator[str]:
    for subject, names in platform.SUBJECTS.items():
        yield f"# {subject}"
        yield from (_shown(name, found[name]) for name in names)


def _shown(name: str, value: Any) -> str:
    if inspect.isfunction(value):
        return show_function(value, name=name)
    if issubclass(value, Enum):
        return show_enum(value)
    return show_entity(value) if issubclass(value, BaseModel) else show_class(value)
