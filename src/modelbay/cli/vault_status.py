"""What `modelbay vault status` shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from modelbay.cli.listing import Column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modelbay.platform.vault.check import Holdings, SelfTest
    from modelbay.store.vault import KeyPairRow

COLUMNS: Final[Sequence[Column[Sequence[str]]]] = (
    Column("WHAT", lambda row: row[0]),
    Column("STATE", lambda row: row[1] if len(row) > 2 else ""),
    Column("", lambda row: row[-1], wrap=True),
)


def plain(test: SelfTest, workspace: str, rows: Sequence[KeyPairRow], held: Holdings) -> dict[str, Any]:
    """Return it as JSON can hold it."""
    return {
        "ok": test.ok and not held.unreadable,
        "failure": test.failure,
        "master": {"source": test.source, "ids": list(test.masters)},
        "pairs": test.pairs,
        "unreadable_pairs": [
            {"workspace": each.workspace, "number": each.number, "reason": each.reason}
            for each in test.unreadable
        ],
        "workspace": workspace,
        "keys": [
            {"number": row.number, "master": row.master, "created": row.created, "retired": row.retired}
            | {"secrets": held.by_pair[row.number]}
            for row in rows
        ],
        "unreadable": dict(held.unreadable),
    }


def lines(test: SelfTest, workspace: str, rows: Sequence[KeyPairRow], held: Holdings) -> list[Sequence[str]]:
    """Return it as lines of columns."""
    from modelbay.platform.vault.opened import sentence

    found: list[Sequence[str]] = [("master key", ", ".join(test.masters) or "none yet", test.source)]
    found += [("failure", test.failure)] if test.failure else []
    found += [("unreadable", str(each)) for each in test.unreadable]
    for row in rows:
        state = "retired" if row.retired is not None else "current"
        found.append((f"{workspace} key pair {row.number}", state, f"{held.by_pair[row.number]} secrets"))
    found += [("unreadable", f"{count} secrets: {sentence(why)}") for why, count in held.unreadable.items()]
    return found
