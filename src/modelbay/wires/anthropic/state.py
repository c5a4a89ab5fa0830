"""Provider state of this family: what `opaque_body` holds under its name."""

from __future__ import annotations

from typing import Any

from modelbay.entities import Entity
from modelbay.wires.carried import state_under

KEY = "anthropic"


def state_of(entity: Entity) -> dict[str, Any]:
    """Return this family's state on a message, a part or a tool; empty if it has none."""
    return state_under(KEY, getattr(entity, "opaque_body", None))


def cache_control_of(entity: Entity) -> Any:
    """Return the cache breakpoint that the caller set on a message, or None."""
    mark = state_of(entity).get("cache_control")
    return mark if isinstance(mark, dict) else None
