"""Which credentials share the calls of a model now, and what keeps others from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from modelbay.entities import ModelProviderConfiguration, ModelType
from modelbay.platform.credentials.snapshot import Choice, Snapshot, Status
from modelbay.runtime.balancing import Candidate, Candidates, Strategy
from modelbay.runtime.ports import CredentialSource, Using
from modelbay.store.balances import ACTIVE, BalanceEntryRow, BalanceRow
from modelbay.store.credentials import Place
from modelbay.store.models import ModelPlace

ENOUGH = 2
"""Credentials without which there is nothing to balance."""


class EntryStatus(StrEnum):
    """Whether an entry takes part, and if not, why."""

    READY = "ready"
    OFF = "off"
    SAME = "same-as-another"
    REMOVED = "credential-removed"
    UNREADABLE = "credential-unreadable"
    MISSING = "no-credentials"


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingEntry:
    """Credentials that are to take part.

    Attributes:
        credential: An id, or "active" for whichever are active.
        uses: The id of what it uses now; "" if there is nothing.
    """

    credential: str
    name: str
    weight: int
    enabled: bool
    status: EntryStatus
    uses: str = ""
    text: str = ""


def entries_of(
    snapshot: Snapshot,
    row: BalanceRow,
    provider: ModelProviderConfiguration | None,
    *,
    behind: CredentialSource | None = None,
) -> list[tuple[SharingEntry, Choice]]:
    """Return the entries of a balance with what each uses.

    Args:
        provider: None if its plugin is no more; then the active credentials are those that are stored.
    """
    plain = _plain(snapshot, row.place, provider, behind)
    taken: set[str] = set()
    found = []
    for entry in row.entries:
        choice = plain if entry.credential == ACTIVE else snapshot.named.get(entry.credential)
        status, text = _status(entry, choice, taken)
        if choice is not None and status is EntryStatus.READY:
            taken.add(choice.id)
        found.append((_seen(entry, choice, status, text), choice or Choice(Status.CREDENTIAL_REMOVED)))
    return found


def shared_by(
    snapshot: Snapshot,
    provider: ModelProviderConfiguration,
    model: str,
    model_type: ModelType,
    *,
    behind: CredentialSource | None = None,
) -> Candidates | None:
    """Return who shares the calls of a model; None where the plain choice stands.

    A model's own balance comes before its provider's. A model with active credentials of its own has no part
    in its provider's.
    """
    if not snapshot.balances:
        return None
    place = Place(snapshot.workspace, provider.provider, model, model_type.value)
    row = snapshot.balances.get(place)
    if row is None and place not in snapshot.active:
        row = snapshot.balances.get(Place(snapshot.workspace, provider.provider))
    if row is None or ModelPlace(*place) in snapshot.disabled:
        return None
    ready = tuple(
        Candidate(Using(choice.credentials, choice.id, choice.name), entry.weight, shared=True)
        for entry, choice in entries_of(snapshot, row, provider, behind=behind)
        if entry.status is EntryStatus.READY and choice.credentials is not None
    )
    strategies = {each.value: each for each in Strategy}
    strategy = strategies.get(row.strategy, Strategy.WEIGHTED)  # what a later release has written
    return Candidates(ready, strategy) if len(ready) >= ENOUGH else None


def why_plain(entries: Iterable[SharingEntry]) -> str:
    """Return why the plain choice stands in spite of a balance; "" if it does not."""
    ready = sum(each.status is EntryStatus.READY for each in entries)
    if ready >= ENOUGH:
        return ""
    return (
        f"{ready} of its entries can be used, and balancing takes {ENOUGH}: calls use the active credentials"
    )


def _plain(
    snapshot: Snapshot,
    place: Place,
    provider: ModelProviderConfiguration | None,
    behind: CredentialSource | None,
) -> Choice | None:
    if provider is None:
        return snapshot.active.get(place)
    kind = ModelType(place.model_type) if place.model_type else None
    return snapshot.choice(provider, place.model or None, kind, behind=behind)


def _status(entry: BalanceEntryRow, choice: Choice | None, taken: set[str]) -> tuple[EntryStatus, str]:
    if choice is None and entry.credential != ACTIVE:
        return EntryStatus.REMOVED, "these credentials were deleted: take them out of the list"
    if choice is not None and choice.status is Status.CREDENTIAL_UNREADABLE:
        return EntryStatus.UNREADABLE, choice.text
    if choice is None or choice.credentials is None:
        return EntryStatus.MISSING, choice.text if choice else "no credentials are active"
    if not entry.enabled:
        return EntryStatus.OFF, "it is switched off"
    if choice.id in taken:
        return EntryStatus.SAME, "another entry stands for the same credentials"
    return EntryStatus.READY, ""


def _seen(entry: BalanceEntryRow, choice: Choice | None, status: EntryStatus, text: str) -> SharingEntry:
    return SharingEntry(
        credential=entry.credential,
        name=choice.name if choice and choice.name else entry.name,
        weight=entry.weight,
        enabled=entry.enabled,
        status=status,
        uses=choice.id if choice else "",
        text=text,
    )
