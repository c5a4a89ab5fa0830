"""Somebody who stores sealed secrets, in a real table of a test's own."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from modelbay.platform.vault import MasterKeys, Sealed, Secret, SecretUnreadable, Vault
from modelbay.platform.vault.owners import Fate
from modelbay.store import Database

SECRET = "sk-live-4f1c9ad7e2b84c6f-é-真"
MASTER = base64.b64encode(bytes(range(32))).decode()
OTHER = base64.b64encode(bytes(range(1, 33))).decode()


def vault_in(folder: Path, **environ: str) -> Vault:
    """Return a vault as a process with that environment has it."""
    return Vault(MasterKeys(folder, environ))


class Notes:
    """An `Owner`: notes that are secret, by record and field."""

    name = "notes"

    def __init__(self, database: Database) -> None:
        database.change(
            "CREATE TABLE IF NOT EXISTS notes (workspace TEXT NOT NULL, record TEXT NOT NULL,"
            " field TEXT NOT NULL, sealed TEXT NOT NULL, PRIMARY KEY (workspace, record, field))"
        )

    def put(self, database: Database, workspace: str, record: str, field: str, sealed: str) -> None:
        """Keep a note."""
        database.change(
            "INSERT INTO notes (workspace, record, field, sealed) VALUES (:w, :r, :f, :s)"
            " ON CONFLICT (workspace, record, field) DO UPDATE SET sealed = excluded.sealed",
            {"w": workspace, "r": record, "f": field, "s": sealed},
        )

    def sealed(
        self, database: Database, workspace: str, *, after: tuple[str, str], limit: int
    ) -> Sequence[Sealed]:
        """As `Owner` says."""
        rows = database.rows(
            "SELECT record, field, sealed FROM notes WHERE workspace = :w"
            " AND (record > :r OR (record = :r AND field > :f)) ORDER BY record, field LIMIT :n",
            {"w": workspace, "r": after[0], "f": after[1], "n": limit},
        )
        return [Sealed(*row) for row in rows]

    def replace(self, database: Database, workspace: str, old: Sealed, new: str) -> bool:
        """As `Owner` says."""
        return bool(
            database.change(
                "UPDATE notes SET sealed = :new WHERE workspace = :w AND record = :r AND field = :f"
                " AND sealed = :old",
                {"new": new, "w": workspace, "r": old.record, "f": old.field, "old": old.text},
            )
        )

    def records(self, database: Database, workspace: str) -> Sequence[str]:
        """As `Owner` says."""
        rows = database.rows(
            "SELECT DISTINCT record FROM notes WHERE workspace = :w ORDER BY record", {"w": workspace}
        )
        return [row[0] for row in rows]

    def check(self, record: str, described: Mapping[str, Any], secrets: Mapping[str, str]) -> str:
        """As `Owner` says."""
        return str(described["title"])

    def described(self, database: Database, workspace: str, record: str) -> Mapping[str, Any]:
        """As `Owner` says."""
        return {"title": f"note {record}"}

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
        """As `Owner` says."""
        assert described == {"title": f"note {record}"}
        there = self.sealed(database, workspace, after=(record, ""), limit=1)
        if there and there[0].record == record and not replace:
            return Fate("there")
        for field, sealed in secrets.items():
            self.put(database, workspace, record, field, sealed)
        return Fate("made")


def fill(
    vault: Vault, database: Database, notes: Notes, *, workspace: str = "default", count: int = 5
) -> None:
    """Keep some notes, each another secret."""
    for number in range(count):
        place = (workspace, f"n{number}", "text")
        notes.put(database, *place, vault.seal(database, *place, f"{SECRET} {number}"))


def opened(
    vault: Vault, database: Database, notes: Notes, *, workspace: str = "default"
) -> list[str | SecretUnreadable]:
    """Return what is in all notes of a workspace."""
    found = []
    for value in notes.sealed(database, workspace, after=("", ""), limit=1000):
        secret = vault.open(database, workspace, value.record, value.field, value.text)
        found.append(secret.reveal() if isinstance(secret, Secret) else secret)
    return found


def disguises(secret: bytes) -> Iterator[bytes]:
    """Yield a secret as it might be found in a file: plain, and in the usual encodings at any place."""
    yield secret
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            encoded = encode(b"\0" * shift + secret).rstrip(b"=")
            yield encoded[(shift * 8 + 5) // 6 : len(encoded) - 1]  # the ends depend on the neighbours
    text = secret.decode("utf-8", "replace")
    yield text.encode("utf-16-le")
    yield text.encode("utf-16-be")
