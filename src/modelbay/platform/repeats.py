"""A request that is sent twice is done once: `Idempotency-Key`, for a day.

Neither the key nor the request is stored, only hashes of them, and that of the request is made with the key:
a request may hold a secret. An answer that holds one is sealed in the vault of its workspace.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.people.refusals import conflict, invalid
from modelbay.platform.vault import Secret, Vault
from modelbay.store import Database
from modelbay.store import repeats as queries
from modelbay.store.repeats import RepeatRow

FIELD: Final = "Idempotency-Key"
KEPT: Final = 86_400.0  # seconds
MOST: Final = 1_000  # requests kept of one caller
_LONGEST: Final = 255
_RUNNING: Final = 120.0  # seconds after which a request that has not ended was cut off
_ANSWER: Final = "answer"
_LOCK: Final = "repeats"


@dataclass(frozen=True, slots=True)
class Repeatable:
    """A request of a caller under a key. `workspace` is "" if it is in none."""

    caller: str
    workspace: str
    name: bytes
    request: bytes

    @classmethod
    def of(cls, caller: str, workspace: str, key: str, *request: bytes) -> Repeatable:
        """Return the request that these parts make.

        Raises:
            InvokeBadRequestError: The key is none.
        """
        if not 0 < len(key) <= _LONGEST or not key.isascii() or not key.isprintable():
            raise invalid(FIELD, f"1 to {_LONGEST} printable characters, such as a random UUID")
        joined = b"".join(len(part).to_bytes(8, "big") + part for part in request)
        name = hashlib.sha256(f"{caller}\0{key}".encode()).digest()
        return cls(caller, workspace, name, hmac.new(key.encode(), joined, hashlib.sha256).digest())


def begin(database: Database, vault: Vault, one: Repeatable, *, now: float) -> str | None:
    """Return the answer that was given before; None if the request is to be done now.

    Raises:
        InvokeBadRequestError: The key was used for another request, or its request still runs.
    """
    row = RepeatRow(
        caller=one.caller, name=one.name, workspace=one.workspace, request=one.request, created=now
    )
    with database.transaction(_LOCK):
        queries.sweep(database, before=now - KEPT)
        if queries.insert(database, row):
            if queries.count(database, one.caller) > MOST:
                queries.forget_oldest(database, one.caller, most=MOST)
            return None
        found = queries.get(database, one.caller, one.name)
    assert found is not None
    if not hmac.compare_digest(found.request, one.request):
        raise invalid(FIELD, "was used for another request: take a new one for each")
    return _answer_of(database, vault, found, now)


def finish(database: Database, vault: Vault, one: Repeatable, answer: str, *, secret: bool) -> None:
    """Keep the answer of a request that was done; a secret one is sealed for its workspace."""
    kept = vault.seal(database, one.workspace, one.name.hex(), _ANSWER, answer) if secret else answer
    queries.finish(database, one.caller, one.name, kept, sealed=secret)


def forget(database: Database, one: Repeatable) -> None:
    """Forget a request that was refused: it may be sent again, under the same key."""
    queries.delete(database, one.caller, one.name)


def _answer_of(database: Database, vault: Vault, row: RepeatRow, now: float) -> str:
    if row.answer is None:
        raise _running() if now - row.created < _RUNNING else _cut_off()
    if not row.sealed:
        return row.answer
    opened = vault.open(database, row.workspace, row.name.hex(), _ANSWER, row.answer)
    if not isinstance(opened, Secret):
        raise conflict(FIELD, "the answer that was given cannot be opened any more; the request was done")
    return opened.reveal()


def _running() -> InvokeBadRequestError:
    error = conflict(FIELD, "its request is still being done: wait for the answer")
    error.retry_after = 1.0
    return error


def _cut_off() -> InvokeBadRequestError:
    return conflict(
        FIELD,
        "its request was cut off, and may or may not have been done: look, then send it under a new key",
    )
