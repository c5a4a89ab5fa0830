"""Who stores sealed secrets. The vault does not know their tables: it asks them for what they hold."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol

from modelbay.store import Database
from modelbay.store.sealed import SealedTable, SecretRow


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Sealed:
    """A sealed secret in its place."""

    record: str
    field: str
    text: str = dataclasses.field(repr=False, compare=False)


State = Literal["made", "there", "cannot"]
"""`made`, in a dry run: would be. `there`: is as it was. `cannot`: see `why`."""


class Fate(NamedTuple):
    """What became of a record of an export. `instead` is the id of what stands here in its place."""

    state: State
    why: str = ""
    instead: str = ""


class Owner(Protocol):
    """A part of the platform that stores sealed secrets: it lets them be sealed anew and exported."""

    name: str

    def records(self, database: Database, workspace: str) -> Sequence[str]:
        """Return all records of a workspace, those without a secret too."""
        ...

    def sealed(
        self, database: Database, workspace: str, *, after: tuple[str, str], limit: int
    ) -> Sequence[Sealed]:
        """Return at most `limit` secrets of a workspace behind a place, ordered by record and field."""
        ...

    def replace(self, database: Database, workspace: str, old: Sealed, new: str) -> bool:
        """Put `new` where `old` is, in one step; False if something else is there by now."""
        ...

    def described(self, database: Database, workspace: str, record: str) -> Mapping[str, Any]:
        """Return the rest of a record for an export: what JSON can hold, without secrets."""
        ...

    def check(self, record: str, described: Mapping[str, Any], secrets: Mapping[str, str]) -> str:
        """Return what people call a record of an export, if it can be stored here.

        Args:
            secrets: In the open.

        Raises:
            InvokeBadRequestError: It cannot; no secret is quoted.
        """
        ...

    def restore(
        self,
        database: Database,
        workspace: str,
        record: str,
        described: Mapping[str, Any],
        secrets: Mapping[str, str],
        *,
        replace: bool,
    ) -> Fate:
        """Make a record of an export, with its secrets sealed for here; inside a transaction.

        In a dry run, whose transaction is taken back, there are no secrets. A record that is there already
        stays, unless `replace` is wanted.

        Args:
            described: As `check` has let it pass.
        """
        ...


class TableOwner:
    """What owners share whose secrets have a table of their own."""

    table: SealedTable

    def sealed(
        self, database: Database, workspace: str, *, after: tuple[str, str], limit: int
    ) -> Sequence[Sealed]:
        """Return at most `limit` secrets of a workspace behind a place, ordered by record and field."""
        return [Sealed(*row) for row in self.table.behind(database, workspace, after, limit)]

    def replace(self, database: Database, workspace: str, old: Sealed, new: str) -> bool:
        """Put `new` where `old` is, in one step; False if something else is there by now."""
        row = SecretRow(old.record, old.field, old.text)
        return bool(self.table.replace(database, workspace, row, new))


def every(database: Database, workspace: str, owner: Owner, *, at_once: int = 100) -> list[Sealed]:
    """Return all that an owner holds in a workspace."""
    found: list[Sealed] = []
    after = ("", "")
    while part := owner.sealed(database, workspace, after=after, limit=at_once):
        found.extend(part)
        after = (part[-1].record, part[-1].field)
    return found


def known_owners() -> Sequence[Owner]:
    """Return all owners of this release, for the command line and the start."""
    from modelbay.platform.credentials.owner import CredentialOwner  # noqa: PLC0415 - built on the vault
    from modelbay.platform.network.owner import NetworkOwner  # noqa: PLC0415 - as above

    return (CredentialOwner(), NetworkOwner())
