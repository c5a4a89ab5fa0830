"""Provider state of this family: what `opaque_body` holds under its name."""

from __future__ import annotations

from typing import Any

from modelbay.entities import Entity

KEY = "anthropic"


def state_of(entity: Entity) -> dict[str, Any]:
    """Return this family's state on a message, a part or a tool; empty if it has none."""
    body = getattr(entity, "opaque_body", None)
    state = body.get(KEY) if isinstance(body, dict) else None
    return state if isinstance(state, dict) else {}


def cache_control_of(entity: Entity) -> Any:
    """Return the cache breakpoint that the caller set on a message, or None."""
    return state_of(entity).get("cache_control")
