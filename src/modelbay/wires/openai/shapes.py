"""Parts of an upstream's JSON that should be objects or lists, and are not always."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def object_of(value: Any) -> Mapping[str, Any]:
    """Return the value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def list_of(value: Any) -> list[Any]:
    """Return the value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def objects_of(value: Any) -> list[dict[str, Any]]:
    """Return the objects in the value if it is a list."""
    return [item for item in list_of(value) if isinstance(item, dict)]


def key_of(value: Any) -> int | str | None:
    """Return the value if things can be numbered or named by it, else None."""
    return value if isinstance(value, int | str) else None


def text_of(value: Any) -> str:
    """Return the value if it is text, else ""."""
    return value if isinstance(value, str) else ""
