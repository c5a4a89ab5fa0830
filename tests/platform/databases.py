"""Both databases, for any test that takes `backend`: it then runs once on SQLite and once on PostgreSQL.

`Database.open(directory)` opens the one that the test is about. Each test has an empty one of its own.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from zlib import crc32

import pytest

from modelbay.store import Database
from modelbay.store.database import VARIABLE

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "postgres.sh"
NAME = "tests"
_CANNOT_INSTALL = 3
_numbers = itertools.count()


class Server:
    """A PostgreSQL server and its databases."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._template = ""

    def create(self, *, prepared: bool = True) -> str:
        """Return the URL of a new database: with tables, or as empty as PostgreSQL makes it."""
        if prepared and not self._template:
            self._template = self._prepare()
        return self._create(self._template if prepared else "template0")

    def drop(self, url: str) -> None:
        """Remove a database, whoever still uses it."""
        self.run(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def run(self, statement: str, url: str = "") -> list[Any]:
        """Run a statement as the administrator does, here or in a database; return its rows."""
        import psycopg

        with psycopg.connect(url or self.url, autocommit=True) as connection:
            found = connection.execute(statement.encode())
            return found.fetchall() if found.description else []

    def content(self, url: str) -> bytes:
        """Return all that a database holds, as PostgreSQL writes it down."""
        import psycopg

        tables = self.run("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", url)
        with psycopg.connect(url) as connection, connection.cursor() as cursor:
            parts = []
            for [table] in tables:
                with cursor.copy(f"COPY {table} TO STDOUT".encode()) as copy:
                    parts += [bytes(part) for part in copy]
        return b"".join(parts)

    def _create(self, template: str) -> str:
        name = f"test_{os.getpid()}_{next(_numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return f"{self.url.rpartition('/')[0]}/{name}"

    def _prepare(self) -> str:
        url = self._create("template0")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(VARIABLE, url)
            Database.open(Path("unused")).close()
        return url.rpartition("/")[2]

    def close(self) -> None:
        """Remove what the databases were made from."""
        if self._template:
            self.drop(self._template)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A server, shared by all runs of the tests in this checkout at one time; the last one stops it."""
    with _file("starting") as starting, _file("using") as using:
        with _locked(starting):
            fcntl.flock(using, fcntl.LOCK_SH)
            server = Server(_run("start"))
        try:
            yield server
            server.close()
        finally:
            with _locked(starting), contextlib.suppress(BlockingIOError):
                fcntl.flock(using, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _run("stop")


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of the database that the test, and every process it starts, works on."""
    with using(request.param, request, monkeypatch):
        yield request.param


@contextlib.contextmanager
def using(name: str, request: pytest.FixtureRequest, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have a database used: one in the data directory, or a new one on the server."""
    patch.delenv(VARIABLE, raising=False)
    if name == "sqlite":
        yield
        return
    server: Server = request.getfixturevalue("postgres")
    url = server.create()
    patch.setenv(VARIABLE, url)
    yield
    server.drop(url)


class OwnServer:
    """A PostgreSQL server that a test has for itself, and may stop."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.url = _run("start", name)

    def pause(self) -> None:
        """Stop it; what it holds stays."""
        _run("pause", self._name)

    def resume(self) -> None:
        """Start it again, at the same address."""
        _run("resume", self._name)

    def close(self) -> None:
        """Stop it, and remove what it holds."""
        _run("stop", self._name)


@pytest.fixture
def own_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnServer]:
    """A server of the test's own, which all that it starts works on."""
    server = OwnServer(f"own-{os.getpid()}")
    try:
        monkeypatch.setenv(VARIABLE, server.url)
        yield server
    finally:
        server.close()


def stored_bytes(data_dir: Path, request: pytest.FixtureRequest) -> bytes:
    """Return all that is stored: the files of a data directory, and what the database on a server holds."""
    files = b"".join(path.read_bytes() for path in sorted(data_dir.rglob("*")) if path.is_file())
    url = os.environ.get(VARIABLE)
    return files + (request.getfixturevalue("postgres").content(url) if url else b"")


def _file(purpose: str) -> IO[bytes]:
    """Open a file of this checkout's, to be locked."""
    name = f"modelbay-postgres-{os.getuid()}-{crc32(str(ROOT).encode()):08x}.{purpose}"
    return (Path(tempfile.gettempdir()) / name).open("ab")


@contextlib.contextmanager
def _locked(file: IO[bytes]) -> Iterator[None]:
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def _run(command: str, name: str = NAME) -> str:
    done = subprocess.run(
        [SCRIPT, command, name], capture_output=True, text=True, check=False, timeout=600, close_fds=True
    )
    if done.returncode == _CANNOT_INSTALL:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
