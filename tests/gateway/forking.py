"""Forks serving processes: `python -m tests.gateway.forking PATH`, until its stdin ends.

All that serves is imported once, so that a server is there in a moment. Whoever connects to PATH gets one: it
is told in a line what to be, tells in a line where it listens, does what it is asked, and ends when its
connection does. So no server outlives the test that has started it.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from tests.gateway.client import fetch

from modelbay.gateway.app import Gateway
from modelbay.gateway.http.server import Server
from modelbay.gateway.http.settings import ServerSettings
from modelbay.gateway.http.worker import new_loop
from modelbay.gateway.settings import GatewaySettings
from modelbay.runtime.cooling import Cooling
from modelbay.runtime.trying import Balancer

DONE: Final = b"done\n"
_LATER: Final = (
    "argon2",
    "redis.asyncio",
    "uvloop",
    "modelbay.gateway.api.dispatch",
    "modelbay.store.postgres",
)
"""What a server imports when it is first needed."""


class Announced:
    """The announcements of a gateway that has not been started yet."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def cool(self, name: str, seconds: float) -> None:
        """Tell the others that something is left alone."""
        self._gateway.platform.shared.cool(name, seconds)

    def cooling(self) -> Mapping[str, float]:
        """Return what was told."""
        return self._gateway.platform.shared.cooling()

    async def claim(self, name: str, seconds: float) -> bool:
        """Whether this process may try something."""
        return await self._gateway.platform.shared.claim(name, seconds)


async def look(gateway: Gateway) -> None:
    """See what has been changed elsewhere, as a server does by itself within a second."""
    await gateway.platform.credentials.look()
    await gateway.platform.authoriser._compare()


async def tell(gateway: Gateway) -> None:
    """Tell the other servers all there is to tell, and hear of them, as is done all the time."""
    await gateway.platform.shared.flush()


async def reckon(gateway: Gateway) -> None:
    """Wait for the figures of the ledger that are being read beside the calls."""
    await gateway.platform.figures.settled()


ORDERS: Final[Mapping[str, Callable[[Gateway], Awaitable[None]]]] = {
    order.__name__: order for order in (look, tell, reckon)
}


async def serve(plan: Mapping[str, Any], connection: socket.socket) -> None:
    """Serve until the connection ends."""
    gateway = Gateway(GatewaySettings.of(plan["settings"]))
    if plan["steady"]:
        gateway.balancer = Balancer(Cooling(Announced(gateway), chance=lambda: 0.0))
    await gateway.startup()
    server = await Server.start(gateway, ServerSettings(port=0))
    reader, writer = await asyncio.open_unix_connection(sock=connection)
    writer.write(f"{os.getpid()} {server.addresses[0]}\n".encode())
    while order := await reader.readline():
        await ORDERS[order.decode().strip()](gateway)
        writer.write(DONE)
    await server.drain(0)
    await gateway.shutdown()
    writer.close()


def live(connection: socket.socket) -> int:
    """Be one server, from what it is told to its end; return the exit status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with connection.makefile("rb") as lines:
        plan = json.loads(lines.readline() or b"null")
    if plan is None:
        return 0
    os.environ.clear()
    os.environ.update(plan["environment"])
    try:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(serve(plan, connection))
    except BaseException:  # noqa: BLE001 - the test shows it as what was written to stderr
        traceback.print_exc()
        return 1
    return 0


async def warm_up(folder: Path) -> None:
    """Serve something: what is made at the first call need not be made by each server again."""
    gateway = Gateway(GatewaySettings(str(folder), access_log=False))
    await gateway.startup()
    server = await Server.start(gateway, ServerSettings(port=0))
    host, _, port = server.addresses[0].rpartition(":")
    await fetch((host, int(port)), "GET", "/api/session", None, {})
    await server.drain(0)
    await gateway.shutdown()


def main(path: str) -> None:
    """Fork a server for each connection until stdin ends."""
    for name in _LATER:
        importlib.import_module(name)
    with TemporaryDirectory() as folder:
        asyncio.run(warm_up(Path(folder)))
    assert threading.active_count() == 1, threading.enumerate()  # others would be missing in what is forked
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them: connections tell of their end
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        os.write(1, DONE)
        while 0 not in select.select([0, listening.fileno()], [], [])[0]:
            connection, _ = listening.accept()
            with connection:
                if os.fork() == 0:
                    listening.close()
                    os._exit(live(connection))


if __name__ == "__main__":
    main(sys.argv[1])
