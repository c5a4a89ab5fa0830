"""Does the vault open what it holds? Asked at each start, and by `modelbay vault status`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from modelbay.platform.vault.envelope import key_number
from modelbay.platform.vault.opened import Reason, Secret, sentence
from modelbay.platform.vault.owners import Owner, every
from modelbay.platform.vault.pairs import KeyPair, open_row
from modelbay.platform.vault.sources import MasterKeyError
from modelbay.platform.vault.vault import Vault
from modelbay.store import Database
from modelbay.store import vault as queries
from modelbay.store.vault import KeyPairRow

_PROBE = "probe"


@dataclass(frozen=True, slots=True)
class UnreadablePair:
    """A key pair that cannot be opened: all that is sealed for it is unreadable."""

    workspace: str
    number: int
    reason: Reason

    def __str__(self) -> str:
        return f"workspace {self.workspace}, key pair {self.number}: {sentence(self.reason)}"


@dataclass(frozen=True, slots=True)
class SelfTest:
    """What a start finds out. `failure` is for a person, empty if all is well."""

    masters: Sequence[str]
    """The ids of the master keys that this process has."""
    source: str
    pairs: int
    unreadable: Sequence[UnreadablePair]
    failure: str

    @property
    def ok(self) -> bool:
        """Whether every stored key pair opens."""
        return not self.failure and not self.unreadable


@dataclass(slots=True)
class Holdings:
    """What is sealed in a workspace: counts by key pair, and what cannot be opened by reason."""

    by_pair: Counter[int] = field(default_factory=Counter)
    unreadable: Counter[Reason] = field(default_factory=Counter)


def self_test(vault: Vault, database: Database) -> SelfTest:
    """Open every stored key pair; seal and open a text with one that opens. Never raise for what is found.

    Where nothing is stored, nothing is made and nothing heavy is loaded.
    """
    source, ids, failure = _masters(vault)
    unreadable, count, probe = [], 0, None
    for row in pairs(database):
        count += 1
        found = open_row(row, vault.masters)
        if isinstance(found, KeyPair):
            probe = probe or found
        else:
            unreadable.append(UnreadablePair(row.workspace, row.number, found))
    if count and not ids and not failure:
        failure = f"{source} is missing: restore it from a backup; no stored secret opens without it"
    if probe is not None and not _works(vault, database, probe.workspace):
        failure = failure or f"a text sealed for workspace {probe.workspace} does not open again"
    return SelfTest(ids, source, count, unreadable, failure)


def holdings(vault: Vault, database: Database, workspace: str, owners: Sequence[Owner]) -> Holdings:
    """Open everything that is sealed in a workspace, and count."""
    found = Holdings()
    for owner in owners:
        for value in every(database, workspace, owner):
            opened = vault.open(database, workspace, value.record, value.field, value.text)
            if not isinstance(opened, Secret):
                found.unreadable[opened.reason] += 1
            number = key_number(value.text)
            if number is not None:
                found.by_pair[number] += 1
    return found


def pairs(database: Database) -> Iterator[KeyPairRow]:
    """Yield the key pairs of all workspaces, without holding them all in memory."""
    after = ("", 0)
    while rows := queries.page(database, after=after):
        yield from rows
        after = (rows[-1].workspace, rows[-1].number)


def _masters(vault: Vault) -> tuple[str, list[str], str]:
    try:
        source = vault.masters.source.name
        return source, [key.id for key in vault.masters.read()], ""
    except MasterKeyError as error:
        return "", [], str(error)


def _works(vault: Vault, database: Database, workspace: str) -> bool:
    """Whether what is sealed for a workspace opens for it; its newest pair may be one that does not."""
    newest = queries.newest(database, workspace)
    if newest is None or not isinstance(vault.pairs.numbered(database, workspace, newest.number), KeyPair):
        return True  # said already
    place = (workspace, "self-test", _PROBE)
    opened = vault.open(database, *place, vault.seal(database, *place, _PROBE))
    return isinstance(opened, Secret) and opened.reveal() == _PROBE
