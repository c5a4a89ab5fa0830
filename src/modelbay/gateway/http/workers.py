"""The processes behind one address: one, or a supervisor with workers that it restarts."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from modelbay.gateway.http.dumps import forbid_dumps
from modelbay.gateway.http.listening import address_of, bind, release
from modelbay.gateway.http.worker import AT_ONCE, END, READY, Ending, Plan, new_loop, serve

__all__ = ["run"]

_log = logging.getLogger("modelbay.gateway.http")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_HEALTHY = 60.0  # seconds after which a worker's death is a new story
_OVERTIME = 15.0  # seconds beyond its drain that a worker may take to exit

Announce = Callable[[Sequence[str]], object]


def run(plan: Plan, *, workers: int = 1, announce: Announce) -> int:
    """Serve until SIGTERM, SIGINT or SIGHUP, then drain; a second signal ends at once.

    With one worker everything happens in this process. With more, this process binds and supervises: a worker
    that dies is started again, after a pause that grows while it keeps dying.

    Args:
        announce: Called once with the addresses, when all workers serve.

    Returns:
        The exit status: 0 after everything was finished in time, 1 if exchanges were cut or the start failed.

    Raises:
        ListenError: The address cannot be used.
    """
    forbid_dumps()
    _allow_many_files()
    if workers == 1:
        return _run_here(plan, announce)
    with asyncio.Runner() as runner:
        return runner.run(_Supervisor(plan, workers, announce).run())


def _run_here(plan: Plan, announce: Announce) -> int:
    sockets = bind(plan.settings)
    addresses = [address_of(each) for each in sockets]

    async def here() -> bool:
        ending = Ending()
        ending.watch_signals(supervised=False)
        return await serve(plan, sockets, ending, lambda: announce(addresses))

    try:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            return 0 if runner.run(here()) else 1
    finally:
        release(sockets, plan.settings)


def _allow_many_files() -> None:
    """Raise the soft limit of open files to the hard one: each connection is one, each upstream another."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def sockets_for(plan: Plan, workers: int) -> list[list[socket.socket]]:
    """Return each worker's sockets.

    On Linux each has its own on a shared port, since the kernel then spreads connections evenly; of workers
    that accept from one socket, the first to wake takes most. Elsewhere, and on a path, they share one.
    """
    first = bind(plan.settings)  # without sharing, so that a port in use by another server is an error
    if plan.settings.unix_socket is not None or sys.platform != "linux":
        return [first] * workers
    port = first[0].getsockname()[1]
    release(first, plan.settings)
    settings = replace(plan.settings, port=port, reuse_port=True)
    return [bind(settings) for _ in range(workers)]


class _Supervisor:
    def __init__(self, plan: Plan, workers: int, announce: Announce) -> None:
        self._plan = plan
        self._announce = announce
        self._sockets = sockets_for(plan, workers)
        self._children: dict[int, _Child] = {}
        self._unready = set(range(workers))
        self._ending = Ending()
        self._failed = False

    async def run(self) -> int:
        self._ending.watch_signals(supervised=False)
        keeping = [asyncio.create_task(self._keep(each)) for each in range(len(self._sockets))]
        passing = [
            asyncio.create_task(self._pass_on(self._ending.asked, END)),
            asyncio.create_task(self._pass_on(self._ending.insisted, AT_ONCE)),
        ]
        await self._ending.asked.wait()
        await asyncio.wait(keeping, timeout=self._plan.drain_delay)
        release((each for sockets in self._sockets for each in sockets), self._plan.settings)
        await asyncio.wait(keeping, timeout=self._plan.drain_timeout + _OVERTIME)
        for child in self._children.values():
            self._failed = True
            child.process.kill()
        await asyncio.gather(*keeping)
        for task in passing:
            task.cancel()
        return 1 if self._failed else 0

    async def _pass_on(self, wish: asyncio.Event, word: bytes) -> None:
        await wish.wait()
        for child in self._children.values():
            child.tell(word)

    async def _keep(self, worker: int) -> None:
        """Keep one worker running until the end."""
        pause = _FIRST_PAUSE
        while not self._ending.asked.is_set():
            began = time.monotonic()
            status = await self._live(worker)
            if self._ending.asked.is_set():
                self._failed |= status != 0
            elif worker in self._unready:  # never served: a mistake that another start would repeat
                self._failed = True
                self._ending.asked.set()
            else:
                pause = _FIRST_PAUSE if time.monotonic() - began > _HEALTHY else pause
                _log.error("worker %d ended (%d); starting it again in %g s", worker, status, pause)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._ending.asked.wait(), pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def _live(self, worker: int) -> int:
        """Run one worker from its start to its exit; return its status."""
        child = await _Child.spawn(replace(self._plan, worker=worker), self._sockets[worker])
        self._children[worker] = child
        if self._ending.asked.is_set():
            child.tell(END)
        if await child.ready():
            self._serves(worker)
        status = await child.process.wait()
        del self._children[worker]
        child.writer.close()
        return status

    def _serves(self, worker: int) -> None:
        if self._unready:
            self._unready.discard(worker)
            if not self._unready:
                self._announce([address_of(each) for each in self._sockets[0]])


class _Child:
    """A worker's process and the socket on which it is told what to do."""

    def __init__(
        self, process: asyncio.subprocess.Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.process = process
        self.reader = reader
        self.writer = writer

    @classmethod
    async def spawn(cls, plan: Plan, sockets: Sequence[socket.socket]) -> _Child:
        ours, theirs = socket.socketpair()
        with theirs:
            files = [theirs.fileno(), *(each.fileno() for each in sockets)]
            command = [sys.executable, "-m", "modelbay.gateway.http.worker", *map(str, files)]
            process = await asyncio.create_subprocess_exec(*command, pass_fds=files)
        reader, writer = await asyncio.open_connection(sock=ours)
        writer.write(plan.to_json())
        return cls(process, reader, writer)

    async def ready(self) -> bool:
        """Wait until it serves; False if it ended before."""
        with contextlib.suppress(ConnectionError):
            return await self.reader.readline() == READY
        return False

    def tell(self, word: bytes) -> None:
        """Tell it to END, or that AT_ONCE. Saying it twice changes nothing."""
        if not self.writer.is_closing():
            self.writer.write(word)
