"""A Redis of the tests' own, which any test may stop, freeze and start again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.platform.databases import ROOT, using

from modelbay.platform.shared import VARIABLE

SCRIPT = ROOT / "scripts" / "redis.sh"
_CANNOT_INSTALL = 3


class RedisServer:
    """A Redis server: `url` leads to it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.url = _run("start", name)
        self._frozen = False

    def empty(self) -> None:
        """Forget all that it holds."""
        assert self.send("FLUSHALL") == b"+OK\r\n"

    def send(self, command: str) -> bytes:
        """Send a command as the administrator does; return how the answer begins."""
        parts = urlsplit(self.url)
        with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
            connection.sendall(f"AUTH {parts.password}\r\n{command}\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2:
                answer += connection.recv(65536)
        assert answer.startswith(b"+OK\r\n"), answer
        return answer.removeprefix(b"+OK\r\n")

    def kill(self) -> None:
        """End it at once, as a loss of power does."""
        os.kill(self._pid(), signal.SIGKILL)
        while _is_alive(self._pid()):
            time.sleep(0.01)

    def restart(self) -> None:
        """Start it again where it was; it holds nothing."""
        folder = self._folder()
        subprocess.run([folder / "redis-server", folder / "redis.conf"], check=True, timeout=60)
        deadline = time.monotonic() + 60
        while True:
            try:
                return self.empty()
            except (ConnectionError, AssertionError):
                assert time.monotonic() < deadline
                time.sleep(0.01)

    def freeze(self) -> None:
        """Have it accept connections and say nothing."""
        os.kill(self._pid(), signal.SIGSTOP)
        self._frozen = True

    def thaw(self) -> None:
        """Have it go on."""
        if self._frozen:
            os.kill(self._pid(), signal.SIGCONT)
        self._frozen = False

    def close(self) -> None:
        """Stop it."""
        self.thaw()
        _run("stop", self.name)

    def _folder(self) -> Path:
        answer = self.send("CONFIG GET dir") if not hasattr(self, "_dir") else b""
        if answer:
            self._dir = Path(answer.split(b"\r\n")[4].decode())
        return self._dir

    def _pid(self) -> int:
        return int((self._folder() / "pid").read_text())


@pytest.fixture(scope="session")
def redis_of_all() -> Iterator[RedisServer]:
    """A server for the tests that do it no harm: a slow machine must not look like one that is away."""
    server = RedisServer(f"tests-{os.getpid()}")
    server.url += "?socket_timeout=60"
    yield server
    server.close()


@pytest.fixture
def redis(redis_of_all: RedisServer) -> RedisServer:
    """A server that holds nothing, to be left running."""
    redis_of_all.empty()
    return redis_of_all


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """A server that the test may do to what it likes."""
    server = RedisServer(f"test-{os.getpid()}")
    server._folder()
    yield server
    server.close()


@pytest.fixture(params=["sqlite", "postgresql", "postgresql+redis"])
def shared_backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """What an installation of one machine, of several, and of several that share limits, works on."""
    database, _, shared = request.param.partition("+")
    monkeypatch.delenv(VARIABLE, raising=False)
    if shared:
        monkeypatch.setenv(VARIABLE, request.getfixturevalue("redis").url)
    with using(database, request, monkeypatch):
        yield request.param


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")


def _run(command: str, name: str) -> str:
    done = subprocess.run(
        [SCRIPT, command, name], capture_output=True, text=True, check=False, timeout=600, close_fds=True
    )
    if done.returncode == _CANNOT_INSTALL:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
