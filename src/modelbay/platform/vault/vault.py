"""Sealing and opening secrets, each for one workspace, record and field."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from modelbay.platform.vault import envelope
from modelbay.platform.vault.envelope import Envelope, bound_to
from modelbay.platform.vault.master import MasterKeys
from modelbay.platform.vault.memory import Memory
from modelbay.platform.vault.opened import Reason, Secret, SecretUnreadable
from modelbay.platform.vault.pairs import KeyPair, KeyPairs, VaultError
from modelbay.store import Database, marks

if TYPE_CHECKING:
    from modelbay.platform.vault.check import SelfTest

__all__ = ["Sealer", "Vault", "VaultError"]

_MOST: Final = 10_000  # unwrapped data keys in memory, 0.2 kB each


class Sealer(Protocol):
    """What who stores secrets needs of the vault."""

    def seal(self, workspace: str, record: str, field: str, text: str) -> str:
        """Return what is stored of a secret."""
        ...

    def open(self, workspace: str, record: str, field: str, sealed: str) -> Secret | SecretUnreadable:
        """Return a secret, or the reason why there is none."""
        ...


class Vault:
    """Seals secrets and opens them; for any number of threads, each with a database of its own.

    Each secret has a data key of its own, wrapped for the workspace's key pair. Unwrapping one takes 0.7 ms,
    so data keys are remembered; secrets are not.
    """

    def __init__(self, masters: MasterKeys) -> None:
        self.masters = masters
        self.pairs = KeyPairs(masters)
        self._data_keys: Memory[bytes, bytes] = Memory(_MOST)
        self._mark = -1

    def seal(self, database: Database, workspace: str, record: str, field: str, text: str) -> str:
        """Return what is stored of a secret: it opens for the same workspace, record and field only.

        The first secret of a workspace makes its key pair, which takes 0.2 s: `prepare` does that ahead of a
        transaction.

        Raises:
            VaultError: The workspace's key pair cannot be used.
            MasterKeyError: There is no master key.
        """
        from modelbay.platform.vault import ciphers  # noqa: PLC0415 - start-up time

        pair = self.pairs.newest(database, workspace)
        data_key = ciphers.new_key()
        wrapped = ciphers.wrap(pair.private, data_key)
        plain = text.encode("utf-8", "surrogatepass")
        box = ciphers.shut(data_key, plain, bound_to("secret", workspace, record, field))
        self._data_keys.put(_name(pair, wrapped), data_key)
        return envelope.write(Envelope(pair.number, wrapped, box))

    def open(
        self, database: Database, workspace: str, record: str, field: str, sealed: str
    ) -> Secret | SecretUnreadable:
        """Return a secret, or the reason why there is none; never raise for what is stored."""
        found = self._opened(database, (workspace, record, field), sealed)
        return found if isinstance(found, Secret) else SecretUnreadable(found, record, field)

    def prepare(self, database: Database, workspace: str) -> None:
        """Make a workspace's key pair if it has none; VaultError if its key pair cannot be used."""
        self.pairs.newest(database, workspace)

    def open_at_start(self, database: Database) -> SelfTest:
        """Prove that the stored key pairs open with this process's master key; say which do not."""
        from modelbay.platform.vault.check import self_test  # noqa: PLC0415 - it is built on this module

        return self_test(self, database)

    def on(self, database: Database) -> Sealer:
        """Return the vault as those see it who have a database at hand."""
        return _OnDatabase(self, database)

    def refresh(self, database: Database) -> None:
        """Forget what was opened if a key pair has been replaced since, here or by another process."""
        mark = marks.mark(database, marks.VAULT)
        if mark != self._mark:
            self.forget()
            self._mark = mark

    def forget(self) -> None:
        """Forget the keys that were opened."""
        self.pairs.forget()
        self._data_keys.clear()

    def _opened(self, database: Database, place: tuple[str, str, str], sealed: str) -> Secret | Reason:
        from modelbay.platform.vault import ciphers  # noqa: PLC0415 - start-up time

        parts = envelope.read(sealed)
        if parts is None:
            newer = envelope.is_versioned(sealed) and not sealed.startswith(f"{envelope.PREFIX}.")
            return "unknown-version" if newer else "not-sealed"
        pair = self.pairs.numbered(database, place[0], parts.number)
        if not isinstance(pair, KeyPair):
            return pair
        data_key = self._data_key(pair, parts.wrapped)
        plain = ciphers.unshut(data_key, parts.box, bound_to("secret", *place)) if data_key else None
        return "damaged" if plain is None else Secret(plain.decode("utf-8", "surrogatepass"))

    def _data_key(self, pair: KeyPair, wrapped: bytes) -> bytes | None:
        from modelbay.platform.vault import ciphers  # noqa: PLC0415 - start-up time

        name = _name(pair, wrapped)
        known = self._data_keys.get(name)
        if known is not None:
            return known
        data_key = ciphers.unwrap(pair.private, wrapped)
        if data_key is not None:
            self._data_keys.put(name, data_key)
        return data_key


@dataclass(frozen=True, slots=True)
class _OnDatabase:
    vault: Vault
    database: Database

    def seal(self, workspace: str, record: str, field: str, text: str) -> str:
        return self.vault.seal(self.database, workspace, record, field, text)

    def open(self, workspace: str, record: str, field: str, sealed: str) -> Secret | SecretUnreadable:
        return self.vault.open(self.database, workspace, record, field, sealed)


def _name(pair: KeyPair, wrapped: bytes) -> bytes:
    """Return what a data key is remembered by, for one key pair of one workspace only."""
    return hashlib.sha256(bound_to("data key", pair.workspace, str(pair.number)) + wrapped).digest()
