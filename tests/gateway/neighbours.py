"""Workspaces beside the first one, whose credentials and network settings are changed as a process would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.gateway.serving import Served

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

    def __init__(self, served: Served, name: str = "") -> None:
        self.served = served
        self.id, self.key = "default", served.key
        if name:
            with self.database() as database:
                self.id = create_workspace(database, name, actor="cli").id
                self.key = create_key(database, workspace=self.id).secret

    def database(self) -> Database:
        """Open the gateway's database as another process does."""
        return Database.open(Path(self.served.gateway.settings.data_dir))

    async def give(self, provider: str, **values: str) -> None:
        """Store credentials without asking the provider: proving is tested where it is at home."""

        async def proved(*_: Any, **__: Any) -> None:
            """Take them as they are."""

        platform, declared = self.served.gateway.platform, self.served.gateway.catalog.provider(provider)
        await named.create(
            platform.credentials._database,
            platform.vault,
            Proving(proved),
            Target(self.id, declared.provider, "", None),
            values,
            actor="cli",
        )
        await platform.credentials.look()  # as it does every 0.4 seconds

    async def give_openai(self, address: str) -> None:
        """Store credentials for OpenAI that lead to an address."""
        await self.give("openai", openai_api_key="test-key", openai_api_base=address, api_protocol="chat")

    async def set(self, provider: str = "openai", **given: Any) -> None:
        """Change network settings."""
        declared = self.served.gateway.catalog.provider(provider).provider
        with self.database() as database:
            vault = self.served.gateway.platform.vault
            change(database, vault, declared, self.id, given, actor="cli", may_allow_private=True)
        await self.served.gateway.platform.credentials.look()

    async def call(self, path: str, body: Any) -> Any:
        """Post JSON with the workspace's key."""
        return await self.served.call("POST", path, body, key=self.key)

    async def ask(self, model: str = "openai/gpt-4.1-mini", **more: Any) -> Any:
        """Ask a language model."""
        return await self.call(CHAT, {"model": model, "messages": HI, **more})
