"""One request and its answer over one connection."""

from __future__ import annotations

import asyncio
import functools
import math
import time
import zlib
from collections.abc import Callable

from modelbay.wires.http1.body import Body
from modelbay.wires.http1.connection import Connection
from modelbay.wires.http1.errors import WireError
from modelbay.wires.http1.head import LONGEST_HEAD, Head, read_head
from modelbay.wires.http1.limits import Limits
from modelbay.wires.http1.pool import Pool, Route

__all__ = ["Exchange", "exchange"]

_STALE_WITHIN = 1.0  # seconds; a later end was not an idle connection's end, and the upstream may have worked
_INFLATED = 2**20  # bytes decompressed at a time
_CODINGS = {"": False, "identity": False, "gzip": True, "x-gzip": True, "deflate": True}


class StaleError(WireError):
    """The upstream closed an idle connection while the request was on its way: nothing was carried out."""


async def exchange(pool: Pool, route: Route, method: str, request: bytes, limits: Limits) -> Exchange:
    """Send a request and return its answer once the head is there.

    A connection that turns out to have been closed while idle is replaced by a fresh one, unnoticed.

    Raises:
        WireError: There was no answer; the connection is closed.
    """
    try:
        return await _once(pool, route, method, request, limits, fresh=False)
    except StaleError:
        return await _once(pool, route, method, request, limits, fresh=True)


async def _once(
    pool: Pool, route: Route, method: str, request: bytes, limits: Limits, *, fresh: bool
) -> Exchange:
    connection = await pool.acquire(route, limits, fresh=fresh)
    try:
        by = limits.by(limits.timeouts.first_byte)
        complete = await _send(connection, request, limits, by)
        head, rest = await _receive_head(connection, limits, by)
        answer = Exchange(pool, route, connection, head, method, limits)
        answer.begin(rest, reusable=complete)
        return answer
    except BaseException:
        pool.release(route, connection, reusable=False)
        raise


async def _send(connection: Connection, request: bytes, limits: Limits, by: float) -> bool:
    try:
        return await connection.send(request, by)
    except TimeoutError:
        error = limits.expired("sending the request", limits.timeouts.first_byte)
    raise error


async def _receive_head(connection: Connection, limits: Limits, by: float) -> tuple[Head, bytes]:
    """Return the head of the final answer, and what came with it. Interim answers (1xx) are passed over."""
    started = time.monotonic()
    data = b""
    while True:
        end = data.find(b"\r\n\r\n")
        if end >= 0:
            head, data = read_head(data[:end]), data[end + 4 :]
            if head.status >= 200:
                return head, data
            continue
        if len(data) > LONGEST_HEAD:
            raise WireError("The provider's answer has endless headers.", answered=True, invalid=True)
        data += await _receive(connection, limits, by, data, started)


async def _receive(connection: Connection, limits: Limits, by: float, data: bytes, started: float) -> bytes:
    try:
        more = await connection.receive(by)
    except TimeoutError:
        error = limits.expired("waiting for the answer", limits.timeouts.first_byte)
    except OSError as failure:
        error = _broken(connection, data, started, failure.strerror or "it was closed")
    else:
        if more:
            return more
        error = _broken(connection, data, started, "the provider closed it")
    raise error


def _broken(connection: Connection, data: bytes, started: float, why: str) -> WireError:
    text = f"The connection ended before the answer came: {why}."
    if connection.reused and not data and time.monotonic() - started < _STALE_WITHIN:
        return StaleError(text)
    return WireError(text, answered=bool(data))


