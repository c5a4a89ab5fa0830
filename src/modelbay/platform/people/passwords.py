"""Passwords: argon2id, away from the event loop, and the same work for whoever has none."""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, TypeVar

from modelbay.errors import ModelbayError
from modelbay.platform.people.refusals import TooManyAttemptsError, invalid

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST: Final = 12  # characters
LONGEST: Final = 1000
_AT_ONCE: Final = 2  # each takes 64 MiB
_WAITING: Final = 32
_BUSY: Final = 2.0  # seconds after which to come again

T = TypeVar("T")


def check_password(password: str, *, field: str = "password") -> str:
    """Return a password that somebody has chosen, as `Passwords` takes it. Only its length counts.

    Raises:
        InvokeBadRequestError: It is too short or too long; it is not quoted.
    """
    if not SHORTEST <= len(normal(password)) <= LONGEST:
        raise invalid(field, f"{SHORTEST} to {LONGEST} characters; a few words that only you put together")
    return password


def normal(password: str) -> str:
    """Return a password as it is hashed: another keyboard writes the same letter in another way."""
    return unicodedata.normalize("NFKC", password)


class Passwords:
    """Makes and compares hashes of passwords on threads of its own.

    The parameters are the second recommended choice of RFC 9106; a hash keeps those that it was made with.
    """

    def __init__(self, *, time_cost: int = 3, memory_cost: int = 65_536, parallelism: int = 4) -> None:
        """Use these parameters for new hashes; `memory_cost` is in KiB."""
        self._parameters = time_cost, memory_cost, parallelism
        self._threads = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="modelbay-password")
        self._running = 0
        self._known: PasswordHasher | None = None
        self._nobody = ""

    async def hash(self, password: str) -> str:
        """Return what is stored of a password.

        Raises:
            TooManyAttemptsError: Too many are waiting.
        """
        return await self._run(self._hash, password)

    async def matches(self, stored: str, password: str) -> bool:
        """Whether a password is the one of a hash; takes as long where there is no hash to compare with.

        Raises:
            TooManyAttemptsError: Too many are waiting.
        """
        return await self._run(self._matches, stored, password)

    def is_outdated(self, stored: str) -> bool:
        """Whether a hash was made with other parameters than new ones are."""
        return self._hasher().check_needs_rehash(stored)

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False)

    async def _run(self, function: Callable[..., T], *values: str) -> T:
        if self._running >= _AT_ONCE + _WAITING:
            raise TooManyAttemptsError(_BUSY)
        self._running += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, function, *values)
        finally:
            self._running -= 1

    def _hash(self, password: str) -> str:
        return self._hasher().hash(_bytes(password))

    def _matches(self, stored: str, password: str) -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError  # noqa: PLC0415 - as below

        hasher = self._hasher()
        if len(password) > LONGEST:
            stored, password = "", password[:LONGEST]
        try:
            return hasher.verify(stored or self._nobody, _bytes(password)) and bool(stored)
        except VerifyMismatchError:
            return False
        except (InvalidHashError, VerificationError):
            if not stored:
                raise  # ours is whole: there is no memory left
            return self._matches("", password)  # damaged: nothing matches it, at the same price

    def _hasher(self) -> PasswordHasher:
        if self._known is None:
            try:  # start-up time, and an extra: only who signs in needs it
                from argon2 import PasswordHasher  # noqa: PLC0415
            except ImportError:
                raise ModelbayError("signing in with a password needs modelbay[gateway]") from None
            hasher = PasswordHasher(*self._parameters)
            self._nobody = hasher.hash(secrets.token_bytes(32))
            self._known = hasher
        return self._known


def _bytes(password: str) -> bytes:
    return normal(password).encode("utf-8", "surrogatepass")
