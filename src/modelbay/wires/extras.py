"""Fields that a client says in the words of its upstream: what they must not be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.wires.asked import wrong

__all__ = ["REDIRECTING", "checked_extras"]

REDIRECTING = frozenset({"model", "models", "fallbacks", "preset"})
"""Fields by which servers that stand before several models are told of another model than the call's.

Whoever may use one model behind such a server could have any other by them, at the price of the one.
Source: https://openrouter.ai/docs/features/model-routing (read 2026-11-21).
"""


def checked_extras(extras: Mapping[str, Any], *said: str) -> Mapping[str, Any]:
    """Return the extras of a call.

    Args:
        said: The fields of the body that the call itself says.

    Raises:
        InvokeBadRequestError: One would replace what the call says, or lead to another model.
    """
    for name in extras:
        field = name.partition(".")[0]
        if field in REDIRECTING:
            raise wrong(name, "a call is of the one model that it names; leave the field out, or use a route")
        if field in said:
            raise wrong(name, "is told by the call itself; leave the field out")
    return extras
