"""A key and those that it is narrower than, up to the root: it opens what all of them open, while all do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from modelbay.store.keys import KeyRow, Link

DEEPEST: Final = 8
"""How many keys a lineage has at most."""


def state_of(row: KeyRow, now: float) -> str:
    """Return `active`, `expired` or `revoked`: of the key alone, whatever became of those above it."""
    if row.revoked is not None:
        return "revoked"
    return "expired" if row.expires is not None and row.expires <= now else "active"


def states_of(rows: Sequence[KeyRow], now: float) -> Mapping[str, str]:
    """Return what each of a workspace's keys is, by id: as `state_of`, or `closed` by one above it."""
    known = {row.id: row for row in rows}
    return {row.id: _state_in(known, row, now) for row in rows}


def is_open(lineage: Sequence[Link], now: float) -> bool:
    """Whether the first of a lineage opens anything: none of it is missing, revoked, expired or orphaned."""
    return (
        bool(lineage)
        and not lineage[-1].row.parent
        and all(link.is_owned and state_of(link.row, now) == "active" for link in lineage)
    )


def expiry_of(lineage: Sequence[Link]) -> float | None:
    """Return when the first of a lineage expires, or one above it; None for never."""
    return min((link.row.expires for link in lineage if link.row.expires is not None), default=None)


def _state_in(known: Mapping[str, KeyRow], row: KeyRow, now: float) -> str:
    own = state_of(row, now)
    if own != "active":
        return own
    for _ in range(DEEPEST):
        if not row.parent:
            return "active"
        above = known.get(row.parent)
        if above is None or state_of(above, now) != "active":
            break
        row = above
    return "closed"
