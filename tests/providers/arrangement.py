"""How one built-in provider meets a fake upstream."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from modelbay.catalog import Catalog
from modelbay.entities import ModelType
from modelbay.hosts import InProcessHost, ProviderCode
from modelbay.sdk.testing import FakeUpstream
from modelbay.sdk.testing.conformance import ABILITIES, Subject
from modelbay.wires.transport import Transport

LLM, EMBEDDING, RERANK = ModelType.LLM, ModelType.TEXT_EMBEDDING, ModelType.RERANK
SPEECH2TEXT, TTS, MODERATION = ModelType.SPEECH2TEXT, ModelType.TTS, ModelType.MODERATION
KEY = "test-key"
CATALOG = Catalog()


@dataclass(frozen=True)
class Arrangement:
    """One provider, one fake, and the models to call."""

    name: str
    provider: str
    upstream: Callable[[], FakeUpstream]
    credentials: Callable[[FakeUpstream], dict[str, Any]]
    models: dict[ModelType, str]
    secret: str
    without: frozenset[str] = field(default_factory=frozenset)
    length_word: str = "length"

    @property
    def abilities(self) -> frozenset[str]:
        """What the provider's wire can carry."""
        return ABILITIES - self.without

    def __str__(self) -> str:
        return self.name

    @asynccontextmanager
    async def subject(self) -> AsyncIterator[Subject]:
        """Start the fake and yield the provider under test."""
        plugin = CATALOG.provider(self.provider)
        code = ProviderCode(plugin.folder, plugin.provider, tuple(plugin.models))
        async with self.upstream() as upstream, Transport() as unused:
            host = InProcessHost(unused)
            yield Subject(
                upstream=upstream,
                make=lambda model_type: host.model(code, model_type),
                credentials=self.credentials(upstream),
                models=self.models,
                secret=self.secret,
                abilities=self.abilities,
                length_word=self.length_word,
            )
