"""Queries about sealed secrets: a table for each kind of record that has some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from modelbay.store.database import Database


class SecretRow(NamedTuple):
    """One secret of a record, sealed."""

    record: str
    field: str
    sealed: str


@dataclass(frozen=True, slots=True)
class SealedTable:
    """A table of sealed secrets, by workspace, record and field; `column` is what it calls the record."""

    name: str
    column: str

    def put(self, database: Database, workspace: str, record: str, sealed: Mapping[str, str]) -> None:
        """Make these the secrets of a record; all others go."""
        found = {"workspace": workspace, "record": record}
        database.change(
            f"DELETE FROM {self.name} WHERE workspace = :workspace AND {self.column} = :record",  # noqa: S608 - ours
            found,
        )
        for field, text in sealed.items():
            database.change(
                f"INSERT INTO {self.name} (workspace, {self.column}, field, sealed)"  # noqa: S608 - ours
                " VALUES (:workspace, :record, :field, :sealed)",
                {**found, "field": field, "sealed": text},
            )

    def of(self, database: Database, workspace: str, record: str = "") -> Sequence[SecretRow]:
        """Return the sealed secrets of a record, or of all in a workspace."""
        where = f" AND {self.column} = :record" if record else ""
        return self._select(database, where, workspace=workspace, **({"record": record} if record else {}))

    def behind(
        self, database: Database, workspace: str, after: tuple[str, str], limit: int
    ) -> Sequence[SecretRow]:
        """Return at most `limit` sealed secrets of a workspace behind a place, by record and field."""
        where = f" AND ({self.column} > :record OR ({self.column} = :record AND field > :field))"
        place = {"record": after[0], "field": after[1], "limit": limit}
        return self._select(database, where, " LIMIT :limit", workspace=workspace, **place)

    def replace(self, database: Database, workspace: str, old: SecretRow, sealed: str) -> int:
        """Put another sealing of a secret in the place of the old; return 0 if something else is there."""
        return database.change(
            f"UPDATE {self.name} SET sealed = :new WHERE workspace = :workspace"  # noqa: S608 - ours
            f" AND {self.column} = :record AND field = :field AND sealed = :sealed",
            {"new": sealed, "workspace": workspace, **old._asdict()},
        )

    def _select(self, database: Database, where: str, end: str = "", **parameters: object) -> list[SecretRow]:
        statement = (
            f"SELECT {self.column}, field, sealed FROM {self.name}"  # noqa: S608 - all ours
            f" WHERE workspace = :workspace{where} ORDER BY {self.column}, field{end}"
        )
        return [SecretRow(*map(str, row)) for row in database.rows(statement, parameters)]
