"""What is shown of credentials: JSON, columns, a table. Secrets are masked before they come here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from modelbay.cli.output import time_text

if TYPE_CHECKING:
    from modelbay.platform.credentials.stored import NamedCredentials


def plain(row: NamedCredentials) -> dict[str, Any]:
    """Return credentials for JSON."""
    return {
        "id": row.id,
        "name": row.name,
        "provider": row.provider,
        "model": row.model or None,
        "type": row.model_type or None,
        "active": row.active,
        "status": row.status,
        "values": dict(row.values),
        "unreadable": dict(row.unreadable),
        "read_only": row.read_only,
        "variables": dict(row.variables),
        "created": time_text(row.created),
        "updated": time_text(row.updated),
        "version": row.version,
    }


def columns(row: NamedCredentials) -> Sequence[str]:
    """Return credentials for another program."""
    return (row.id, row.name, _of(row), row.model_type, _state(row), time_text(row.created) or "")


def draw(rows: Sequence[NamedCredentials]) -> None:
    """Show credentials on a terminal."""
    from rich.table import Table
    from rich.text import Text

    from modelbay.cli.console import new_console

    console = new_console()
    if not rows:
        console.print("no credentials; add some with: modelbay credential add PROVIDER", style="dim")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("ID", "NAME", "OF", "STATE", "VALUES"):
        table.add_column(column, overflow="fold", no_wrap=column in ("ID", "STATE"))
    for row in rows:
        values = ", ".join(f"{field}={value}" for field, value in row.values.items())
        cells = (row.id, row.name, _of(row), _state(row), values)
        table.add_row(*map(Text, cells), style="" if row.active else "dim")
    console.print(table)


def _of(row: NamedCredentials) -> str:
    return f"{row.provider}/{row.model}" if row.model else row.provider


def _state(row: NamedCredentials) -> str:
    if row.unreadable:
        return row.status
    return "active" if row.active else "ready"
