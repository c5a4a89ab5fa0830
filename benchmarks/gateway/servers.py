"""Starts what is measured: the subject on one core, upstream and load on another."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.gateway.load import Target, load
from benchmarks.gateway.process import cpu_by_process, spent
from benchmarks.gateway.subjects import ROOT, Subject, UnavailableError

START_LIMIT = 30.0
_POLL = 0.005


@dataclass(frozen=True, slots=True)
class Cores:
    """Which core the subject has, which the upstream and the load, and which nobody."""

    subject: frozenset[int]
    load: frozenset[int]
    free: frozenset[int]

    @classmethod
    def here(cls) -> Cores:
        """Take the first two cores that this process may use."""
        first, *others = sorted(os.sched_getaffinity(0))
        return cls(frozenset({first}), frozenset(others[:1] or {first}), frozenset(others[1:]))


@dataclass(slots=True)
class Server:
    """A running subject."""

    subject: Subject
    target: Target
    pid: int
    folder: Path
    started: float = 0.0

    @property
    def name(self) -> str:
        """The subject's name."""
        return self.subject.name

    def cpu(self) -> dict[int, float]:
        """Return the CPU seconds of each of its processes; empty if its process is not known."""
        return dict(cpu_by_process(self.pid)) if self.pid else {}

    def spent(self, before: dict[int, float]) -> float:
        """Return the CPU seconds since then."""
        return spent(before, self.cpu())


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def raise_limits() -> int:
    """Allow as many open files as this process may have; gives the number."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


@contextmanager
def process(
    command: list[str], cores: frozenset[int], environment: dict[str, str] | None, log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server on given cores, and end it."""
    with log.open("wb") as output:
        running = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),  # noqa: PLW1509 - before any thread is started
        )
    try:
        yield running
    finally:
        running.terminate()
        try:
            running.wait(10)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


async def answers(target: Target, path: str, body: bytes = b"") -> bool:
    """Tell whether a request is answered with 200."""
    request = target.request(path, body, "POST" if body else "GET")
    outcome = await load(target, request, connections=1, calls=1, limit=5.0)
    return outcome.answered == 1


async def wait_for(
    server: Server, running: subprocess.Popen[bytes] | None, path: str, body: bytes = b""
) -> None:
    """Wait until a request is answered.

    Raises:
        UnavailableError: The server ended, or is not ready in time; with the end of what it said.
    """
    began = time.monotonic()
    while not await answers(server.target, path, body):
        ended = running is not None and running.poll() is not None
        if ended or time.monotonic() - began > START_LIMIT:
            log = server.folder / "log"
            said = log.read_text(errors="replace").strip()[-600:] if log.exists() else ""
            what = "ended" if ended else f"does not answer {path} within {START_LIMIT:g} s"
            raise UnavailableError(f"{server.name} {what}: {said}")
        await asyncio.sleep(_POLL)


@asynccontextmanager
async def upstream(cores: frozenset[int], port: int = 0) -> AsyncIterator[tuple[int, int]]:
    """Run the upstream; gives its port and its process.

    Raises:
        UnavailableError: Somebody else listens on the port.
    """
    chosen = port or free_port()
    if await answers(Target("127.0.0.1", chosen), "/v1/models"):
        raise UnavailableError(f"port {chosen} is taken by another server: choose another --upstream-port")
    command = [sys.executable, "-m", "benchmarks.gateway.upstream", "--port", str(chosen)]
    with (
        tempfile.TemporaryDirectory() as folder,
        process(command, cores, None, Path(folder) / "log") as running,
    ):
        server = Server(Subject("upstream"), Target("127.0.0.1", chosen), running.pid, Path(folder))
        await wait_for(server, running, "/v1/models")
        yield chosen, running.pid


@asynccontextmanager
async def serving(
    subject: Subject,
    upstream: tuple[int, int],
    cores: frozenset[int],
    *,
    workers: int = 1,
    first: bytes = b"",
) -> AsyncIterator[Server]:
    """Run a subject in front of the upstream; with `first`, a chat body, `started` is the time to its answer.

    Raises:
        UnavailableError: It cannot be started here.
    """
    port, pid = upstream
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        if subject.url:
            yield Server(subject, Target.of(subject.url, subject.key), subject.pid, folder)
        elif subject.command is None:
            yield Server(subject, Target("127.0.0.1", port), pid, folder)
        else:
            async with _started(subject, port, cores, workers, folder, first) as server:
                yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def _started(
    subject: Subject, upstream: int, cores: frozenset[int], workers: int, folder: Path, first: bytes
) -> AsyncIterator[Server]:
    assert subject.command is not None
    key, port = subject.prepare(folder, upstream), free_port()
    command = list(subject.command(folder, upstream, port, workers))
    environment = dict(subject.environment(folder, upstream)) or None
    target = Target.of(f"http://127.0.0.1:{port}", key)
    began = time.monotonic()
    with process(command, cores, environment, folder / "log") as running:
        server = Server(subject, target, running.pid, folder)
        await wait_for(server, running, *(("/v1/chat/completions", first) if first else (subject.ready,)))
        server.started = time.monotonic() - began
        yield server
