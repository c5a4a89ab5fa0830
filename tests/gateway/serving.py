"""A gateway in front of the fake upstreams, on this test's own event loop and over real sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.gateway.client import Answer, fetch
from tests.upstreams.anthropic import AnthropicUpstream
from tests.upstreams.cohere import CohereUpstream
from tests.upstreams.jina import JinaUpstream
from tests.upstreams.ollama import OllamaUpstream
from tests.upstreams.openai import OpenAIUpstream

from modelbay.gateway.app import Gateway
from modelbay.gateway.http.server import Server
from modelbay.gateway.http.settings import ServerSettings
from modelbay.gateway.settings import GatewaySettings, Limits
from modelbay.platform.fold import fold
from modelbay.platform.local import first_key
from modelbay.runtime.trying import Balancer
from modelbay.sdk.testing import FakeUpstream
from modelbay.store import Database
from modelbay.store.calls import COLUMNS

KEY = "test-key"


@dataclass
class Served:
    """A running gateway, its key, and the fakes behind it, by family."""

    gateway: Gateway
    server: Server
    key: str
    upstreams: dict[str, FakeUpstream] = field(default_factory=dict)

    @property
    def place(self) -> tuple[str, int]:
        """Where it listens."""
        host, _, port = self.server.addresses[0].rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def url(self) -> str:
        """Its address."""
        return "http://{}:{}".format(*self.place)

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        key: str | None = "",
    ) -> Answer:
        """Send one request on a connection of its own and return the whole answer."""
        given = {} if key is None else {"authorization": f"Bearer {key or self.key}"}
        return await fetch(self.place, method, path, body, {**given, **(headers or {})})

    async def post(self, path: str, body: Any, **headers: str) -> Answer:
        """Post JSON with the key."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.call("POST", path, body, named)

    async def records(self) -> list[dict[str, Any]]:
        """Return the ledger, oldest call first."""
        return await asyncio.to_thread(recorded, Path(self.gateway.settings.data_dir))


def recorded(data_dir: Path) -> list[dict[str, Any]]:
    """Return the calls in a data directory's ledger, oldest first; what is still in journals included."""
    with Database.open(data_dir) as database:
        fold(database, data_dir)
        found = database.rows(f"SELECT {', '.join(COLUMNS)} FROM calls ORDER BY at")
        return [dict(zip(COLUMNS, row, strict=True)) for row in found]


FAKES: Mapping[str, Any] = {
    "openai": OpenAIUpstream,
    "anthropic": AnthropicUpstream,
    "cohere": CohereUpstream,
    "jina": JinaUpstream,
    "ollama": OllamaUpstream,
    "compatible": lambda: OpenAIUpstream(compatible=True),
}


def credentials_for(upstreams: Mapping[str, FakeUpstream], *, api: str = "chat") -> dict[str, Any]:
    """Return the credentials that lead every provider to its fake."""
    found: dict[str, Any] = {}
    for name, upstream in upstreams.items():
        found |= {
            "openai": {
                "openai": {
                    "openai_api_key": KEY,
                    "openai_api_base": upstream.url,
                    "api_protocol": api,
                }
            },
            "anthropic": {"anthropic": {"anthropic_api_key": KEY, "anthropic_api_url": upstream.url}},
            "cohere": {"cohere": {"api_key": KEY, "base_url": upstream.url}},
            "jina": {"jina": {"api_key": KEY, "base_url": f"{upstream.url}/v1"}},
            "ollama": {
                "ollama": {
                    "base_url": upstream.url,
                    "mode": "chat",
                    "context_size": "8192",
                    "max_tokens": "4096",
                    "vision_support": "true",
                    "function_call_support": "true",
                }
            },
            "compatible": {
                "openai_api_compatible": {
                    "endpoint_url": f"{upstream.url}/v1",
                    "api_key": KEY,
                    "mode": "chat",
                    "context_size": "8192",
                    "max_chunks": "16",
                    "function_calling_type": "tool_call",
                    "stream_function_calling": "supported",
                    "vision_support": "support",
                    "structured_output_support": "supported",
                }
            },
        }[name]
    return found


@asynccontextmanager
async def serving(
    folder: Path,
    *families: str,
    api: str = "chat",
    lanes: bool = True,
    limits: Limits | None = None,
    server: ServerSettings | None = None,
    balancer: Balancer | None = None,
    **settings: Any,
) -> AsyncIterator[Served]:
    """Run a gateway in front of the fakes of these families."""
    async with AsyncExitStack() as stack:
        upstreams = {name: await stack.enter_async_context(FAKES[name]()) for name in families}
        given = folder / "credentials.json"
        given.write_text(json.dumps(credentials_for(upstreams, api=api)))
        gateway = Gateway(
            GatewaySettings(
                str(folder / "data"),
                credentials=str(given),
                lanes=lanes,
                limits=limits or Limits(),
                access_log=False,
                **{"private_addresses": "all", **settings},  # the fakes are on this machine
            )
        )
        if balancer is not None:
            gateway.balancer = balancer
        key = first_key(folder / "data")
        assert key is not None
        await gateway.startup()
        listening = await Server.start(gateway, server or ServerSettings(port=0))
        try:
            yield Served(gateway, listening, key, upstreams)
        finally:
            await listening.drain(0)
            await gateway.shutdown()
