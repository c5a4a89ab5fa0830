"""Two servers of one installation, as their users run them, on each of the stores."""

from __future__ import annotations

import asyncio
import base64
import itertools
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.gateway.client import Answer, fetch
from tests.gateway.process import Running, running
from tests.gateway.serving import KEY
from tests.platform.databases import using
from tests.platform.people.persons import add_user
from tests.upstreams.openai import OpenAIUpstream

from modelbay.platform.keys import create_key
from modelbay.platform.people.csrf import csrf_token
from modelbay.platform.people.permissions import Role
from modelbay.platform.people.sessions import begin
from modelbay.platform.people.workspaces import create_workspace
from modelbay.platform.shared import VARIABLE as REDIS
from modelbay.sdk.testing import Reply
from modelbay.store import Database, people

STORES = ("sqlite", "postgresql", "postgresql+redis")
CHAT = "/v1/chat/completions"
LENT = "openai/gpt-4o-mini"
OWN = "openai/gpt-4.1-mini"
LIMIT = 200
"""How many calls the installation lends each workspace."""
ROUND = 8
"""How many calls at once it takes to reach both processes of a server: all but one in a hundred times."""
COOKIE = "modelbay_session"
_MASTER_KEY = base64.b64encode(bytes(range(32))).decode()
_numbers = itertools.count(1)


class Books(NamedTuple):
    """What a workspace's ledger comes to, what its one limit says, and how many calls hold some of it."""

    ledger: Decimal
    used: Decimal
    holds: int


@dataclass
class Replicas:
    """Two servers, each with two processes that serve. With `sqlite` they share a data directory."""

    store: str
    folder: Path
    upstreams: Sequence[OpenAIUpstream]
    environment: Mapping[str, str]
    servers: list[Running] = field(default_factory=list)
    links: list[str] = field(default_factory=list)

    def data(self, number: int) -> Path:
        """Return the data directory of a server."""
        return self.folder / ("data" if self.store == "sqlite" else f"data-{number}")

    @property
    def now(self) -> Database:
        """The database as any other process has it."""
        return Database.open(self.data(0))

    @asynccontextmanager
    async def started(self, number: int) -> AsyncIterator[Running]:
        """Start one of the servers; wait until it serves."""
        folder = self.folder / f"server-{next(_numbers)}"
        options = ("--workers", "2", "--no-access-log", "--data-dir", str(self.data(number)))
        async with running(folder, {}, *options, environment=self.environment) as server:
            assert server.address, await server.ended()
            yield server

    async def team(self, **facts: Any) -> Team:
        """Make a workspace that nobody has called yet."""
        return await asyncio.to_thread(self._make, facts)

    def _make(self, facts: Mapping[str, Any]) -> Team:
        with self.now as database:
            workspace = create_workspace(database, f"Team {next(_numbers)}", actor="cli").id
            user = add_user(database, f"person{next(_numbers)}@example.com", **facts)
            people.insert_member(database, workspace, user, Role.OWNER, time.time())
            key = create_key(database, workspace=workspace)
            with database.transaction():
                session = begin(database, user, now=time.time()).token
        return Team(self, workspace, key.row.id, key.secret, session)


