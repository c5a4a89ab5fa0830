"""A workspace's secrets in one file, under a passphrase; and back, into any workspace of any installation."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.vault.opened import Secret, SecretUnreadable
from modelbay.platform.vault.owners import Owner, Sealed, every
from modelbay.platform.vault.passphrase import decrypt, encrypt
from modelbay.platform.vault.vault import Vault
from modelbay.store import Database, audit


class _Record(BaseModel):
    """One record of an export, with its secrets in the open: exists in memory only."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    owner: str
    record: str
    described: dict[str, Any]
    secrets: dict[str, str]

    def __repr_args__(self) -> Any:
        return [("owner", self.owner), ("record", self.record)]


class _Content(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    workspace: str
    made: float
    records: list[_Record]


@dataclass(frozen=True, slots=True)
class Exported:
    """An export. Secrets that cannot be opened are not in it: they are named here."""

    file: bytes = field(repr=False)
    records: int
    secrets: int
    unreadable: Sequence[SecretUnreadable]


@dataclass(slots=True)
class Imported:
    """What became of an export: records made, and those left as they are because there are such."""

    workspace: str
    made: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    """Records of owners that this release does not know."""


def export(
    vault: Vault,
    database: Database,
    workspace: str,
    owners: Sequence[Owner],
    *,
    passphrase: str,
    actor: str,
) -> Exported:
    """Return all secrets of a workspace that can be opened, with the records that they belong to.

    Raises:
        InvokeBadRequestError: The passphrase is too short.
    """
    records: list[_Record] = []
    unreadable: list[SecretUnreadable] = []
    for owner in owners:
        held = every(database, workspace, owner)
        for record, values in groupby(held, key=lambda value: value.record):
            secrets = _opened(vault, database, workspace, list(values), unreadable)
            described = dict(owner.described(database, workspace, record))
            records.append(_Record(owner=owner.name, record=record, described=described, secrets=secrets))
    content = _Content(workspace=workspace, made=time.time(), records=records)
    file = encrypt(content.model_dump(), passphrase)
    count = sum(len(record.secrets) for record in records)
    with database.transaction():
        audit.record(
            database,
            workspace,
            actor=actor,
            action="vault.export",
            target=workspace,
            detail={"records": len(records), "secrets": count, "unreadable": len(unreadable)},
        )
    return Exported(file, len(records), count, unreadable)


def import_(
    vault: Vault,
    database: Database,
    workspace: str,
    owners: Sequence[Owner],
    *,
    file: bytes,
    passphrase: str,
    actor: str,
    replace: bool = False,
    dry_run: bool = False,
) -> Imported:
    """Seal the secrets of an export for a workspace: all of them, or none.

    Args:
        replace: Put the export's records in the place of those of the same name; without it, those stay.
        dry_run: Say what would happen, and change nothing.

    Raises:
        InvokeBadRequestError: The file is none, or the passphrase is another.
    """
    content = _content(decrypt(file, passphrase))
    done = Imported(content.workspace)
    if not dry_run:
        vault.prepare(database, workspace)  # 0.2 s, before others have to wait
    with _transaction(database, undo=dry_run):
        for record in content.records:
            owner = next((owner for owner in owners if owner.name == record.owner), None)
            if owner is None:
                done.unknown.append(f"{record.owner} {record.record}")
                continue
            sealed = {} if dry_run else _sealed(vault, database, workspace, record)
            made = owner.restore(
                database, workspace, record.record, record.described, sealed, replace=replace
            )
            (done.made if made else done.kept).append(record.record)
        audit.record(
            database,
            workspace,
            actor=actor,
            action="vault.import",
            target=workspace,
            detail={"from": content.workspace, "made": done.made, "kept": done.kept},
        )
    return done


class _Undo(Exception):  # noqa: N818 - it ends a transaction, and is no error
    """Take back what a dry run did."""


@contextlib.contextmanager
def _transaction(database: Database, *, undo: bool) -> Iterator[None]:
    with contextlib.suppress(_Undo), database.transaction():
        yield
        if undo:
            raise _Undo


def _opened(
    vault: Vault,
    database: Database,
    workspace: str,
    values: Sequence[Sealed],
    unreadable: list[SecretUnreadable],
) -> dict[str, str]:
    secrets = {}
    for value in values:
        opened = vault.open(database, workspace, value.record, value.field, value.text)
        if isinstance(opened, Secret):
            secrets[value.field] = opened.reveal()
        else:
            unreadable.append(opened)
    return secrets


def _sealed(vault: Vault, database: Database, workspace: str, record: _Record) -> Mapping[str, str]:
    return {
        name: vault.seal(database, workspace, record.record, name, text)
        for name, text in record.secrets.items()
    }


def _content(said: object) -> _Content:
    try:
        return _Content.model_validate(said)
    except ValidationError:
        raise InvokeBadRequestError("file: a newer Modelbay has made it: update this one") from None
