"""The server: listens, hands exchanges to the application, looks at the clock, goes down gracefully."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import sys
from collections import Counter
from collections.abc import Sequence
from functools import partial
from time import monotonic
from typing import Any, Self, cast

from modelbay.gateway.http.answer import HttpExchange
from modelbay.gateway.http.connection import Connection
from modelbay.gateway.http.exchange import App, BodyError, ClientGoneError
from modelbay.gateway.http.head import JSON, refusal_body
from modelbay.gateway.http.listening import address_of, bind, release, tls_context
from modelbay.gateway.http.outbox import Outbox
from modelbay.gateway.http.settings import ServerSettings

__all__ = ["Server"]

_log = logging.getLogger("modelbay.gateway.http")
_FORCED = 5.0  # seconds for the application to clean up after its calls were cancelled


class Server:
    """One listening server on the running event loop.

    Attributes:
        addresses: Where it listens: `host:port` or a path.
        draining: Whether it goes down: no new connections, and every answer is its connection's last.
        answered: Exchanges that the application was given so far.
        refusals: Requests that never reached the application, by status.
    """

    def __init__(self, app: App, settings: ServerSettings) -> None:
        self.settings = settings
        self.draining = False
        self.refusals: Counter[int] = Counter()
        self.answered = 0
        self.addresses: list[str] = []
        self._app = app
        self._loop = asyncio.get_running_loop()
        self._connections: set[Connection] = set()
        self._exchanges: set[HttpExchange] = set()
        self._own: list[socket.socket] = []  # sockets that nobody else removes
        self._listening: list[asyncio.Server] = []
        self._unflushed: list[Outbox] = []
        self._empty = asyncio.Event()
        self._sweep: asyncio.TimerHandle | None = None

    @classmethod
    async def start(
        cls, app: App, settings: ServerSettings, *, sockets: Sequence[socket.socket] | None = None
    ) -> Self:
        """Listen, and serve until `drain`.

        Args:
            sockets: Bound sockets to listen on, instead of what the settings name.

        Raises:
            ListenError: The address or the certificate cannot be used.
        """
        server = cls(app, settings)
        tls = tls_context(settings)
        if sockets is None:
            sockets = server._own = bind(settings)
        for sock in sockets:
            server.addresses.append(address_of(sock))
            server._listening.append(await server._listen(sock, tls))
        server._look()
        return server

    async def _listen(self, sock: socket.socket, tls: ssl.SSLContext | None) -> asyncio.Server:
        settings = self.settings
        create = cast(Any, self._loop.create_server)
        if sock.family == socket.AF_UNIX:
            create = cast(Any, self._loop.create_unix_server)
            if sys.version_info >= (3, 13) and isinstance(self._loop, asyncio.BaseEventLoop):
                create = partial(create, cleanup_socket=False)  # it would go with the first of many workers
        listening: asyncio.Server = await create(
            lambda: Connection(self),
            sock=sock,
            backlog=settings.backlog,
            ssl=tls,
            ssl_handshake_timeout=settings.head_timeout if tls else None,
            ssl_shutdown_timeout=settings.linger if tls else None,
        )
        return listening

    @property
    def connections(self) -> int:
        """Open connections."""
        return len(self._connections)

    @property
    def active(self) -> int:
        """Exchanges that the application is busy with."""
        return len(self._exchanges)

    # What connections ask.

    def joined(self, connection: Connection) -> bool:
        if len(self._connections) >= self.settings.max_connections:
            return False
        self._connections.add(connection)
        return True

    def left(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self._check_empty()

    def flush_soon(self, out: Outbox) -> None:
        if not self._unflushed:
            self._loop.call_soon(self._flush)
        self._unflushed.append(out)

    def _flush(self) -> None:
        waiting, self._unflushed = self._unflushed, []
        for out in waiting:
            out.flush()

    def refused(self, status: int) -> None:
        self.refusals[status] += 1

    def begin(self, exchange: HttpExchange) -> None:
        self.answered += 1
        self._exchanges.add(exchange)
        exchange.task = self._loop.create_task(self._serve(exchange))

    def stop(self, exchange: HttpExchange) -> None:
        if exchange.task is not None:
            exchange.task.cancel()
        if not exchange.running:  # a task that is cancelled before it began never comes to its `finally`
            self._exchanges.discard(exchange)
            self._check_empty()

    # The application.

    async def _serve(self, exchange: HttpExchange) -> None:
        exchange.running = True
        try:
            await self._app(exchange)
            if not exchange.ended:
                _log.error("the application left %s %s unanswered", exchange.method, exchange.path)
        except BodyError as error:
            if not exchange.begun:
                exchange.respond(error.status or 400, JSON, refusal_body(error.status or 400, str(error)))
        except ClientGoneError:
            pass
        except Exception:  # noqa: BLE001 - whatever it is, the client is told and the server goes on
            _log.exception("the application failed at %s %s", exchange.method, exchange.path)
        finally:
            self._finish(exchange)

    def _finish(self, exchange: HttpExchange) -> None:
        """Leave no exchange open: an answer that has begun is cut, one that has not is an error."""
        self._exchanges.discard(exchange)
        if exchange.begun:
            if not exchange.ended:
                exchange.abort()
        else:
            exchange.respond(500, JSON, _INTERNAL)
        if self.draining:
            self._check_empty()

    # The clock.

    def _look(self) -> None:
        self.sweep(monotonic())
        self._sweep = self._loop.call_later(self.settings.sweep, self._look)

    def sweep(self, now: float) -> None:
        """Enforce every connection's time limits as of `now` (`time.monotonic()`)."""
        for connection in list(self._connections):
            connection.look(now)

    # The end.

    def stop_listening(self) -> None:
        """Accept no more connections."""
        for each in self._listening:
            each.close()

    async def drain(self, timeout: float) -> bool:
        """Go down: finish what runs, then end. Call it again with 0 to end at once.

        Args:
            timeout: Seconds for running exchanges; those that need longer are cancelled and cut.

        Returns:
            Whether everything was finished in time.
        """
        self.draining = True
        self.stop_listening()
        for connection in list(self._connections):
            connection.close_if_idle()
        finished = await self._emptied(timeout)
        if not finished:
            for connection in list(self._connections):
                connection.cut(hard=False)
            for exchange in list(self._exchanges):
                self.stop(exchange)
            await self._emptied(_FORCED)
        if self._sweep:
            self._sweep.cancel()
        if self._own:
            release(self._own, self.settings)
        return finished

    async def _emptied(self, timeout: float) -> bool:
        self._check_empty()
        try:
            await asyncio.wait_for(self._empty.wait(), timeout)
        except TimeoutError:
            return self._empty.is_set()
        return True

    def _check_empty(self) -> None:
        if self.draining and not self._connections and not self._exchanges:
            self._empty.set()


_INTERNAL = refusal_body(500, "The server failed; its log says why.")