class Exchange:
    """An answer whose head has arrived. Read it to its end or close it: only then is its connection free."""

    __slots__ = (
        "_body",
        "_connection",
        "_freed",
        "_inflate",
        "_limits",
        "_paused",
        "_push",
        "_ready",
        "_reusable",
        "_route",
        "head",
        "pool",
    )

    def __init__(
        self, pool: Pool, route: Route, connection: Connection, head: Head, method: str, limits: Limits
    ) -> None:
        self.pool = pool
        self.head = head
        self._route = route
        self._connection: Connection | None = connection
        self._limits = limits
        self._body = head.body(method)
        self._ready = b""
        self._freed: Callable[[], None] | None = None
        self._paused = False
        self._push: Callable[[bytes], None] | None = None
        self._reusable = False
        self._inflate = _decompressor(head)

    def begin(self, rest: bytes, *, reusable: bool) -> None:
        """Take what arrived along with the head."""
        self._reusable = reusable and self.head.keep_alive
        self._ready = self._body.feed(rest)
        if self._ready:
            self._limits.begun()
        self._free_if_done()

    def when_free(self, freed: Callable[[], None]) -> None:
        """Call `freed` when the connection is free: at the end of the body, or when the answer is closed."""
        if self._connection is None:
            freed()
        else:
            self._freed = freed

    async def read(self) -> bytes:
        """Return the next piece of the body, never empty before its end; b"" is the end.

        Raises:
            WireError: The answer broke off, stalled, or is no HTTP. The connection is closed.
        """
        if self._inflate is not None:
            return await self._inflated(self._inflate)
        return await self._next()

    @property
    def compressed(self) -> bool:
        """Whether the body has to be decompressed: then it can be read, but not pushed."""
        return self._inflate is not None

    def push(self, give: Callable[[bytes], object]) -> asyncio.Future[None]:
        """Call `give` with each piece of the body in the moment that it arrives; return what ends with it.

        It is the cheapest way to pass an answer on: no task wakes up for a piece. The future raises what
        `read` raises; if it is cancelled, close the answer.
        """
        ended: asyncio.Future[None] = self.pool.loop.create_future()
        if self._ready:
            data, self._ready = self._ready, b""
            give(data)
        connection = self._connection
        if connection is None:
            ended.set_result(None)
            return ended
        self._push = functools.partial(self._heard, connection, self._body, give, ended)
        (self.pause if self._paused else self.resume)()
        return ended

    def pause(self) -> None:
        """Push no more for now: the upstream is held back, for as long as the call may take."""
        self._paused = True
        if self._connection is not None:
            self._connection.hold(self._push, self._limits.by(None))

    def resume(self) -> None:
        """Push on."""
        self._paused = False
        if self._connection is not None and self._push is not None:
            limits = self._limits
            idle = limits.timeouts.idle
            self._connection.listen(self._push, math.inf if idle is None else idle, limits.by(None))

    def _heard(
        self,
        connection: Connection,
        body: Body,
        give: Callable[[bytes], object],
        ended: asyncio.Future[None],
        data: bytes,
    ) -> None:
        try:
            if data:
                data = body.feed(data)
            else:
                self._ended(connection, body)
            if body.done:
                self._free_if_done()
            if data:
                if self._limits.awaits_first:
                    self._limits.begun()
                    connection.extend(self._limits.by(None))
                give(data)
        except Exception as error:  # noqa: BLE001 - whoever awaits the end of the body gets it
            self._free(reusable=False)
            _end(ended, error)
            return
        if body.done:
            _end(ended, None)

    def _ended(self, connection: Connection, body: Body) -> None:
        """Take note that nothing more comes; raise if that is not how the body ends."""
        if isinstance(connection.failure, EOFError):
            body.end()
        elif connection.failure is not None:
            raise self._pushed_failure(connection.failure)

    def _pushed_failure(self, failure: Exception) -> WireError:
        if isinstance(failure, TimeoutError):
            return self._limits.went_idle("reading the answer", answered=True)
        why = getattr(failure, "strerror", None) or "it was closed"
        return WireError(f"The connection broke in the middle of the answer: {why}.", answered=True)

    def close(self) -> None:
        """Free the connection: closed at once, unless the end of the answer is already here."""
        connection = self._connection
        if connection is None:
            return
        try:
            self._body.feed(connection.at_once())
            self._free_if_done()
        except WireError:
            self._free(reusable=False)
        else:
            if self._connection is not None:
                self._free(reusable=False)

    async def _next(self) -> bytes:
        if self._ready:
            data, self._ready = self._ready, b""
            return data
        while self._connection is not None:
            try:
                data = await self._receive(self._connection)
            except BaseException:
                self._free(reusable=False)
                raise
            if data:
                return data
        return b""

    async def _receive(self, connection: Connection) -> bytes:
        """Return what one read adds to the body, which may be nothing."""
        limits = self._limits
        try:
            data = await connection.receive(limits.by(limits.timeouts.idle))
        except TimeoutError:
            error = limits.went_idle("reading the answer", answered=True)
        except OSError as failure:
            why = failure.strerror or "it was closed"
            error = WireError(f"The connection broke in the middle of the answer: {why}.", answered=True)
        else:
            if data:
                data = self._body.feed(data)
            else:
                self._body.end()
            if data:
                limits.begun()
            self._free_if_done()
            return data
        raise error

    async def _inflated(self, inflate: zlib._Decompress) -> bytes:
        """Return the next decompressed piece, of 1 MB at most: a small body may unfold into a huge one."""
        while not inflate.eof:
            data = inflate.unconsumed_tail or await self._next()
            if not data:
                raise WireError("The compressed answer is cut short.", answered=True)
            if found := _decompress(inflate, data):
                return found
        while await self._next():
            pass
        return b""

    def _free_if_done(self) -> None:
        if self._body.done:
            self._free(reusable=self._reusable and self._body.clean)

    def _free(self, *, reusable: bool) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.forget()
            self.pool.release(self._route, connection, reusable=reusable)
            if self._freed is not None:
                self._freed()


def _end(ended: asyncio.Future[None], error: Exception | None) -> None:
    if ended.done():
        return
    if error is None:
        ended.set_result(None)
    else:
        ended.set_exception(error)


def _decompress(inflate: zlib._Decompress, data: bytes) -> bytes:
    try:
        return inflate.decompress(data, _INFLATED)
    except zlib.error:
        error = WireError("The answer is not compressed as it says.", answered=True, invalid=True)
    raise error


def _decompressor(head: Head) -> zlib._Decompress | None:
    coding = head.headers.get("content-encoding", "").strip().lower()
    if coding not in _CODINGS:
        raise WireError(
            f"The answer is compressed as {coding[:40]!r}, which was not asked for.",
            answered=True,
            invalid=True,
        )
    return zlib.decompressobj(wbits=47) if _CODINGS[coding] else None
