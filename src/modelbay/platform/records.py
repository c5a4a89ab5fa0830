"""A call's record on its way to the ledger: a line of a journal, then a row of the table."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import orjson

from modelbay.store.calls import COLUMNS, DEFAULTS

if TYPE_CHECKING:  # start-up time: `modelbay usage` needs no runtime
    from modelbay.runtime.accounts import CallRecord

HEADER: Final = orjson.dumps(COLUMNS)
"""The first line of a journal: the order of the fields of all others."""
_LONG = 4096  # bytes of a line beyond which some client has sent a name that is none
_LONGEST_TEXT = 200

_values = attrgetter(*COLUMNS)


def to_line(record: CallRecord) -> bytes:
    """Return a record as a line of a journal; texts of absurd length are cut, wherever they came from."""
    try:
        line = orjson.dumps(_values(record), default=_exact)
    except orjson.JSONEncodeError:  # half a character, which a client's header can hold
        line = b""
    return line if 0 < len(line) <= _LONG else orjson.dumps([*map(_bounded, _values(record))], default=_exact)


def to_rows(header: bytes, lines: Sequence[bytes]) -> list[Sequence[Any]]:
    """Return lines as rows of the table, whichever release has written them."""
    found: list[Sequence[Any]] = [orjson.loads(line) for line in lines]
    if header == HEADER:
        return found
    names = orjson.loads(header)
    return [_in_order(dict(zip(names, values, strict=True))) for values in found]


def _in_order(named: dict[str, Any]) -> list[Any]:
    return [named.get(name, default) for name, default in DEFAULTS.items()]


def _exact(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError(type(value).__name__)


def _bounded(value: Any) -> Any:
    if isinstance(value, str):
        return value[:_LONGEST_TEXT].encode("utf-8", "replace").decode()
    return value
