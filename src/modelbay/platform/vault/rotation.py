"""New keys in the place of old ones, while calls run: what was sealed before opens throughout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from modelbay.platform.people.permissions import FIRST_WORKSPACE
from modelbay.platform.vault.check import pairs
from modelbay.platform.vault.envelope import key_number
from modelbay.platform.vault.master import MasterKey
from modelbay.platform.vault.opened import Secret, SecretUnreadable
from modelbay.platform.vault.owners import Owner, Sealed
from modelbay.platform.vault.pairs import keep, opened_bytes, rewrapped
from modelbay.platform.vault.sources import FILE, NEXT, MasterKeyError
from modelbay.platform.vault.vault import Vault, VaultError
from modelbay.store import Database, audit
from modelbay.store import vault as queries
from modelbay.store.vault import KeyPairRow

_AT_ONCE: Final = 100


@dataclass(slots=True)
class Resealed:
    """What a pass over a workspace's secrets did. Those unreadable stay as they are."""

    changed: int = 0
    current: int = 0
    """Sealed for the newest key pair already, or replaced by somebody else meanwhile."""
    unreadable: list[SecretUnreadable] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MasterRotated:
    """How many key pairs are kept under the new master key now; `finished` if an earlier attempt did that."""

    old: Sequence[str]
    new: str
    pairs: int
    finished: bool


def rotate(vault: Vault, database: Database, workspace: str, *, actor: str) -> int:
    """Give a workspace a new key pair and return its number; the old ones go on opening what they sealed.

    Raises:
        MasterKeyError: This process has not got the master key.
    """
    from modelbay.platform.vault import ciphers  # noqa: PLC0415 - start-up time

    private = ciphers.new_private_key()  # before others have to wait
    with queries.held(database):
        number = newest(database, workspace) + 1
        row = keep(database, workspace, number, private, vault.pairs.master(database))
        queries.retire(database, workspace, before=number, at=row.created)
        audit.record(
            database,
            workspace,
            actor=actor,
            action="vault.rotate",
            target=workspace,
            detail={"number": number},
        )
    vault.forget()
    return number


def newest(database: Database, workspace: str) -> int:
    """Return the number of the key pair that a workspace's secrets are sealed for; 0 if it has none yet."""
    row = queries.newest(database, workspace)
    return row.number if row is not None else 0


def reseal(vault: Vault, database: Database, workspace: str, owners: Sequence[Owner]) -> Resealed:
    """Seal a workspace's secrets for its newest key pair.

    A pass can be ended at any point and begun again: what is done is told by its key number. Each secret is
    replaced only if it is still the one that was read, so that nobody's change is lost.

    Raises:
        VaultError: The newest key pair cannot be used.
    """
    done = Resealed()
    number = vault.pairs.newest(database, workspace).number
    for owner in owners:
        after = ("", "")
        while part := owner.sealed(database, workspace, after=after, limit=_AT_ONCE):
            for value in part:
                _reseal_one(vault, database, workspace, owner, value, number, done)
            after = (part[-1].record, part[-1].field)
    return done


def rotate_master(
    vault: Vault, database: Database, *, actor: str, new: MasterKey | None = None
) -> MasterRotated:
    """Keep all key pairs under another master key: in one transaction, so all of them or none.

    Args:
        new: The new master key. Without it, one is made in the data directory, where the present one has to
            be, and takes its place.

    An attempt that ended at any point is completed by the next.

    Raises:
        MasterKeyError: The old or the new master key cannot be had.
        VaultError: A key pair is damaged; nothing has changed.
    """
    own = new is None
    target = _next(vault) if new is None else new
    with queries.held(database):
        old = [key_id for key_id in queries.masters(database) if key_id != target.id]
        count = sum(_rewrap(vault, database, row, target) for row in pairs(database))
        if old:
            audit.record(
                database,
                FIRST_WORKSPACE,
                actor=actor,
                action="vault.rotate-master",
                target=target.id,
                detail={"old": old, "pairs": count},
            )
    if own:
        vault.masters.take_over()
    vault.forget()
    return MasterRotated(old, target.id, count, finished=not old)


def _next(vault: Vault) -> MasterKey:
    masters = vault.masters
    if not masters.source.in_data_dir:
        raise MasterKeyError(
            f"the master key comes from {masters.source.name}: say what the new one is, "
            "with --new-file or MODELBAY_NEW_MASTER_KEY"
        )
    if not any((masters.data_dir / name).exists() for name in (FILE, NEXT)):
        raise MasterKeyError(f"{masters.data_dir / FILE} does not exist: there is nothing to rotate")
    return masters.next()


def _rewrap(vault: Vault, database: Database, row: KeyPairRow, new: MasterKey) -> bool:
    if row.master == new.id:
        return False
    old = vault.masters.by_id(row.master)
    if old is None:
        raise vault.pairs.missing([row.master])
    der = opened_bytes(row, old)
    if der is None:
        raise VaultError(
            f"workspace {row.workspace}: key pair {row.number} is damaged, and nothing has been changed: "
            "restore it from a backup, or delete the workspace"
        )
    queries.rewrap(database, row, rewrapped(row, der, new), new.id)
    return True


def _reseal_one(
    vault: Vault,
    database: Database,
    workspace: str,
    owner: Owner,
    value: Sealed,
    number: int,
    done: Resealed,
) -> None:
    if key_number(value.text) == number:
        done.current += 1
        return
    opened = vault.open(database, workspace, value.record, value.field, value.text)
    if not isinstance(opened, Secret):
        done.unreadable.append(opened)
        return
    sealed = vault.seal(database, workspace, value.record, value.field, opened.reveal())
    if owner.replace(database, workspace, value, sealed):
        done.changed += 1
    else:
        done.current += 1
