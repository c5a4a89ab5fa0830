"""Connections of one event loop: kept open between requests, limited in number."""

from __future__ import annotations

import asyncio
import functools
import time
from collections import deque

from modelbay.wires.http1.connection import Connection
from modelbay.wires.http1.dial import dial
from modelbay.wires.http1.limits import Limits
from modelbay.wires.http1.proxy import Proxies, Proxy
from modelbay.wires.http1.target import Target
from modelbay.wires.http1.tls import tls_context
from modelbay.wires.settings import TransportSettings

__all__ = ["Pool", "Route"]

_SURELY_OPEN = (
    0.5  # seconds; an upstream that closed within it tells its loop, or is met as a stale connection
)

_Key = tuple[str, str, int, Proxy | None]


class Route:
    """How to get to a target: directly or through a proxy."""

    __slots__ = ("key", "proxy", "target")

    def __init__(self, target: Target, proxy: Proxy | None) -> None:
        self.target = target
        self.proxy = proxy
        self.key: _Key = (target.scheme, target.host, target.port, proxy)


class Pool:
    """Open connections by destination. To be used on its own event loop only, but for `close`."""

    def __init__(self, settings: TransportSettings, proxies: Proxies) -> None:
        self.loop = asyncio.get_running_loop()
        self.proxies = proxies
        self._settings = settings
        self._idle: dict[_Key, list[Connection]] = {}
        self._busy: set[Connection] = set()
        self._free = settings.max_connections
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._sweeper: asyncio.TimerHandle | None = None

    async def acquire(self, route: Route, limits: Limits, *, fresh: bool = False) -> Connection:
        """Return a connection, idle or new.

        Args:
            fresh: Do not take an idle one: the last try met one that the upstream had closed.

        Raises:
            WireError: There is none to be had.
        """
        if self._free > 0 and not self._waiting:
            self._free -= 1
        else:
            await self._turn(limits)
        try:
            connection = None if fresh else self._take_idle(route.key)
            if connection is None:
                connection = await self._dial(route, limits)
        except BaseException:
            self._give_up_slot()
            raise
        self._busy.add(connection)
        return connection

    async def _turn(self, limits: Limits) -> None:
        """Wait for a slot; whoever waits longest is next."""
        turn = self.loop.create_future()
        self._waiting.append(turn)
        try:
            with limits.waiting_for("waiting for a free connection", None):
                async with asyncio.timeout(limits.delay(None)):
                    await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self._give_up_slot()
            raise

    def _give_up_slot(self) -> None:
        """Pass a slot on, or count it as free."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    async def _dial(self, route: Route, limits: Limits) -> Connection:
        settings = self._settings
        tls = tls_context(settings.ca_bundle, settings.ca_pem) if route.target.scheme == "https" else None
        guarded = settings.proxy_hosts if settings.proxy else None  # the environment's is the operator's own
        seconds = limits.timeouts.connect
        with limits.waiting_for("connecting", seconds, sent=False):
            async with asyncio.timeout(limits.delay(seconds)):
                return await dial(route.target, route.proxy, tls, settings.private_hosts, guarded)

    def release(self, route: Route, connection: Connection, *, reusable: bool) -> None:
        """Take a connection back: keep it if it can serve again, else close it."""
        if connection not in self._busy:
            return
        self._busy.discard(connection)
        self._give_up_slot()
        if not reusable or connection.closed or connection.has_left_over():
            connection.close()
            return
        connection.reused = True
        connection.idle_since = time.monotonic()
        connection.on_idle = functools.partial(self._on_idle, route.key)
        self._idle.setdefault(route.key, []).append(connection)
        if self._sweeper is None:
            self._sweep_later()

    def close(self) -> None:
        """Close every connection, idle or not. On a running loop call it there."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        for connection in [*self._busy, *(each for idle in self._idle.values() for each in idle)]:
            connection.close()
        self._idle.clear()

    def close_idle(self) -> None:
        """Close the connections that nobody uses. On a running loop call it there."""
        for connection in [each for idle in self._idle.values() for each in idle]:
            connection.close()
        self._idle.clear()

    def _take_idle(self, key: _Key) -> Connection | None:
        """Return the connection used last: it is the likeliest to live."""
        idle = self._idle.get(key)
        lately = time.monotonic() - _SURELY_OPEN
        while idle:
            connection = idle.pop()
            connection.on_idle = None
            if (connection.idle_since > lately and not connection.closed) or connection.is_fresh():
                return connection
            connection.close()
        return None

    def _on_idle(self, key: _Key, connection: Connection) -> None:
        """The upstream closed an idle connection, or spoke unasked: either way it is of no more use."""
        connection.close()
        idle = self._idle.get(key, [])
        if connection in idle:
            idle.remove(connection)

    def _sweep_later(self) -> None:
        # The timer keeps a forgotten pool alive until its last idle connection has been closed.
        self._sweeper = self.loop.call_later(self._settings.keep_alive, self._sweep)

    def _sweep(self) -> None:
        self._sweeper = None
        oldest = time.monotonic() - self._settings.keep_alive
        for key, idle in list(self._idle.items()):
            for connection in [each for each in idle if each.idle_since <= oldest]:
                connection.close()
                idle.remove(connection)
            if not idle:
                del self._idle[key]
        if self._idle:
            self._sweep_later()
