"""Reading JSON bodies, with their limits checked before anything is built of them."""

from __future__ import annotations

from typing import Any

import orjson

from modelbay.errors import InvokeBadRequestError
from modelbay.gateway.settings import Limits
from modelbay.wires.json_text import is_deeper
from modelbay.wires.relaying import Fields, length_of

_LISTS = ("messages", "input", "inputs", "texts", "documents", "tools", "prompt")


def decode(raw: bytes, limits: Limits) -> dict[str, Any]:
    """Return the object that a body holds.

    Raises:
        InvokeBadRequestError: It is none, is nested too deep, or has a list that is too long.
    """
    check_depth(raw, limits.depth)
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        why = str(error).partition(": line")[0]
        raise InvokeBadRequestError(f"the body is not valid JSON: {why}") from None
    if not isinstance(body, dict):
        raise InvokeBadRequestError("the body has to be a JSON object")
    for name in _LISTS:
        value = body.get(name)
        if isinstance(value, list) and len(value) > limits.items:
            raise _too_many(name, len(value), limits.items)
    return body


def check_depth(raw: bytes, limit: int) -> None:
    """Raise InvokeBadRequestError if a body is nested deeper than `limit`."""
    if is_deeper(raw, limit):
        raise InvokeBadRequestError(f"the body is nested deeper than {limit} levels")


def check_items(fields: Fields, bones: bytes, limit: int) -> None:
    """Raise InvokeBadRequestError if a list among the fields is longer than `limit`.

    Args:
        bones: What the body is without its texts: most are too short to hold so many items, and are not read.
    """
    if len(bones) <= 2 * limit:
        return
    for name in _LISTS:
        items = length_of(fields.get(name))
        if items > limit:
            raise _too_many(name, items, limit)


def _too_many(name: str, items: int, limit: int) -> InvokeBadRequestError:
    return InvokeBadRequestError(f"{name}: {items} items; send {limit} at most")
