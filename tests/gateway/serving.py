"""A gateway in front of the fake upstreams, on this test's own event loop and over real sockets."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.gateway.forking import look, reckon, tell
from tests.gateway.installation import Installation
from tests.gateway.pair import FORKS, pair
from tests.upstreams.anthropic import AnthropicUpstream
from tests.upstreams.cohere import CohereUpstream
from tests.upstreams.jina import JinaUpstream
from tests.upstreams.ollama import OllamaUpstream
from tests.upstreams.openai import OpenAIUpstream

from modelbay.gateway.app import Gateway
from modelbay.gateway.http.server import Server
from modelbay.gateway.http.settings import ServerSettings
from modelbay.gateway.settings import GatewaySettings, Limits
from modelbay.platform.local import first_key
from modelbay.runtime.cooling import Cooling
from modelbay.runtime.trying import Balancer
from modelbay.sdk.testing import FakeUpstream

KEY = "test-key"


@dataclass(kw_only=True)
class Served(Installation):
    """A gateway of the test's own process."""

    gateway: Gateway
    server: Server

    @property
    def place(self) -> tuple[str, int]:
        """Where it listens."""
        host, _, port = self.server.addresses[0].rpartition(":")
        return host.strip("[]"), int(port)

    async def look(self) -> None:
        """Have it see what has been changed."""
        await look(self.gateway)

    async def tell(self) -> None:
        """Have it tell its news."""
        await tell(self.gateway)

    async def reckon(self) -> None:
        """Wait for its figures."""
        await reckon(self.gateway)


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
    clock: Callable[[], float] | None = None,
    **settings: Any,
) -> AsyncIterator[Any]:
    """Run a gateway in front of the fakes of these families: a `Served`, or a `Pair` if `FORKS` is set.

    Args:
        clock: What rests are counted by, which no chance makes longer then; two servers have their own.
    """
    async with AsyncExitStack() as stack:
        upstreams = {name: await stack.enter_async_context(FAKES[name]()) for name in families}
        given = folder / "credentials.json"
        given.write_text(json.dumps(credentials_for(upstreams, api=api)))
        of = GatewaySettings(
            str(folder / "data"),
            credentials=str(given),
            lanes=lanes,
            limits=limits or Limits(),
            access_log=False,
            **{"private_addresses": "all", **settings},  # the fakes are on this machine
        )
        key = first_key(folder / "data")
        assert key is not None
        if FORKS in os.environ:
            started: Any = pair(of, key, upstreams, steady=clock is not None)
        else:
            started = _here(of, key, upstreams, server, clock)
        yield await stack.enter_async_context(started)


@asynccontextmanager
async def _here(
    settings: GatewaySettings,
    key: str,
    upstreams: dict[str, FakeUpstream],
    server: ServerSettings | None,
    clock: Callable[[], float] | None,
) -> AsyncIterator[Served]:
    gateway = Gateway(settings)
    if clock is not None:
        gateway.balancer = Balancer(Cooling(clock=clock, chance=lambda: 0.0))
    await gateway.startup()
    listening = await Server.start(gateway, server or ServerSettings(port=0))
    try:
        yield Served(settings=settings, key=key, upstreams=upstreams, gateway=gateway, server=listening)
    finally:
        await listening.drain(0)
        await gateway.shutdown()
