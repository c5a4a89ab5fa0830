"""The key pairs of workspaces: made, kept under the master key, and opened."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from modelbay.errors import ModelbayError
from modelbay.platform.vault.envelope import bound_to
from modelbay.platform.vault.master import MasterKey, MasterKeys
from modelbay.platform.vault.memory import Memory
from modelbay.platform.vault.opened import Reason, sentence
from modelbay.platform.vault.sources import MasterKeyError
from modelbay.store import Database
from modelbay.store import vault as queries
from modelbay.store.vault import KeyPairRow

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_MOST: Final = 1_000  # opened private keys in memory, 3 kB each


class VaultError(ModelbayError):
    """A secret cannot be sealed; the message says what is wrong with the workspace's key pair."""

    summary = "The vault cannot be used."


class KeyPair:
    """A workspace's key pair, opened. It never shows."""

    __slots__ = ("number", "private", "public", "workspace")

    def __init__(self, row: KeyPairRow, private: RSAPrivateKey) -> None:
        self.workspace = row.workspace
        self.number = row.number
        self.public = row.public_key
        self.private = private

    def __repr__(self) -> str:
        return f"KeyPair({self.workspace}, {self.number})"


class KeyPairs:
    """Key pairs by workspace and number; those opened are remembered."""

    def __init__(self, masters: MasterKeys) -> None:
        self.masters = masters
        self._opened: Memory[tuple[str, int], KeyPair] = Memory(_MOST)

    def newest(self, database: Database, workspace: str) -> KeyPair:
        """Return the pair that secrets are sealed for; the first time, make it.

        Which one that is is read each time, so that nothing is sealed for a pair that another process has
        replaced. Its public half is the one inside the private key: a public key that somebody has put into
        the database would be theirs.

        Raises:
            VaultError: The private key cannot be opened.
            MasterKeyError: There is no master key to keep a new pair under.
        """
        row = queries.newest(database, workspace) or self._first(database, workspace)
        found = self._pair(row)
        if isinstance(found, KeyPair):
            return found
        if found in ("no-master", "other-master"):
            raise self.missing([row.master])
        raise VaultError(
            f"workspace {workspace}: its key pair {row.number} cannot be used: {sentence(found)}"
        )

    def numbered(self, database: Database, workspace: str, number: int) -> KeyPair | Reason:
        """Return a pair by its number, or the reason why there is none."""
        known = self._opened.get((workspace, number))
        if known is not None:
            return known
        row = queries.numbered(database, workspace, number)
        return self._pair(row) if row is not None else "no-key"

    def forget(self) -> None:
        """Forget the pairs that were opened."""
        self._opened.clear()

    def master(self, database: Database) -> MasterKey:
        """Return the master key that pairs are kept under; while they are held.

        Raises:
            MasterKeyError: This process has not got it.
        """
        stored = queries.masters(database)
        if not stored:
            return self.masters.first()
        found = next((key for key in map(self.masters.by_id, stored) if key is not None), None)
        if found is None:
            raise self.missing(stored)
        return found

    def missing(self, stored: Sequence[str]) -> MasterKeyError:
        """Return the error that names the master key that is needed, and what there is in its place.

        Raises:
            MasterKeyError: Nothing can be read there, or nothing that is a master key.
        """
        have = ", ".join(key.id for key in self.masters.read())
        place = self.masters.source.name
        return MasterKeyError(
            f"the stored secrets are kept under the master key {', '.join(stored)}, "
            + (
                f"but {place} has {have}: give this process the key of those that serve already"
                if have
                else f"and {place} is missing: restore it from a backup; nothing opens them without it"
            )
        )

    def _pair(self, row: KeyPairRow) -> KeyPair | Reason:
        known = self._opened.get((row.workspace, row.number))
        if known is not None and known.public == row.public_key:
            return known
        found = open_row(row, self.masters)
        if isinstance(found, KeyPair):
            self._opened.put((row.workspace, row.number), found)
        return found

    def _first(self, database: Database, workspace: str) -> KeyPairRow:
        from modelbay.platform.vault import ciphers  # noqa: PLC0415 - start-up time

        private = ciphers.new_private_key()  # before others have to wait
        with queries.held(database):
            existing = queries.newest(database, workspace)  # somebody else was first
            return existing or keep(database, workspace, 1, private, self.master(database))


def keep(
    database: Database, workspace: str, number: int, private: RSAPrivateKey, master: MasterKey
) -> KeyPairRow:
    """Store a new pair; while they are held."""
    from modelbay.platform.vault import ciphers  # noqa: PLC0415 - start-up time

    public = ciphers.public_bytes(private)
    row = KeyPairRow(
        workspace=workspace,
        number=number,
        public_key=public,
        sealed_private_key=ciphers.shut(
            master.reveal(), ciphers.private_bytes(private), _bound(workspace, number, public)
        ),
        master=master.id,
        created=time.time(),
    )
    queries.insert(database, row)
    return row


def open_row(row: KeyPairRow, masters: MasterKeys) -> KeyPair | Reason:
    """Open a stored pair, or return the reason why that cannot be."""
    from modelbay.platform.vault import ciphers  # noqa: PLC0415 - start-up time

    try:
        master = masters.by_id(row.master)
    except MasterKeyError:
        return "no-master"
    if master is None:
        return "other-master"
    der = opened_bytes(row, master)
    private = ciphers.private_key(der) if der is not None else None
    if private is None or ciphers.public_bytes(private) != row.public_key:
        return "damaged"
    return KeyPair(row, private)


def opened_bytes(row: KeyPairRow, master: MasterKey) -> bytes | None:
    """Return a stored private key as DER; None if the master key is another, or anything was changed."""
    from modelbay.platform.vault import ciphers  # noqa: PLC0415 - start-up time

    return ciphers.unshut(
        master.reveal(), row.sealed_private_key, _bound(row.workspace, row.number, row.public_key)
    )


def rewrapped(row: KeyPairRow, der: bytes, master: MasterKey) -> bytes:
    """Return a private key as another master key wraps it."""
    from modelbay.platform.vault import ciphers  # noqa: PLC0415 - start-up time

    return ciphers.shut(master.reveal(), der, _bound(row.workspace, row.number, row.public_key))


def _bound(workspace: str, number: int, public: bytes) -> bytes:
    return bound_to("key pair", workspace, str(number), public.hex())
