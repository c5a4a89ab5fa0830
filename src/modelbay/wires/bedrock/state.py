"""Provider state of this family: what `opaque_body` holds under its name."""

from __future__ import annotations

from typing import Any

from modelbay.entities import Entity
from modelbay.wires.carried import state_under

KEY = "bedrock"
Block = dict[str, Any]


def state_of(entity: Entity) -> dict[str, Any]:
    """Return this family's state on a message, a part or a tool; empty if it has none."""
    return state_under(KEY, getattr(entity, "opaque_body", None))


def cache_point_after(entity: Entity) -> list[Block]:
    """Return the cache point that the caller set behind a message, a part or a tool."""
    point = state_of(entity).get("cachePoint")
    return [{"cachePoint": point}] if isinstance(point, dict) else []
