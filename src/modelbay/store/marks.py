"""Numbers that rise with every change of something: one for all workspaces, and one for each."""

from __future__ import annotations

from typing import Final

from modelbay.store.database import Database

KEYS: Final = "keys"
VAULT: Final = "vault"
CREDENTIALS: Final = "credentials"
"""Of all that calls of a workspace need: credentials, models, routes, prices, network settings, limits."""
RATES: Final = "rates"


def raise_marks(database: Database, kind: str, workspace: str = "") -> None:
    """Say that something changes, in a workspace if there is one; inside the transaction that changes it."""
    for name in (kind, f"{kind}:{workspace}") if workspace else (kind,):
        database.change(
            "INSERT INTO marks (name, number) VALUES (:name, 1)"
            " ON CONFLICT (name) DO UPDATE SET number = marks.number + 1",
            {"name": name},
        )


def mark(database: Database, kind: str, workspace: str = "") -> int:
    """Return the number of a workspace, or that of all together."""
    name = f"{kind}:{workspace}" if workspace else kind
    rows = database.rows("SELECT number FROM marks WHERE name = :name", {"name": name})
    return int(rows[0][0]) if rows else 0


def marks(database: Database, kind: str) -> dict[str, int]:
    """Return the number of each workspace in which something has changed."""
    rows = database.rows("SELECT name, number FROM marks WHERE name LIKE :names", {"names": f"{kind}:%"})
    return {str(name).partition(":")[2]: int(number) for name, number in rows}
