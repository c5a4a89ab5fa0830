"""One serving process: the application's life around the server's, and the signals that end it."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from modelbay.errors import ModelbayError
from modelbay.gateway.http.dumps import forbid_dumps
from modelbay.gateway.http.exchange import Exchange
from modelbay.gateway.http.server import Server
from modelbay.gateway.http.settings import ServerSettings

__all__ = ["AT_ONCE", "END", "READY", "Application", "Ending", "Plan", "load_app", "new_loop", "serve"]

READY, END, AT_ONCE = b"ready\n", b".", b"!"  # what a worker says, and what it is told
_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Application(Protocol):
    """What a worker serves. It is made in the worker's process, before its event loop runs."""

    async def startup(self) -> None:
        """Get ready; the worker listens afterwards."""
        ...

    async def __call__(self, exchange: Exchange) -> None:
        """Serve one exchange."""
        ...

    def draining(self) -> None:
        """Take note that the worker goes down: say "not ready" from now on."""
        ...

    async def shutdown(self) -> None:
        """Let go of everything; no exchange runs any more."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """What a worker has to do. It is sent to its process as JSON.

    Attributes:
        make_app: `module:function`; it is called with `options` and the worker's number, from 0.
        drain_delay: Seconds between saying "not ready" and listening no more, for load balancers to notice.
        drain_timeout: Seconds that running exchanges are given then.
    """

    make_app: str
    options: Mapping[str, Any] = field(default_factory=dict)
    settings: ServerSettings = field(default_factory=ServerSettings)
    worker: int = 0
    drain_delay: float = 0.0
    drain_timeout: float = 30.0

    def to_json(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_json(cls, data: bytes) -> Plan:
        values = json.loads(data)
        return cls(**{**values, "settings": ServerSettings(**values["settings"])})


def load_app(plan: Plan) -> Application:
    """Make the application."""
    module, _, name = plan.make_app.partition(":")
    make = getattr(importlib.import_module(module), name)
    app: Application = make(plan.options, plan.worker)
    return app


def new_loop() -> asyncio.AbstractEventLoop:
    """Return a new event loop: uvloop's if it is installed."""
    try:
        import uvloop  # noqa: PLC0415 - optional
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


async def serve(
    plan: Plan, sockets: Sequence[socket.socket], ending: Ending, ready: Callable[[], object]
) -> bool:
    """Serve until somebody asks to end; then drain.

    Args:
        ready: Called once the sockets are listened on.

    Returns:
        Whether every exchange was finished in time.
    """
    app = load_app(plan)
    await app.startup()
    try:
        server = await Server.start(app, plan.settings, sockets=sockets)
        ready()
        await ending.asked.wait()
        app.draining()
        return await _drain(server, plan, ending)
    finally:
        await app.shutdown()


async def _drain(server: Server, plan: Plan, ending: Ending) -> bool:
    """Drain as planned; a second signal ends at once."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(ending.insisted.wait(), plan.drain_delay)
    draining = asyncio.ensure_future(server.drain(plan.drain_timeout))
    insisting = asyncio.ensure_future(ending.insisted.wait())
    await asyncio.wait({draining, insisting}, return_when=asyncio.FIRST_COMPLETED)
    insisting.cancel()
    at_once = not draining.done()
    if at_once:
        await server.drain(0.0)
    return await draining and not at_once


class Ending:
    """Whether somebody asked the process to end, and whether somebody insisted."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.insisted = asyncio.Event()

    def ask(self) -> None:
        """End gracefully, at the second time at once."""
        (self.insisted if self.asked.is_set() else self.asked).set()

    def watch_signals(self, *, supervised: bool) -> None:
        """Take SIGTERM, SIGINT and SIGHUP (the terminal is gone) for it.

        Under a supervisor only it can insist: a terminal or an init system sends the same signal to all
        processes, and the supervisor passes it on as well.
        """
        loop = asyncio.get_running_loop()
        if not supervised:
            for each in _ENDING:
                loop.add_signal_handler(each, self.ask)
            return
        loop.add_signal_handler(signal.SIGTERM, self.asked.set)


async def _supervised(plan: Plan, sockets: Sequence[socket.socket], control: socket.socket) -> bool:
    ending = Ending()
    ending.watch_signals(supervised=True)
    loop = asyncio.get_running_loop()

    def hear() -> None:
        word = control.recv(1)
        ending.asked.set()
        if word == AT_ONCE:
            ending.insisted.set()
        elif not word:
            loop.remove_reader(control)  # the supervisor is gone: nothing outlives it

    control.setblocking(False)
    loop.add_reader(control, hear)
    return await serve(plan, sockets, ending, lambda: control.send(READY))


def main() -> int:
    """Serve as a child of `workers.run`: `python -m modelbay.gateway.http.worker CONTROL SOCKET...`.

    The control socket brings the plan and the wishes to end, and takes READY.
    """
    forbid_dumps()  # a new program may be dumped again, whatever its parent asked for
    for each in (signal.SIGINT, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    control, *listening = [socket.socket(fileno=int(number)) for number in sys.argv[1:]]
    with control.makefile("rb", buffering=0) as lines:
        plan = Plan.from_json(lines.readline())
    try:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            return 0 if runner.run(_supervised(plan, listening, control)) else 1
    except ModelbayError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
