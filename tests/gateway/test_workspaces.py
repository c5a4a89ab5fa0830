"""Workspaces call with their own credentials, and see each other's neither in models nor in errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.gateway.conftest import EVERYWHERE, Serve
from tests.gateway.installation import Installation
from tests.upstreams.openai import OpenAIUpstream

from modelbay.platform.background import BackgroundDatabase
from modelbay.platform.credentials import named
from modelbay.platform.credentials.proving import Proving
from modelbay.platform.credentials.stored import NamedCredentials
from modelbay.platform.credentials.target import Target
from modelbay.platform.keys import create_key
from modelbay.platform.people.workspaces import create_workspace

pytestmark = EVERYWHERE
CHAT = "/v1/chat/completions"


class Team:
    """A workspace of a running gateway: its key, its own upstream, what it can change."""

    def __init__(self, served: Installation, name: str, upstream: OpenAIUpstream) -> None:
        self.served = served
        self.upstream = upstream
        with served.database() as database:
            self.id = create_workspace(database, name, actor="cli").id
            self.key = create_key(database, workspace=self.id).secret

    @property
    def target(self) -> Target:
        """The provider whose credentials it has."""
        return Target(self.id, self.served.catalog.provider("openai").provider, "", None)

    async def give(self, key: str = "test-key") -> NamedCredentials:
        """Store credentials that lead to the team's own upstream."""

        async def proved(*_: Any, **__: Any) -> None:
            """Take the credentials as they are: proving is tested where it is at home."""

        given = {"openai_api_key": key, "openai_api_base": self.upstream.base_url, "api_protocol": "chat"}
        database, vault = BackgroundDatabase(self.served.folder), self.served.vault
        try:
            return await named.create(database, vault, Proving(proved), self.target, given, actor="cli")
        finally:
            await database.close()
            await self.served.look()

    async def ask(self, model: str = "openai/gpt-4.1-mini", **more: Any) -> Any:
        """Ask through the gateway with the team's key."""
        body = {"model": model, "messages": [{"role": "user", "content": "Hi"}], **more}
        return await self.served.call("POST", CHAT, body, key=self.key)


@asynccontextmanager
async def team(served: Installation, name: str) -> AsyncIterator[Team]:
    async with OpenAIUpstream() as upstream:
        yield Team(served, name, upstream)


@pytest.mark.parametrize("lanes", [True, False], ids=["passed-on", "translated"])
async def test_each_workspace_calls_with_its_own_credentials(serve: Serve, lanes: bool) -> None:
    """One key of one team must never pay, or be seen, for another."""
    served = await serve("openai", lanes=lanes)
    async with team(served, "One") as one, team(served, "Two") as two:
        await one.give()
        await two.give()
        answers = await asyncio.gather(*(each.ask() for each in [one, two] * 5))

        assert {answer.status for answer in answers} == {200}
        assert (len(one.upstream.requests), len(two.upstream.requests)) == (5, 5)
        records = await served.records()
        assert sorted({record["workspace"] for record in records}) == sorted([one.id, two.id])


async def test_a_workspace_without_credentials_is_told_so_and_borrows_none(serve: Serve) -> None:
    """What the installation's environment holds belongs to the default workspace."""
    served = await serve("openai")
    async with team(served, "New") as new:
        refused = await new.ask()
        listed = await served.call("GET", "/v1/models", key=new.key)
        own = await served.post(
            CHAT, {"model": "openai/gpt-4.1-mini", "messages": [{"role": "user", "content": "Hi"}]}
        )

        assert refused.status == 401
        assert "no credentials are known for openai" in refused.json["error"]["message"]
        assert "openai/gpt-4.1-mini" not in {model["id"] for model in listed.json["data"]}
        assert own.status == 200
        assert not new.upstream.requests


async def test_a_change_of_credentials_by_another_process_is_seen_by_calls(serve: Serve) -> None:
    """By whichever process it was made: a key that leaked is switched off for all."""
    served = await serve("openai")
    async with team(served, "One") as one:
        await one.give("test-key")
        assert (await one.ask()).status == 200
        wrong = await one.give("a-wrong-key")
        with served.database() as other_process:
            named.switch(other_process, served.vault, one.target, wrong.id, actor="cli")

        await served.look()
        answer = await one.ask()

        assert answer.status == 401
        assert b"a-wrong-key" not in answer.body


async def test_answers_that_are_kept_belong_to_the_workspace_that_asked(serve: Serve) -> None:
    """An id that leaks is no way into another team's conversations."""
    served = await serve("openai")
    async with team(served, "One") as one, team(served, "Two") as two:
        await one.give()
        await two.give()
        body = {"model": "openai/gpt-4.1-mini", "input": "Hi", "store": True}
        kept = await served.call("POST", "/v1/responses", body, key=one.key)

        assert kept.status == 200
        found = f"/v1/responses/{kept.json['id']}"
        assert (await served.call("GET", found, key=one.key)).status == 200
        assert (await served.call("GET", found, key=two.key)).status == 404
