"""One request and its answer over one connection."""

from __future__ import annotations

import time
import zlib

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
        "_inflate",
        "_limits",
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
        self._reusable = False
        self._inflate = _decompressor(head)

    def begin(self, rest: bytes, *, reusable: bool) -> None:
        """Take what arrived along with the head."""
        self._reusable = reusable and self.head.keep_alive
        self._ready = self._body.feed(rest)
        self._free_if_done()

    async def read(self) -> bytes:
        """Return the next piece of the body, never empty before its end; b"" is the end.

        Raises:
            WireError: The answer broke off, stalled, or is no HTTP. The connection is closed.
        """
        if self._inflate is not None:
            return await self._inflated(self._inflate)
        return await self._next()

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
            error = limits.expired("reading the answer", limits.timeouts.idle, answered=True)
        except OSError as failure:
            why = failure.strerror or "it was closed"
            error = WireError(f"The connection broke in the middle of the answer: {why}.", answered=True)
        else:
            if data:
                data = self._body.feed(data)
            else:
                self._body.end()
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
            self.pool.release(self._route, connection, reusable=reusable)


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
