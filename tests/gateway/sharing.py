"""Several credentials of one provider behind a gateway, each leading to a fake of its own."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from tests.gateway.client import Answer
from tests.gateway.conftest import Serve
from tests.gateway.installation import Installation
from tests.upstreams.openai import OpenAIUpstream

from modelbay.entities import ModelType
from modelbay.platform.background import BackgroundDatabase
from modelbay.platform.balances import set_balance
from modelbay.platform.credentials import named
from modelbay.platform.credentials.proving import Proving
from modelbay.platform.credentials.target import Target
from modelbay.platform.routes import create_route, step_of
from modelbay.runtime.balancing import Strategy
from modelbay.runtime.routing import RouteStrategy
from modelbay.store.balances import BalanceEntryRow

CHAT = "/v1/chat/completions"
MODEL = "openai/gpt-4.1-mini"
ASKED = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]}


class Clock:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Pool:
    """A gateway whose default workspace has several credentials for OpenAI."""

    def __init__(self, served: Installation, upstreams: Sequence[OpenAIUpstream], clock: Clock) -> None:
        self.served = served
        self.upstreams = upstreams
        self.clock = clock
        self.ids: list[str] = []
        self.folder = served.folder

    @property
    def servers(self) -> int:
        """How many servers take turns, each for itself."""
        return len(self.served.folders)

    @property
    def target(self) -> Target:
        """Whose the credentials are."""
        return Target("default", self.served.catalog.provider("openai").provider)

    async def store(self, api: str) -> None:
        """Store credentials, one for each fake."""

        async def proved(*_: Any, **__: Any) -> None:
            """Take the credentials as they are: proving is tested where it is at home."""

        key, database = "test-key", BackgroundDatabase(self.folder)
        for number, upstream in enumerate(self.upstreams):
            given = {"openai_api_key": key, "openai_api_base": upstream.base_url, "api_protocol": api}
            made = await named.create(
                database,
                self.served.vault,
                Proving(proved),
                self.target,
                given,
                name=f"key {number}",
                actor="cli",
            )
            self.ids.append(made.id)
        await database.close()

    async def balance(self, *weights: int, strategy: Strategy = Strategy.WEIGHTED) -> None:
        """Have the credentials share the calls of all models."""
        entries = [BalanceEntryRow(each, "", weight) for each, weight in zip(self.ids, weights, strict=True)]
        with self.served.database() as database:
            set_balance(database, self.target, entries, strategy=strategy, actor="cli")
        await self.served.look()

    async def route(self, name: str, *models: str, strategy: str = "ordered", kind: str = "llm") -> None:
        """Make a route of the workspace."""
        with self.served.database() as database:
            create_route(
                database,
                self.served.catalog,
                "default",
                name,
                [step_of(model) for model in models],
                model_type=ModelType(kind),
                strategy=RouteStrategy(strategy),
                actor="cli",
            )
        await self.served.look()

    async def ask(self, **more: Any) -> Answer:
        """Ask for a few words."""
        return await self.served.post(CHAT, {**ASKED, **more})

    @property
    def asked(self) -> list[int]:
        """How many requests each of the fakes has had."""
        return [len(each.requests) for each in self.upstreams]

    async def record(self) -> dict[str, Any]:
        """Return the last call's row of the ledger, with what was tried as a list."""
        row = (await self.served.records())[-1]
        return row | {"tried": json.loads(row["tried"] or "[]")}


@asynccontextmanager
async def pool(
    serve: Serve,
    count: int = 2,
    *,
    api: str = "chat",
    families: Sequence[str] = ("openai",),
    **settings: Any,
) -> AsyncIterator[Pool]:
    """Start a gateway with so many credentials. The family's own fake belongs to the environment."""
    clock = Clock()
    served = await serve(*families, clock=clock, **settings)
    async with AsyncExitStack() as stack:
        upstreams = [await stack.enter_async_context(OpenAIUpstream()) for _ in range(count)]
        found = Pool(served, upstreams, clock)
        await found.store(api)
        await served.look()
        yield found
