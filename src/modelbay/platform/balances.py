"""Balances: which credentials share the calls of a model or a provider. Saved as one list."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from modelbay.platform.credentials.sharing import ENOUGH, SharingEntry, entries_of, why_plain
from modelbay.platform.credentials.snapshot import Snapshot
from modelbay.platform.people.refusals import conflict, invalid, not_found
from modelbay.runtime.balancing import Strategy
from modelbay.runtime.ports import CredentialSource
from modelbay.store import Database, audit
from modelbay.store import balances as queries
from modelbay.store import credentials as credential_queries
from modelbay.store.balances import ACTIVE, BalanceEntryRow, BalanceRow
from modelbay.store.credentials import Place

if TYPE_CHECKING:
    from modelbay.entities import ModelProviderConfiguration
    from modelbay.platform.credentials.target import Target

MOST: Final = 100
HEAVIEST: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """A balance as people see it. `text` says why calls use the plain choice, "" if they are balanced."""

    provider: str
    model: str
    model_type: str
    strategy: str
    entries: tuple[SharingEntry, ...]
    text: str
    updated: float
    version: int

    @property
    def status(self) -> str:
        """`balanced`, or `plain` where too few of the entries can be used."""
        return "plain" if self.text else "balanced"


def set_balance(
    database: Database,
    target: Target,
    entries: Sequence[BalanceEntryRow],
    *,
    strategy: Strategy = Strategy.WEIGHTED,
    version: int | None = None,
    actor: str,
) -> BalanceRow:
    """Have credentials share the calls of a provider or a model: the whole list, all or nothing.

    An entry whose credentials were deleted since may stay; it takes no part.

    Args:
        version: The version that the caller has seen, 0 for none; None takes any.

    Raises:
        InvokeBadRequestError: The list is none, or somebody has changed it since `version`.
    """
    place = target.place
    with credential_queries.changing(database, place.workspace):
        before = queries.one(database, place)
        if version is not None and version != (before.version if before else 0):
            raise conflict("version", "somebody has changed this balance since: read it again")
        row = BalanceRow(
            place=place,
            strategy=strategy.value,
            entries=_checked(database, place, entries, before),
            updated=time.time(),
        )
        queries.put(database, row)
        audit.record(database, place.workspace, actor, "balance.set", str(target), _facts(row))
        saved = queries.one(database, place)
    assert saved is not None
    return saved


def clear_balance(database: Database, target: Target, *, version: int | None = None, actor: str) -> None:
    """Have calls use the active credentials alone again.

    Raises:
        InvokeBadRequestError: There is no balance, or somebody has changed it since `version`.
    """
    place = target.place
    with credential_queries.changing(database, place.workspace):
        before = queries.one(database, place)
        if before is None:
            raise not_found("provider", f"the calls of {target} are not balanced")
        if version is not None and version != before.version:
            raise conflict("version", "somebody has changed this balance since: read it again")
        queries.delete(database, place)
        audit.record(database, place.workspace, actor, "balance.clear", str(target), _facts(before))


def seen(
    snapshot: Snapshot,
    row: BalanceRow,
    provider: ModelProviderConfiguration | None,
    *,
    behind: CredentialSource | None = None,
) -> Balance:
    """Return a balance with what becomes of each entry.

    Args:
        provider: None if its plugin is no more.
    """
    entries = tuple(entry for entry, _ in entries_of(snapshot, row, provider, behind=behind))
    return Balance(
        provider=row.place.provider,
        model=row.place.model,
        model_type=row.place.model_type,
        strategy=row.strategy,
        entries=entries,
        text=why_plain(entries),
        updated=row.updated,
        version=row.version,
    )


def check_weight(weight: int) -> None:
    """Refuse a weight that no credentials can have.

    Raises:
        InvokeBadRequestError: It is none; the message says what is.
    """
    if not 1 <= weight <= HEAVIEST:
        raise invalid("weight", f"1 to {HEAVIEST}; to leave credentials out for a while, switch them off")


def check_ids(ids: Sequence[str]) -> None:
    """Refuse credentials that make no balance together.

    Raises:
        InvokeBadRequestError: They are too few or too many, or one is named twice.
    """
    if not ENOUGH <= len(ids) <= MOST:
        raise invalid("entries", f"{ENOUGH} to {MOST} credentials; to use one alone, switch to it")
    twice = next((each for each in ids if ids.count(each) > 1), None)
    if twice:
        raise invalid("entries", f"{twice[:40]!r} is named twice; give it more weight instead")


def _checked(
    database: Database, place: Place, entries: Sequence[BalanceEntryRow], before: BalanceRow | None
) -> tuple[BalanceEntryRow, ...]:
    check_ids([entry.credential for entry in entries])
    gone = {entry.credential: entry.name for entry in before.entries} if before else {}
    return tuple(_entry(database, place, entry, gone) for entry in entries)


def _entry(database: Database, place: Place, entry: BalanceEntryRow, gone: dict[str, str]) -> BalanceEntryRow:
    check_weight(entry.weight)
    if entry.credential == ACTIVE:
        return entry._replace(name=ACTIVE)
    row = credential_queries.one(database, place.workspace, entry.credential)
    if row is not None and row.place in (place, Place(place.workspace, place.provider)):
        return entry._replace(name=row.name)
    if row is None and entry.credential in gone:
        return entry._replace(name=gone[entry.credential])
    whose = f"{place.provider}/{place.model}" if place.model else place.provider
    raise not_found("entries", f"{whose} has no credentials {entry.credential[:40]!r}")


def _facts(row: BalanceRow) -> dict[str, Any]:
    return {
        "strategy": row.strategy,
        "type": row.place.model_type,
        "entries": [entry._asdict() for entry in row.entries],
    }
