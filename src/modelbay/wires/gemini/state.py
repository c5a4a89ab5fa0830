"""Provider state of this family: what `opaque_body` holds under its name."""

from __future__ import annotations

from typing import Any

from modelbay.entities import Entity
from modelbay.wires.carried import beside, state_under

KEY = "gemini"
Part = dict[str, Any]


_KINDS = frozenset(
    {
        "text",
        "inlineData",
        "fileData",
        "functionCall",
        "functionResponse",
        "executableCode",
        "codeExecutionResult",
    }
)


def state_of(entity: Entity) -> dict[str, Any]:
    """Return this family's state on a message, a part or a tool; empty if it has none."""
    return state_under(KEY, getattr(entity, "opaque_body", None))


def with_state(said: Part, entity: Entity) -> Part:
    """Return a part with the state the caller put on it; what the part says only the entity tells."""
    state = state_of(entity)
    return (
        beside(said, {name: value for name, value in state.items() if name not in _KINDS}) if state else said
    )
