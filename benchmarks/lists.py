"""Every list of the management API, in an installation of 10,000 workspaces with 50 models each."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.figure import Figure, Rounds
from benchmarks.gateway.load import Target, load
from benchmarks.gateway.process import resident
from benchmarks.gateway.servers import Cores, Server, free_port, process, wait_for
from benchmarks.gateway.subjects import modelbay
from modelbay.platform.people.invitations import new_user
from modelbay.platform.people.permissions import Role
from modelbay.platform.people.sessions import begin
from modelbay.store import Database, audit, credentials, keys, workspaces
from modelbay.store.calls import COLUMNS, DEFAULTS
from modelbay.store.credentials import CredentialRow
from modelbay.store.keys import KeyRow
from modelbay.store.people import insert_member
from modelbay.store.workspaces import WorkspaceRow

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


class _Seen(NamedTuple):
    """How long each list takes, a value a round; and the server's memory after it all."""

    times: dict[str, list[float]]
    unread: list[float]
    memory: int


def lists(rounds: Rounds) -> list[Figure]:
    """Measure over HTTP, one question at a time; and how much more memory many workspaces take than few."""
    few = asyncio.run(_measure(_FEW, range(rounds.count)))
    many = asyncio.run(_measure(WORKSPACES, rounds))
    more = (many.memory - few.memory) / 1e6
    return [
        *(Figure(f"list {path}", "ms", tuple(found), GOAL_MS) for path, found in many.times.items()),
        Figure("list /models of workspaces not read before", "ms", tuple(many.unread), GOAL_MS),
        Figure("memory that these take", "MB", (more,), GOAL_MB, f"more than with {_FEW} workspaces"),
    ]


async def _measure(count: int, rounds: Iterable[int]) -> _Seen:
    async with _serving(count) as server:
        await _median(server, _of(0, "/models"))  # compiles the catalog, once for an installation
        seen = _Seen({path: [] for path in _LISTS}, [], 0)
        for number in rounds:
            for path, found in seen.times.items():
                found.append(await _median(server, _of(_BUSY, path), _ASKED))
            places = range(_BUSY + 1 + number * _ASKED, _BUSY + 1 + (number + 1) * _ASKED)
            unread = [await _median(server, _of(each % count, "/models")) for each in places]
            seen.unread.append(statistics.median(unread))
        return seen._replace(memory=resident(server.pid))


async def _median(server: Server, path: str, calls: int = 1) -> float:
    """Return how many milliseconds a list takes, asked for so often on one connection."""
    outcome = await load(server.target, server.target.request(path, b"", "GET"), connections=1, calls=calls)
    assert not outcome.failed, f"{path}: {outcome.failed}"
    return statistics.median(outcome.latencies) * 1e3


def _of(workspace: int, path: str) -> str:
    return path if path.startswith("/api") else f"/api/workspaces/{_name(workspace)}{path}"


def _name(workspace: int) -> str:
    return f"ws_{workspace:016x}"


@asynccontextmanager
async def _serving(count: int) -> AsyncIterator[Server]:
    """Run a gateway of so many workspaces; what asks it is signed in."""
    subject, cores, port = modelbay(), Cores.here(), free_port()
    assert subject.command is not None
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        target = Target("127.0.0.1", port, {"cookie": f"modelbay_session={_fill(folder / 'data', count)}"})
        command, environment = subject.command(folder, 0, port, 1), subject.environment(folder, 0)
        with process([*command], cores.subject, {**environment}, folder / "log") as running:
            server = Server(subject, target, running.pid, folder)
            await wait_for(server, running, subject.ready)
            yield server


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
    workspaces.insert(database, WorkspaceRow(id=name, name=f"Team {number}", created=at, version=1))
    insert_member(database, name, owner, Role.OWNER, at)
    for each in range(_KEYS):
        keys.insert(
            database,
            KeyRow(
                workspace=name,
                id=f"key_{each}",
                name=f"Key {each}",
                hint="mb-0000",
                hash=f"{number}-{each}".encode(),
                models=(),
                created=at + each,
            ),
        )
    of_openai = credentials.Place(name, "openai")._asdict()
    credentials.insert(
        database, CredentialRow(**of_openai, id="cred_1", name="one", plain={}, created=at, updated=at)
    )
    models = [[name, "openai_api_compatible", f"model-{each}", "llm", at] for each in range(MODELS)]
    database.keep("custom_models", ("workspace", "provider", "model", "model_type", "created"), models)
    audit.record(database, name, "cli", "workspace.create", name)


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
