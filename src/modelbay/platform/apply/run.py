"""Making plans and carrying them out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from modelbay.catalog import Catalog
from modelbay.platform.apply import limits, models
from modelbay.platform.apply.added import added
from modelbay.platform.apply.balances import balances
from modelbay.platform.apply.credentials import credentials
from modelbay.platform.apply.file import ApplyError, BayFile
from modelbay.platform.apply.network import network
from modelbay.platform.apply.plan import Change, Hands, Section, Sight, refuse
from modelbay.platform.apply.prices import prices
from modelbay.platform.apply.rates import rates
from modelbay.platform.apply.retention import retention
from modelbay.platform.apply.routes import routes
from modelbay.platform.limits.hosted import Hosted
from modelbay.platform.people.permissions import FIRST_WORKSPACE
from modelbay.platform.people.workspaces import create_workspace, list_workspaces
from modelbay.platform.vault import Vault
from modelbay.store import Database

SECTIONS: Final[Sequence[Section]] = (
    network,
    added,
    credentials,
    models.disabled,
    models.defaults,
    routes,
    balances,
    limits.budgets,
    limits.quotas,
    rates,
    prices,
    retention,
)
"""In the order in which they need each other: credentials are proved by the network, a default wants some."""


def plan(
    database: Database,
    vault: Vault,
    catalog: Catalog,
    hosted: Hosted,
    file: BayFile,
    *,
    folder: Path,
    prune: bool = False,
) -> list[Change]:
    """Return what has to change so that workspaces have what a file says, in order. Nothing is changed.

    Args:
        folder: That of the file, from which it names others.
        prune: Also take away what a workspace of the file has and the file does not name.

    Raises:
        ApplyError: The file is wrong somewhere; all such places are named.
    """
    ids = _ids(database)
    changes: list[Change] = []
    complaints: list[str] = []
    for name, part in file.workspaces.items():
        if name not in ids:
            changes.append(Change(name, "create", "workspace", {}, _nothing))
        sight = Sight(
            database=database,
            vault=vault,
            catalog=catalog,
            hosted=hosted,
            folder=folder,
            name=name,
            id=ids.get(name, ""),
            prune=prune,
        )
        changes += [change for section in SECTIONS for change in section(sight, part)]
        complaints += sight.complaints
    refuse(complaints)
    return changes


async def carry_out(hands: Hands, changes: Sequence[Change], done: Callable[[Change], object]) -> None:
    """Make the changes in order; `done` is told of each. What was done stays if a later one fails.

    Raises:
        ModelbayError: A change was refused, by us or by a provider. Applying again goes on from there.
    """
    ids = await hands.database.run(_ids)
    for change in changes:
        if change.what == "workspace":
            row = await hands.database.run(create_workspace, change.workspace, actor=hands.actor)
            ids[change.workspace] = row.id
        else:
            await change.make(hands, ids[change.workspace])
        done(change)


async def _nothing(hands: Hands, workspace: str) -> None:
    """The workspace itself is made by who carries the plan out: the changes after it need its id."""


def _ids(database: Database) -> dict[str, str]:
    """Return the workspaces by name; the first one also by its id, which is what it is called in files."""
    found: dict[str, str] = {}
    for row in list_workspaces(database):
        if row.name in found:
            raise ApplyError(f"there are two workspaces named {row.name!r}: rename one of them")
        found[row.name] = row.id
    return found | {FIRST_WORKSPACE: FIRST_WORKSPACE}
