"""Pages of lists: a cursor says behind which item the next one begins, so that inserts move nothing."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from modelbay.gateway.api.problems import ProblemError

if TYPE_CHECKING:
    from modelbay.gateway.api.request import Request

R = TypeVar("R")
Place = tuple[Any, ...]


def begin(request: Request[Any, Any], *types: type) -> Place | None:
    """Return the place behind which a page begins; None at the list's beginning.

    Raises:
        ProblemError: The cursor is none, or another list's.
    """
    cursor = request.query.cursor
    if cursor is None:
        return None
    found = _decoded(cursor)
    if not found or found[0] != request.operation.id or len(found) != len(types) + 1:
        raise _no_cursor()
    for value, kind in zip(found[1:], types, strict=True):
        if type(value) is not kind:
            raise _no_cursor()
    return tuple(found[1:])


def cut(
    request: Request[Any, Any], rows: Sequence[R], place: Callable[[R], Place]
) -> tuple[Sequence[R], str | None]:
    """Return the page's rows and the cursor of the next one.

    Args:
        rows: One more than the page may have, if there are so many: `request.query.limit + 1`.
        place: What `begin` returns for the page behind a row.
    """
    limit = request.query.limit
    if len(rows) <= limit:
        return rows, None
    kept = rows[:limit]
    return kept, _encoded([request.operation.id, *place(kept[-1])])


def cut_list(
    request: Request[Any, Any], rows: Sequence[R], name: Callable[[R], str]
) -> tuple[Sequence[R], str | None]:
    """Return a page of a list that is in memory, whose order is its own.

    It begins behind the row of a name; if that has gone, where it was.
    """
    found = begin(request, int, str)
    at = 0
    if found is not None:
        position, last = found
        there = (place for place, row in enumerate(rows) if _short(name(row)) == last)
        at = next(there, min(max(position, 0), len(rows)) - 1) + 1
    limit = request.query.limit
    kept = rows[at : at + limit]
    if at + limit >= len(rows):
        return kept, None
    return kept, _encoded([request.operation.id, at + limit - 1, _short(name(kept[-1]))])


def _short(name: str) -> str:
    """Return a name as a cursor can hold it, however long models' names are."""
    return name if len(name) <= 100 else sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def _encoded(values: list[Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


def _decoded(cursor: str) -> list[Any]:
    try:
        found = orjson.loads(base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
    except (UnicodeEncodeError, binascii.Error, orjson.JSONDecodeError):
        raise _no_cursor() from None
    return found if isinstance(found, list) else []


def _no_cursor() -> ProblemError:
    text = "is no cursor of this list: take `next` of the page before, or leave it out"
    return ProblemError(422, f"cursor: {text}", "invalid", errors={"cursor": text})
