"""A workspace in one file, under a passphrase."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from modelbay.platform.moving.content import PARTS, Content, Record
from modelbay.platform.people.refusals import conflict
from modelbay.platform.people.workspaces import get_workspace
from modelbay.platform.vault.opened import Secret, SecretUnreadable
from modelbay.platform.vault.owners import Owner, Sealed, every, known_owners
from modelbay.platform.vault.passphrase import check_passphrase, encrypt
from modelbay.platform.vault.vault import Vault
from modelbay.store import Database, audit


@dataclass(frozen=True, slots=True)
class Exported:
    """A workspace as a file. Secrets that cannot be opened are not in it: they are named here.

    Attributes:
        file: Lines of ASCII.
        things: How many of each kind are in it.
        secrets: How many secrets are in it.
    """

    file: bytes = field(repr=False)
    things: Mapping[str, int]
    secrets: int
    unreadable: Sequence[SecretUnreadable]


def export_workspace(
    database: Database,
    vault: Vault,
    workspace: str,
    *,
    passphrase: str,
    incomplete: bool = True,
    actor: str,
    owners: Sequence[Owner] | None = None,
) -> Exported:
    """Return all that a workspace has and that makes sense elsewhere, secrets included, as of one moment.

    Not in it are people (members, invitations), keys, of which only hashes are stored, and what happened
    (calls, what was spent, the audit log). What the installation lends is not the workspace's.

    Args:
        passphrase: What opens the file, at least 12 characters; making the file takes 0.3 s and 128 MB.
        incomplete: Whether to return the rest where secrets cannot be opened.
        owners: Whose records to carry, of the parts that store secrets; without it, those of all parts.

    Raises:
        InvokeBadRequestError: The passphrase is too short, there is no such workspace, or secrets cannot be
            opened and `incomplete` is False.
    """
    check_passphrase(passphrase)
    owners = known_owners() if owners is None else owners
    with database.snapshot():
        get_workspace(database, workspace)
        found = [each for owner in owners for each in _records(database, workspace, owner)]
        parts = {name: list(part.read(database, workspace)) for name, part in PARTS.items()}
    unreadable: list[SecretUnreadable] = []
    records = [
        Record(**rest, secrets=_opened(vault, database, workspace, sealed, unreadable))
        for rest, sealed in found
    ]
    if unreadable and not incomplete:
        raise conflict(
            "incomplete",
            f"{len(unreadable)} secrets cannot be opened, and would not be in the file; enter them again, or "
            "say that the rest is to be exported",
        )
    content = Content(workspace=workspace, made=time.time(), records=records, **parts)
    file = encrypt(content.model_dump(mode="json"), passphrase)
    secrets = sum(len(record.secrets) for record in records)
    things = Counter(record.owner for record in records)
    things.update({PARTS[name].what: len(each) for name, each in parts.items() if each})
    facts = {"things": dict(things), "secrets": secrets, "unreadable": len(unreadable)}
    with database.transaction():
        audit.record(database, workspace, actor, "vault.export", workspace, facts)
    return Exported(file, dict(things), secrets, unreadable)


def _records(
    database: Database, workspace: str, owner: Owner
) -> list[tuple[dict[str, Any], Sequence[Sealed]]]:
    """Return the records of an owner, described, each with what is sealed of it."""
    sealed: dict[str, list[Sealed]] = {}
    for value in every(database, workspace, owner):
        sealed.setdefault(value.record, []).append(value)
    return [
        (
            {"owner": owner.name, "record": record}
            | {"described": dict(owner.described(database, workspace, record))},
            sealed.get(record, ()),
        )
        for record in owner.records(database, workspace)
    ]


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
