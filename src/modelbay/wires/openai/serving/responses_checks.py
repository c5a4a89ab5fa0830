"""Checks of the items that a client sends, before anything relies on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.wires.asked import wrong

_KINDS: dict[str, type] = {"a string": str, "a list": list, "an object": dict}


def checked(value: Any, kind: str, place: str) -> Any:
    """Return a value of its kind (a string, a list, an object); else InvokeBadRequestError."""
    if not isinstance(value, _KINDS[kind]):
        raise wrong(place, f"must be {kind}")
    return value


def text_in(holder: Mapping[str, Any], name: str, place: str) -> str:
    """Return a string that the object at `place` must have; it may be empty."""
    return str(checked(holder.get(name), "a string", f"{place}.{name}"))


def text_if_any(holder: Mapping[str, Any], name: str, place: str) -> str:
    """Return a string that the object at `place` may have; "" if it has none."""
    return text_in(holder, name, place) if holder.get(name) is not None else ""


def rest_of(holder: Mapping[str, Any], *known: str) -> dict[str, Any]:
    """Return the fields of an object beyond the known ones that are not null."""
    return {name: value for name, value in holder.items() if name not in known and value is not None}
