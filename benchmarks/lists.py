"""Every list of the management API, in an installation of 10,000 workspaces with 50 models each."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

from benchmarks.figure import Figure, Rounds
from benchmarks.gateway.process import resident
from benchmarks.gateway.subjects import ROOT, program
from modelbay.platform import Role
from modelbay.platform.people.invitations import new_user
from modelbay.platform.people.sessions import begin
from modelbay.store import Database
from modelbay.store.calls import COLUMNS, DEFAULTS
from modelbay.store.people import insert_member

WORKSPACES, MODELS, CALLS = 10_000, 50, 20_000
GOAL_MS, GOAL_MB = 50.0, 10.0
_FEW, _BUSY = 50, 7  # workspaces to compare with; the one whose calls the ledger holds
_KEYS = 3  # of each workspace
_PART = 20  # calls in one statement
_ASKED = 20  # times in a round
_LISTS = (
    "/api/workspaces",
    "/api/installation/workspaces",
    "/api/sessions",
    "/api/providers",
    "/members",
    "/invitations",
    "/keys",
    "/credentials",
    "/models",
    "/models?provider=openai_api_compatible",
    "/calls",
    "/usage",
    "/usage?by=key,model,day",
    "/audit",
)
"""What does not begin with /api is of one workspace."""


class _Served(NamedTuple):
    connection: HTTPConnection
    session: str
    pid: int

    def ask(self, path: str) -> float:
        """Return how many seconds an answer takes."""
        began = time.perf_counter()
        self.connection.request("GET", path, headers={"cookie": f"modelbay_session={self.session}"})
        answer = self.connection.getresponse()
        body = answer.read()
        took = time.perf_counter() - began
        assert answer.status == 200, (path, body[:300])
        return took

    def median(self, paths: Sequence[str]) -> float:
        """Return how many milliseconds these take, each asked for once."""
        return statistics.median(map(self.ask, paths)) * 1e3


class _Seen(NamedTuple):
    """How long each list takes, a value a round; and the server's memory after it all."""

    times: dict[str, list[float]]
    unread: list[float]
    memory: int


def lists(rounds: Rounds) -> list[Figure]:
    """Measure over HTTP, one question at a time; and how much more memory many workspaces take than few."""
    few = _measure(_FEW, range(rounds.count))
    many = _measure(WORKSPACES, rounds)
    more = (many.memory - few.memory) / 1e6
    return [
        *(Figure(f"list {path}", "ms", tuple(found), GOAL_MS) for path, found in many.times.items()),
        Figure("list /models of workspaces not read before", "ms", tuple(many.unread), GOAL_MS),
        Figure("memory that these take", "MB", (more,), GOAL_MB, f"more than with {_FEW} workspaces"),
    ]


def _measure(count: int, rounds: Iterable[int]) -> _Seen:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        data = Path(folder, "data")
        session = _fill(data, count)
        with _serving(data, session) as served:
            served.ask(_of(0, "/models"))  # compiles the catalog, once for an installation
            seen = _Seen({path: [] for path in _LISTS}, [], 0)
            for number in rounds:
                for path, found in seen.times.items():
                    found.append(served.median([_of(_BUSY, path)] * _ASKED))
                places = range(_BUSY + 1 + number * _ASKED, _BUSY + 1 + (number + 1) * _ASKED)
                seen.unread.append(served.median([_of(each % count, "/models") for each in places]))
            return seen._replace(memory=resident(served.pid))


def _of(workspace: int, path: str) -> str:
    return path if path.startswith("/api") else f"/api/workspaces/{_name(workspace)}{path}"


def _name(workspace: int) -> str:
    return f"ws_{workspace:016x}"


@contextmanager
def _serving(data: Path, session: str) -> Iterator[_Served]:
    environment = {"PATH": os.defpath, "HOME": str(data.parent)}
    command = [program(), "serve", "--port", "0", "--workers", "1", "--data-dir", str(data)]
    with (
        (data.parent / "log").open("wb") as log,
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=log) as process,
    ):
        assert process.stdout is not None
        try:
            lines = (line.decode() for line in process.stdout)
            address = next(line.rpartition("//")[2].split()[0] for line in lines if "http://" in line)
            with closing(HTTPConnection(address.partition("/")[0], timeout=60)) as connection:
                yield _Served(connection, session, process.pid)
        finally:
            process.terminate()


def _fill(data: Path, count: int) -> str:
    """Make the installation, whose workspaces have one owner; return a session of theirs."""
    now = time.time()
    with Database.open(data) as database:
        with database.transaction():
            owner = new_user(database, "owner@example.com", name="Owner", password="", now=now).id
            session = begin(database, owner, now=now, address="192.0.2.7", agent="Benchmark").token
            insert_member(database, "default", owner, Role.OWNER, now)  # who may see all workspaces
            for number in range(count):
                _keep_workspace(database, number, owner, now + number)
        with database.transaction():
            _keep_calls(database, _name(_BUSY), now)
    return session


def _keep_workspace(database: Database, number: int, owner: str, at: float) -> None:
    name = _name(number)
    database.keep("workspaces", ("id", "name", "created", "version"), [[name, f"Team {number}", at, 1]])
    insert_member(database, name, owner, Role.OWNER, at)
    database.keep(
        "keys",
        ("workspace", "id", "name", "hint", "hash", "models", "created"),
        [
            [name, f"key_{each}", f"Key {each}", "mb-0000", f"{number}-{each}".encode(), "[]", at + each]
            for each in range(_KEYS)
        ],
    )
    database.keep(
        "credentials",
        (
            "workspace",
            "provider",
            "model",
            "model_type",
            "id",
            "name",
            "plain",
            "created",
            "updated",
            "version",
        ),
        [[name, "openai", "", "", "cred_1", "one", "{}", at, at, 1]],
    )
    database.keep(
        "custom_models",
        ("workspace", "provider", "model", "model_type", "created"),
        [[name, "openai_api_compatible", f"model-{each}", "llm", at] for each in range(MODELS)],
    )
    database.keep(
        "audit",
        ("workspace", "id", "at", "actor", "action", "target", "detail"),
        [[name, "audit_1", at, "cli", "workspace.create", name, "{}"]],
    )


def _keep_calls(database: Database, workspace: str, now: float) -> None:
    for begin_at in range(0, CALLS, _PART):
        rows = [
            {
                **DEFAULTS,
                "workspace": workspace,
                "id": f"call_{number}",
                "at": now - 60 * number,
                "key_id": f"key_{number % _KEYS}",
                "provider": "openai",
                "model": f"gpt-{number % 7}",
                "asked_model": f"openai/gpt-{number % 7}",
                "prompt_tokens": 100 + number,
                "price": f"0.00{number}",
            }
            for number in range(begin_at, begin_at + _PART)
        ]
        database.keep("calls", COLUMNS, [[row[column] for column in COLUMNS] for row in rows])
