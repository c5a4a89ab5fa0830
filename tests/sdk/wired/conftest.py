"""Models of built-in providers in front of their fakes, as a host makes them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from tests.upstreams.anthropic import AnthropicUpstream
from tests.upstreams.cohere import CohereUpstream
from tests.upstreams.jina import JinaUpstream
from tests.upstreams.openai import OpenAIUpstream

from modelbay.catalog import Catalog
from modelbay.entities import ModelType
from modelbay.hosts import InProcessHost, ProviderCode
from modelbay.wires.transport import Transport

CATALOG = Catalog()
Make = Callable[[str, ModelType], Any]


@pytest.fixture
async def anthropic() -> AsyncIterator[AnthropicUpstream]:
    """Start a fake Anthropic."""
    async with AnthropicUpstream() as upstream:
        yield upstream


@pytest.fixture
async def openai() -> AsyncIterator[OpenAIUpstream]:
    """Start a fake OpenAI."""
    async with OpenAIUpstream() as upstream:
        yield upstream


@pytest.fixture
async def cohere() -> AsyncIterator[CohereUpstream]:
    """Start a fake Cohere."""
    async with CohereUpstream() as upstream:
        yield upstream


@pytest.fixture
async def jina() -> AsyncIterator[JinaUpstream]:
    """Start a fake Jina."""
    async with JinaUpstream() as upstream:
        yield upstream


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    """Return what makes a fresh model object of a provider."""
    async with Transport() as transport:
        host = InProcessHost(transport)

        def made(provider: str, model_type: ModelType) -> Any:
            plugin = CATALOG.provider(provider)
            return host.model(ProviderCode(plugin.folder, plugin.provider, tuple(plugin.models)), model_type)

        yield made
