"""Keys as `modelbay key` shows them: never themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from modelbay.cli.listing import Column, write_list
from modelbay.cli.output import day_text, time_text

if TYPE_CHECKING:
    from modelbay.store.keys import KeyRow


def plain(row: KeyRow, state: str = "") -> dict[str, Any]:
    """Return a key as JSON holds it; `state` is its own if none is given."""
    return {
        "id": row.id,
        "name": row.name,
        "begins": row.hint,
        "state": state or _state(row),
        "models": list(row.models),
        "types": list(row.types),
        "surfaces": list(row.surfaces),
        "networks": list(row.networks),
        "member": row.member or None,
        "parent": row.parent or None,
        "created": time_text(row.created),
        "expires": time_text(row.expires),
        "revoked": time_text(row.revoked),
        "last_used": time_text(row.last_used),
        "version": row.version,
    }


class Shown(NamedTuple):
    """A row of the list: a key, its state by those above it too, whose it is, and how many are above it."""

    row: KeyRow
    state: str
    email: str = ""
    depth: int = 0


def write_keys(
    rows: Sequence[KeyRow], states: Mapping[str, str], emails: Mapping[str, str], *, as_json: bool
) -> None:
    """Write keys, as a tree where they are drawn; `emails` are those of members, by id."""
    write_list(
        [Shown(row, states[row.id]) for row in rows],
        _COLUMNS,
        plain=lambda shown: plain(shown.row, shown.state),
        as_json=as_json,
        empty="no keys; make one with: modelbay key create",
        line=_line,
        is_dim=lambda shown: shown.state != "active",
        drawn=[
            Shown(row, states[row.id], emails.get(row.member, row.member), depth)
            for depth, row in _tree(rows)
        ],
    )


def _line(shown: Shown) -> Sequence[Any]:
    row = shown.row
    times = (time_text(at) for at in (row.created, row.expires, row.last_used))
    lists = (row.types, row.surfaces, row.networks)
    return (row.id, row.name, row.hint, shown.state, row.models, *times, *lists, row.member, row.parent)


def _tree(rows: Sequence[KeyRow]) -> Iterator[tuple[int, KeyRow]]:
    """Yield each key with how deep it is, the keys below one right behind it."""
    known = {row.id for row in rows}
    below: dict[str, list[KeyRow]] = {}
    for row in rows:
        below.setdefault(row.parent if row.parent in known else "", []).append(row)
    waiting = [(0, row) for row in reversed(below.get("", ()))]
    while waiting:
        depth, row = waiting.pop()
        yield depth, row
        waiting.extend((depth + 1, each) for each in reversed(below.get(row.id, ())))


def _place(shown: Shown) -> str:
    return "  " * (shown.depth - 1) + "└ " * (shown.depth > 0) + shown.row.id


def _opens(shown: Shown) -> Iterator[str]:
    row = shown.row
    if row.models:
        yield ", ".join(row.models)
    if row.types:
        yield f"types: {', '.join(row.types)}"
    if row.surfaces:
        yield f"surfaces: {', '.join(row.surfaces)}"
    if row.networks:
        yield f"from: {', '.join(row.networks)}"
    if row.member:
        yield f"member: {shown.email}"


def _state(row: KeyRow) -> str:
    import time

    from modelbay.platform.lineages import state_of

    return state_of(row, time.time())


_COLUMNS: Final[Sequence[Column[Shown]]] = (
    Column("ID", _place),
    Column("NAME", lambda shown: shown.row.name, wrap=True),
    Column("BEGINS", lambda shown: f"{shown.row.hint}…", spare=True),
    Column("STATE", lambda shown: shown.state),
    Column("OPENS", lambda shown: "\n".join(_opens(shown)) or "all", wrap=True),
    Column("EXPIRES", lambda shown: day_text(shown.row.expires), spare=True),
    Column("LAST USED", lambda shown: day_text(shown.row.last_used), spare=True),
)
