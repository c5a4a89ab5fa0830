"""The processes of `modelbay serve`, as an init system and a terminal see them: signals, exits, restarts."""

from __future__ import annotations

import ast
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

_ROOT = Path(__file__).parents[3]


class Serving:
    """A running command."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout
        line = process.stdout.readline()
        self.addresses: list[str] = ast.literal_eval(line) if line.startswith("[") else []

    def connect(self) -> socket.socket:
        host, _, port = self.addresses[0].rpartition(":")
        return socket.create_connection((host, int(port)))

    def ask(self, path: str = "/") -> tuple[int, int]:
        """Ask on a new connection which worker answers; return its number and process."""
        with self.connect() as client:
            return self.ask_on(client, path)

    def ask_on(self, client: socket.socket, path: str, *, wait: bool = False) -> tuple[int, int]:
        client.sendall(b"POST %b HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n" % path.encode())
        data = b""
        while not data.endswith(b"\r\n" if wait else b"0\r\n\r\n") or data.endswith(b"\r\n\r\n") == wait:
            got = client.recv(1000)
            if not got:
                raise ConnectionResetError
            data += got
        worker, pid = data.partition(b"\r\n\r\n")[2].split(b"\r\n")[1].split()
        return int(worker), int(pid)

    def end(self, *signals: signal.Signals) -> tuple[int, str]:
        for each in signals:
            self.process.send_signal(each)
        output, _ = self.process.communicate()
        return self.process.returncode, output


@contextlib.contextmanager
def serving(workers: int, options: Any = None, **settings: Any) -> Iterator[Serving]:
    arguments = [str(workers), orjson.dumps(options or {}).decode(), orjson.dumps(settings).decode()]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.gateway.http.worker_app", *arguments],
        cwd=_ROOT,
        env={**os.environ, "PYTHONPATH": f"{_ROOT / 'src'}{os.pathsep}{_ROOT}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Serving(process)
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_drains_and_exits_with_success(workers: int, number: signal.Signals) -> None:
    """What runs is finished, readiness turns false first, and the init system sees no failure."""
    with serving(workers) as server, server.connect() as client:
        worker, _ = server.ask_on(client, "/body", wait=True)
        server.process.send_signal(number)
        assert server.process.stdout
        assert server.process.stdout.readline().startswith("draining")
        client.sendall(b"x")
        assert b"1\r\nx\r\n0\r\n\r\n" in client.recv(1000)
        status, output = server.end()
        assert status == 0
        assert f"shutdown {worker}" in output
        with pytest.raises(ConnectionRefusedError):
            server.connect()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_second_signal_ends_at_once_and_says_that_something_was_cut(workers: int) -> None:
    """Whoever presses Ctrl-C twice means it."""
    with serving(workers) as server, server.connect() as client:
        server.ask_on(client, "/wait", wait=True)
        server.process.send_signal(signal.SIGINT)
        assert server.process.stdout
        assert server.process.stdout.readline().startswith("draining")
        status, output = server.end(signal.SIGINT)
        assert status == 1
        assert "shutdown" in output
        assert not client.recv(1000).endswith(b"0\r\n\r\n")


def test_a_worker_that_dies_is_started_again() -> None:
    """One crash costs its own calls, not the service."""
    with serving(2) as server:
        with contextlib.suppress(ConnectionResetError):
            server.ask("/die")
        seen: set[int] = set()
        while len(seen) < 2:  # connections to the dead one's socket wait there for its successor
            seen.add(server.ask()[0])
        assert server.end(signal.SIGTERM)[0] == 0


def test_workers_end_with_their_supervisor() -> None:
    """After `kill -9` of the one whose number is known, nobody may keep the port."""
    with serving(2) as server:
        pids: dict[int, int] = {}
        while len(pids) < 2:
            pids.update([server.ask()])
        server.process.kill()
        output, _ = server.process.communicate()
        assert sorted(output.split("\n")) == ["", "draining 0", "draining 1", "shutdown 0", "shutdown 1"]


def test_a_worker_that_is_asked_alone_drains_and_is_replaced() -> None:
    """So a single process can be renewed."""
    with serving(2) as server:
        worker, pid = server.ask()
        os.kill(pid, signal.SIGTERM)
        assert server.process.stdout
        assert server.process.stdout.readline() == f"draining {worker}\n"
        while (again := server.ask()) == (worker, pid) or again[0] != worker:
            pass
        assert server.end(signal.SIGTERM)[0] == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_a_start_that_fails_says_why_and_exits(workers: int) -> None:
    """Starting it again would repeat the mistake for ever."""
    with serving(workers, {"fails": workers - 1}) as server:
        assert server.addresses == []
        _, errors = server.process.communicate()
        assert "fails: as it was told" in errors
        assert server.process.returncode == 1


def test_workers_share_a_unix_socket(tmp_path: Path) -> None:
    """There is no sharing of paths by the kernel; they accept from one socket. The path goes with them."""
    path = tmp_path / "s"
    with serving(2, unix_socket=str(path)) as server:
        assert server.addresses == [str(path)]
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            server.ask_on(client, "/")
        assert server.end(signal.SIGTERM)[0] == 0
    assert not path.exists()
