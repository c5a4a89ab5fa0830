"""Workspaces beside the first one, whose credentials and network settings are changed as a process would."""

from __future__ import annotations

from typing import Any

from tests.gateway.installation import Installation

from modelbay.platform.background import BackgroundDatabase
from modelbay.platform.credentials import named
from modelbay.platform.credentials.proving import Proving
from modelbay.platform.credentials.target import Target
from modelbay.platform.keys import create_key
from modelbay.platform.network.settings import change
from modelbay.platform.people.workspaces import create_workspace
from modelbay.store import Database

CHAT = "/v1/chat/completions"
HI = [{"role": "user", "content": "Hi"}]


class Neighbour:
    """A workspace of a running gateway and its key; by default the first one."""

    def __init__(self, served: Installation, name: str = "") -> None:
        self.served = served
        self.id, self.key = "default", served.key
        if name:
            with self.database() as database:
                self.id = create_workspace(database, name, actor="cli").id
                self.key = create_key(database, workspace=self.id).secret

    def database(self) -> Database:
        """Open the gateway's database as another process does."""
        return self.served.database()

    async def give(self, provider: str, **values: str) -> None:
        """Store credentials without asking the provider: proving is tested where it is at home."""

        async def proved(*_: Any, **__: Any) -> None:
            """Take them as they are."""

        database = BackgroundDatabase(self.served.folder)
        try:
            await named.create(
                database,
                self.served.vault,
                Proving(proved),
                Target(self.id, self.served.catalog.provider(provider).provider, "", None),
                values,
                actor="cli",
            )
        finally:
            await database.close()
        await self.served.look()

    async def give_openai(self, address: str) -> None:
        """Store credentials for OpenAI that lead to an address."""
        await self.give("openai", openai_api_key="test-key", openai_api_base=address, api_protocol="chat")

    async def set(self, provider: str = "openai", **given: Any) -> None:
        """Change network settings."""
        declared = self.served.catalog.provider(provider).provider
        with self.database() as database:
            change(database, self.served.vault, declared, self.id, given, actor="cli", may_allow_private=True)
        await self.served.look()

    async def call(self, path: str, body: Any) -> Any:
        """Post JSON with the workspace's key."""
        return await self.served.call("POST", path, body, key=self.key)

    async def ask(self, model: str = "openai/gpt-4.1-mini", **more: Any) -> Any:
        """Ask a language model."""
        return await self.call(CHAT, {"model": model, "messages": HI, **more})
