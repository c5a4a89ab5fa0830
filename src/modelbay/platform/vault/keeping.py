"""Keeping the vault: whether everything opens, and new keys, for all that a release stores sealed."""

from __future__ import annotations

from modelbay.platform.people.workspaces import get_workspace
from modelbay.platform.vault import check, rotation
from modelbay.platform.vault.check import Holdings, SelfTest
from modelbay.platform.vault.master import MasterKey
from modelbay.platform.vault.owners import known_owners
from modelbay.platform.vault.rotation import MasterRotated, Resealed
from modelbay.platform.vault.vault import Vault
from modelbay.store import Database


def check_vault(database: Database, vault: Vault) -> SelfTest:
    """Try the key pairs of all workspaces with this process's master key; never raise for what is found.

    Where nothing is stored, nothing is made.
    """
    return check.self_test(vault, database)


def check_secrets(database: Database, vault: Vault, workspace: str) -> Holdings:
    """Open every secret of a workspace, and count those of each key pair, and those that do not open.

    Raises:
        InvokeBadRequestError: There is no such workspace.
    """
    get_workspace(database, workspace)
    return check.holdings(vault, database, workspace, known_owners())


def rotate_keys(
    database: Database, vault: Vault, workspace: str, *, resume: bool = False, actor: str
) -> tuple[int, Resealed]:
    """Give a workspace a new key pair and seal its secrets for it, while calls run.

    What the old key pairs sealed goes on opening. Interrupted, it is completed by doing it again.

    Args:
        resume: Make no new key pair if there is one; seal what an interrupted pass has left.

    Returns:
        The number of the key pair, and what was sealed anew.

    Raises:
        InvokeBadRequestError: There is no such workspace.
        MasterKeyError: This process has not got the master key.
        VaultError: The newest key pair cannot be used.
    """
    get_workspace(database, workspace)
    number = rotation.newest(database, workspace) if resume else 0
    number = number or rotation.rotate(vault, database, workspace, actor=actor)
    return number, rotation.reseal(vault, database, workspace, known_owners())


def rotate_master_key(
    database: Database, vault: Vault, *, new: MasterKey | None = None, actor: str
) -> MasterRotated:
    """Keep the key pairs of all workspaces under another master key: all of them, or none.

    Where it comes from the environment, give the processes that serve both keys before (the old one first),
    and only the new one after. An attempt that ended at any point is completed by the next.

    Args:
        new: The new master key. Without it one is made in the data directory, where the present one has to
            be, and takes its place.

    Raises:
        MasterKeyError: The old or the new master key cannot be had.
        VaultError: A key pair is damaged; nothing has changed.
    """
    return rotation.rotate_master(vault, database, actor=actor, new=new)
