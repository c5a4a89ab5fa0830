"""Keys as `modelbay key` shows them: never themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from modelbay.cli.output import time_text

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


def columns(row: KeyRow, state: str) -> Sequence[str]:
    """Return a key as a line of a pipe has it."""
    times = (time_text(at) or "" for at in (row.created, row.expires, row.last_used))
    lists = (",".join(values) for values in (row.types, row.surfaces, row.networks))
    return (row.id, row.name, row.hint, state, ",".join(row.models), *times, *lists, row.member, row.parent)


def draw(rows: Sequence[KeyRow], states: Mapping[str, str], emails: Mapping[str, str]) -> None:
    """Draw keys as a tree; `emails` are those of members, by id."""
    from rich.table import Table
    from rich.text import Text

    from modelbay.cli.console import new_console

    console = new_console()
    if not rows:
        console.print("no keys; make one with: modelbay key create", style="dim")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("ID", "NAME", "BEGINS", "STATE", "OPENS", "EXPIRES", "LAST USED"):
        table.add_column(column, overflow="fold", no_wrap=column not in ("NAME", "OPENS"))
    for depth, row in _tree(rows):
        days = ((time_text(at) or "–")[:10] for at in (row.expires, row.last_used))
        opens = "\n".join(_opens(row, emails)) or "all"
        shown = "  " * (depth - 1) + "└ " * (depth > 0) + row.id
        cells = (shown, row.name, f"{row.hint}…", states[row.id], opens, *days)
        table.add_row(*map(Text, cells), style="" if states[row.id] == "active" else "dim")
    console.print(table)


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


def _opens(row: KeyRow, emails: Mapping[str, str]) -> Iterator[str]:
    if row.models:
        yield ", ".join(row.models)
    if row.types:
        yield f"types: {', '.join(row.types)}"
    if row.surfaces:
        yield f"surfaces: {', '.join(row.surfaces)}"
    if row.networks:
        yield f"from: {', '.join(row.networks)}"
    if row.member:
        yield f"member: {emails.get(row.member, row.member)}"


def _state(row: KeyRow) -> str:
    import time

    from modelbay.platform.lineages import state_of

    return state_of(row, time.time())
