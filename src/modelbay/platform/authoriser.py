"""Whose a key is: answered from memory, and never older than a second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from hmac import compare_digest
from typing import Final, TypeVar

from modelbay.errors import InvokeServerUnavailableError, ModelbayError
from modelbay.platform.background import BackgroundDatabase
from modelbay.platform.lineages import DEEPEST, expiry_of, is_open
from modelbay.platform.secrets import digest_of, is_plausible
from modelbay.runtime.accounts import Caller, KeyRefusedError
from modelbay.runtime.scopes import Scope
from modelbay.store import Database, StoreError, marks
from modelbay.store import keys as queries
from modelbay.store.keys import Link

_REFRESH: Final = 0.4  # seconds after which the next call has the memory compared, without waiting for it
_STALE: Final = 0.9  # … and after which nothing is answered from memory before that
_MOST: Final = 10_000  # keys remembered, of each kind
_NEVER: Final = float("inf")
_EVERYTHING: Final = Scope()

V = TypeVar("V")


class StoredKeys:
    """An `Authoriser` over the keys of a data directory.

    What is remembered is found by the hash of the whole key, so that how long it takes says nothing about a
    key. A change by any process raises a number in the database; whoever sees a new one forgets everything.
    """

    def __init__(
        self,
        database: BackgroundDatabase,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        keeps_known: bool = False,
        refusal: Callable[[], str] = lambda: "",
    ) -> None:
        """Look keys up in a database.

        Args:
            keeps_known: Whether keys in memory go on opening while the database is away: nobody can revoke
                one in it then, and what was revoked is seen when it is back.
            refusal: Why nobody is let in at all; "" if somebody is.
        """
        self.failure = ""
        self._keeps_known = keeps_known
        self._refusal = refusal
        self._is_away = False
        self._tried = float("-inf")
        self._database = database
        self._clock = clock
        self._now = now
        self._callers: dict[bytes, tuple[Caller, float]] = {}
        self._refused: dict[bytes, None] = {}
        self._mark = -1
        self._checked = float("-inf")
        self._comparing: asyncio.Task[None] | None = None

    def known(self, key: str) -> Caller | None:
        """Return the caller if that is known without I/O; None if `authorise` has to look."""
        if self._refusal():
            return None
        age = self._clock() - self._checked
        if age > _REFRESH:
            if age > _STALE and not self._is_surely_away():
                return None
            if self._clock() - self._tried > _REFRESH:
                self._compare_soon()
        found = self._callers.get(digest_of(key))
        return found[0] if found is not None and found[1] > self._now() else None

    async def authorise(self, key: str) -> Caller:
        """Return the caller.

        Raises:
            KeyRefusedError: The key is unknown, expired or revoked, or one that it is narrower than is.
            StoreError: The keys cannot be read: nobody is let in who is not known.
            InvokeServerUnavailableError: No call is taken now.
        """
        if reason := self._refusal():
            raise InvokeServerUnavailableError(f"{reason}; try again", retry_after=1)
        if not is_plausible(key):
            raise KeyRefusedError(status=401)
        if self._clock() - self._checked > _STALE and not self._is_surely_away():
            await self._compared()
        caller = self.known(key)
        return caller if caller is not None else await self._look(digest_of(key))

    def look(self) -> None:
        """See whether keys can be read, in the background, if that was not seen a moment ago."""
        if self.failure or self._clock() - self._checked > _STALE:
            self._compare_soon()

    def lets_in(self) -> bool:
        """Whether keys open anything, as far as is known: all that do, or those in memory."""
        if not self.failure:
            return True
        now = self._now()
        return self._is_away and any(expires > now for _, expires in self._callers.values())

    async def close(self) -> None:
        """Wait for the comparison that is under way."""
        if self._comparing is not None:
            await asyncio.gather(self._comparing, return_exceptions=True)

    async def _look(self, digest: bytes) -> Caller:
        if digest in self._refused:
            raise KeyRefusedError(status=401)
        mark, lineage = await self._database.run(_find, digest)
        self._forget_if_changed(mark)
        if not is_open(lineage, self._now()):
            _remember(self._refused, digest, None)
            raise KeyRefusedError(status=401)
        caller, expires = caller_of(lineage), expiry_of(lineage)
        _remember(self._callers, digest, (caller, _NEVER if expires is None else expires))
        return caller

    def _is_surely_away(self) -> bool:
        """Whether the database was away a moment ago; what was so before a silence has to be seen again."""
        tried = self._clock() - self._tried <= _STALE
        return self._is_away and (tried or (self._comparing is not None and not self._comparing.done()))

    async def _compared(self) -> None:
        try:
            await asyncio.shield(self._compare_soon())
        except StoreError:
            if not self._keeps_known:
                raise

    def _compare_soon(self) -> asyncio.Task[None]:
        if self._comparing is None or self._comparing.done():
            self._tried = self._clock()
            self._comparing = asyncio.get_running_loop().create_task(self._compare())
            self._comparing.add_done_callback(self._note)
        return self._comparing

    async def _compare(self) -> None:
        began = self._clock()
        self._forget_if_changed(await self._database.run(marks.mark, marks.KEYS))
        self._checked = began

    def _note(self, done: asyncio.Task[None]) -> None:
        error = None if done.cancelled() else done.exception()
        self.failure = f"keys cannot be read: {_words(error)}" if error is not None else ""
        self._is_away = self._keeps_known and isinstance(error, StoreError)

    def _forget_if_changed(self, mark: int) -> None:
        if mark != self._mark:
            self._callers.clear()
            self._refused.clear()
            self._mark = mark


def caller_of(lineage: Sequence[Link]) -> Caller:
    """Return whom the first key of a lineage lets in, and to what: to what all of the lineage open."""
    row = lineage[0].row
    each = (link.row for link in lineage)
    scopes = (Scope(row.models, row.types, row.surfaces, row.networks) for row in each)
    return Caller(
        row.id,
        row.name,
        row.workspace,
        tuple(dict.fromkeys(scope for scope in scopes if scope != _EVERYTHING)),
        row.member,
        tuple(link.row.id for link in lineage),
    )


def _find(database: Database, digest: bytes) -> tuple[int, Sequence[Link]]:
    """Return the lineage of a key by its hash, and the number of changes that it was read after."""
    mark = marks.mark(database, marks.KEYS)
    lineage = queries.lineage(database, digest, most=DEEPEST)
    return mark, lineage if lineage and compare_digest(lineage[0].row.hash, digest) else ()


def _remember(memory: dict[bytes, V], digest: bytes, value: V) -> None:
    """Remember one more; what was remembered first goes when there are too many."""
    if len(memory) >= _MOST:
        del memory[next(iter(memory))]
    memory[digest] = value


def _words(error: BaseException) -> str:
    return str(error) if isinstance(error, ModelbayError) else f"unexpected {type(error).__name__}"
