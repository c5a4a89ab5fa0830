"""What is shown of credentials: JSON, columns, a table. Secrets are masked before they come here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from modelbay.cli.listing import Column, write_list
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


def write_credentials(rows: Sequence[NamedCredentials], *, as_json: bool) -> None:
    """Write credentials."""
    write_list(
        rows,
        _COLUMNS,
        plain=plain,
        as_json=as_json,
        empty="no credentials; add some with: modelbay credential add PROVIDER",
        line=lambda row: (
            *(row.id, row.name, _of(row), row.model_type),
            *(_state(row), time_text(row.created)),
        ),
        is_dim=lambda row: not row.active,
    )


def _of(row: NamedCredentials) -> str:
    return f"{row.provider}/{row.model}" if row.model else row.provider


def _state(row: NamedCredentials) -> str:
    if row.unreadable:
        return row.status
    return "active" if row.active else "ready"


def _values(row: NamedCredentials) -> str:
    return ", ".join(f"{field}={value}" for field, value in row.values.items())


_COLUMNS: Final[Sequence[Column[NamedCredentials]]] = (
    Column("ID", lambda row: row.id),
    Column("NAME", lambda row: row.name, wrap=True),
    Column("OF", _of, wrap=True),
    Column("STATE", _state),
    Column("VALUES", _values, wrap=True, spare=True),
)