@dataclass
class Team:
    """A workspace: a key of it, and its owner's session."""

    replicas: Replicas
    workspace: str
    key_id: str
    key: str
    session: str
    credentials: list[str] = field(default_factory=list)

    async def ask(self, server: int, model: str = LENT, **more: Any) -> Answer:
        """Ask a server for a few words."""
        body = {"model": model, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 50, **more}
        named = {"authorization": f"Bearer {self.key}"}
        return await fetch(self.replicas.servers[server].place, "POST", CHAT, body, named)

    async def ask_often(self, counts: Sequence[int], model: str = LENT, at_once: int = 500) -> list[Answer]:
        """Ask the servers so many times each, by turns, with so many calls under way at once."""
        turns = itertools.zip_longest(*([number] * count for number, count in enumerate(counts)))
        waiting = [server for turn in turns for server in turn if server is not None]
        places = iter(waiting)

        async def client() -> list[Answer]:
            return [await self.ask(server, model) for server in places]

        answers = await asyncio.gather(*(client() for _ in range(min(at_once, len(waiting)))))
        return [answer for each in answers for answer in each]

    async def until(self, wanted: Callable[[Answer], bool], model: str = LENT) -> list[Answer]:
        """Ask both servers until whichever process answers gives what is wanted; return all answers."""
        found: list[Answer] = []
        deadline = time.monotonic() + 30
        while not (found and all(map(wanted, found[-2 * ROUND :]))):
            assert time.monotonic() < deadline, found[-1]
            found += await self.ask_often([ROUND, ROUND], model, at_once=ROUND)
            await asyncio.sleep(0.05)  # few calls: a limit may count them
        return found

    async def manage(self, server: int, method: str, path: str, body: Any = None) -> Answer:
        """Change something of the workspace as its owner does."""
        named = {"cookie": f"{COOKIE}={self.session}", "x-csrf-token": csrf_token(self.session)}
        whole = f"/api/workspaces/{self.workspace}{path}"
        answer = await fetch(self.replicas.servers[server].place, method, whole, body, named)
        assert answer.status < 300, answer.body
        return answer

    async def add_credentials(self, upstream: OpenAIUpstream) -> str:
        """Save credentials that lead to a fake; return their id."""
        values = {"openai_api_key": KEY, "openai_api_base": upstream.url, "api_protocol": "chat"}
        answer = await self.manage(0, "POST", "/credentials", {"provider": "openai", "values": values})
        return str(answer.json["id"])

    def books(self) -> Books:
        """Return the books, all as at one moment. Nothing is folded for it: that is the servers' work."""
        with self.replicas.now as database:
            [[units, price, used, holds]] = database.rows(
                "SELECT (SELECT exact_sum(units) FROM calls WHERE workspace = :workspace),"
                " (SELECT exact_sum(price) FROM calls WHERE workspace = :workspace),"
                " (SELECT exact_sum(used) FROM spent WHERE workspace = :workspace),"
                " (SELECT count(*) FROM holds WHERE workspace = :workspace)",
                {"workspace": self.workspace},
            )
        return Books(Decimal(units or price or 0), Decimal(used or 0), int(holds))

    def served(self) -> set[str]:
        """Return the ids of the calls in the ledger that were answered."""
        with self.replicas.now as database:
            found = database.rows(
                "SELECT id FROM calls WHERE workspace = :workspace AND status = 200",
                {"workspace": self.workspace},
            )
        return {str(name) for (name,) in found}

    async def settled(self, calls: set[str]) -> Books:
        """Wait until these calls are in the ledger and nothing is held; return the books.

        At any moment meanwhile they balance.
        """
        async with asyncio.timeout(120):
            while True:
                books = await asyncio.to_thread(self.books)
                assert books.ledger == books.used
                if not books.holds and calls <= await asyncio.to_thread(self.served):
                    return books
                await asyncio.sleep(0.05)


def ids(answers: Sequence[Answer]) -> set[str]:
    """Return the names of the calls that were answered."""
    return {answer.headers["x-request-id"] for answer in answers if answer.status == 200}


async def kill(server: Running) -> None:
    """End a server, and the processes that serve for it, as a loss of power does."""
    for pid in (server.process.pid, *server.workers()):
        os.kill(pid, signal.SIGKILL)
    await server.ended()
    await server.gone()


@contextmanager
def on(store: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[Replicas]:
    """Prepare an installation, and have this process use its database too."""
    database, _, shared = store.partition("+")
    environment = {"MODELBAY_MASTER_KEY": _MASTER_KEY}
    if shared:
        redis = request.getfixturevalue("redis_of_all")
        redis.empty()
        environment[REDIS] = redis.url
    with pytest.MonkeyPatch.context() as patch, using(database, request, patch):
        fakes = [OpenAIUpstream() for _ in range(2)]
        with fakes[0].in_thread(), fakes[1].in_thread():
            for fake, word in zip(fakes, ("one", "two"), strict=True):
                fake.reply = Reply((word,), usage={"in": 20, "out": 30})
            replicas = Replicas(store, folder, fakes, environment)
            for number in range(2):
                _write_settings(replicas.data(number), fakes[0])
            yield replicas


def _write_settings(data: Path, lends: OpenAIUpstream) -> None:
    data.mkdir(mode=0o700, exist_ok=True)
    (data / "gateway.yaml").write_text("private_addresses: all\n")  # the fakes are on this machine
    (data / "key").write_text(KEY)
    (data / "hosted.yaml").write_text(
        f"""
openai:
  credentials:
    openai_api_key: {{file: key}}
    openai_api_base: {lends.url}
    api_protocol: chat
  quotas: [{{kind: trial, unit: times, limit: {LIMIT}, models: [gpt-4o-mini]}}]
"""
    )


@asynccontextmanager
async def serving(replicas: Replicas) -> AsyncIterator[Replicas]:
    """Start both servers at once, on a database that nobody has used."""
    async with AsyncExitStack() as stack:
        starting = [stack.enter_async_context(replicas.started(number)) for number in range(2)]
        replicas.servers = list(await asyncio.gather(*starting))
        replicas.links = [await _link(server) for server in replicas.servers]
        yield replicas


async def _link(server: Running) -> str:
    """Read on in what a server has said, to the token that makes the first owner."""
    assert server.process.stdout is not None
    line = (await server.process.stdout.readline()).decode()
    found = re.search(r"First owner +\S+/setup#(\S+)", line)
    assert found, line
    return found[1]
