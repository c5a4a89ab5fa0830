"""State of other families, carried by clients that know nothing of it.

A client of this API gives back the blocks of an answer as they came. A thinking block has a signature, a
redacted one has data: both are opaque to clients, so the state lies there, packed (`wires.carried`). The
reader takes such blocks out again; no upstream ever sees them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.wires.carried import is_packed, pack, unpack

_PLACES = {"thinking": "signature", "redacted_thinking": "data"}


UNSIGNED = pack(None)
"""The signature of thinking that carries nothing."""


def carrier(state: Any, thinking: str = "") -> dict[str, Any]:
    """Return a block that carries state; a redacted one if there is no thinking to show."""
    if thinking:
        return {"type": "thinking", "thinking": thinking, "signature": pack(state)}
    return {"type": "redacted_thinking", "data": pack(state)}


def is_carrier(block: Mapping[str, Any]) -> bool:
    """Whether a block is of our making."""
    return is_packed(block.get(_PLACES.get(str(block.get("type")), "")))


def state_in(block: Mapping[str, Any], place: str) -> Any:
    """Return the state in a block of our making; InvokeBadRequestError if it was changed on its way."""
    field = _PLACES[block["type"]]
    return unpack(block[field], f"{place}.{field}")
