"""Declarations and chunks for tests of the base classes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

from modelbay.entities import (
    AIModelEntity,
    AssistantPromptMessage,
    LLMResult,
    LLMResultChunk,
    LLMResultChunkDelta,
    LLMUsage,
    ProviderEntity,
    UserPromptMessage,
)
from modelbay.sdk import AIModel, LargeLanguageModel
from modelbay.wires.usage import llm_usage

KEY = "sk-live-0123456789abcdef"
HELLO = [UserPromptMessage(content="Hello there")]
PRICES = {"input": "2", "output": "4", "unit": "0.001", "currency": "EUR"}


class Proven(AIModel):
    """A mixin for plugins whose credentials are not what is tested."""

    def validate_credentials(self, model: str, credentials: dict[str, Any]) -> None:
        return None


class Talker(Proven, LargeLanguageModel):
    """A language model for tests that define only `_invoke`."""


def declared(kind: type[AIModel], properties: dict[str, Any] | None = None, **more: Any) -> AIModelEntity:
    """Return the declaration of a model `m` of the class's type."""
    value = {"model": "m", "model_type": kind.model_type, "model_properties": properties or {}, **more}
    return AIModelEntity.model_validate(value)


def provider_entity(**more: Any) -> ProviderEntity:
    """Return the declaration of a provider with one secret, `api_key`, and one plain field, `pass_phrase`."""
    field = {"label": {"en_US": "x"}, "required": False}
    form = [
        {**field, "variable": "api_key", "type": "secret-input"},
        {**field, "variable": "pass_phrase", "type": "secret-input"},
        {**field, "variable": "region", "type": "text-input"},
    ]
    value = {
        "provider": "acme",
        "label": {"en_US": "Acme"},
        "supported_model_types": ["llm"],
        "configurate_methods": ["predefined-model"],
        "provider_credential_schema": {"credential_form_schemas": form},
    }
    return ProviderEntity.model_validate({**value, **more})


def make(kind: type[AIModel], properties: dict[str, Any] | None = None, **more: Any) -> Any:
    """Return a fresh model object of the class, as a host does, with model `m` declared."""
    instance = kind([declared(kind, properties, **more)])
    instance.provider_schema = provider_entity()
    return instance


def piece(
    text: Any = "",
    index: int = 0,
    usage: LLMUsage | None = None,
    finish_reason: str | None = None,
    **message: Any,
) -> LLMResultChunk:
    """Return one chunk."""
    said = AssistantPromptMessage(content=text, **message)
    delta = LLMResultChunkDelta(index=index, message=said, usage=usage, finish_reason=finish_reason)
    return LLMResultChunk(model="m", delta=delta)


def pieces(*texts: str) -> list[LLMResultChunk]:
    """Return the chunks of a good answer; the last has usage (7 in, 3 out) and finish reason."""
    *head, last = [piece(text, place) for place, text in enumerate(texts)]
    usage = llm_usage(prompt=7, completion=3)
    return [*head, piece(last.text, len(head), usage, "stop")]


def whole(text: str = "Hello") -> LLMResult:
    """Return a whole answer."""
    message = AssistantPromptMessage(content=text)
    usage = llm_usage(prompt=7, completion=3)
    return LLMResult(model="m", message=message, usage=usage, finish_reason="stop")


async def texts_of(stream: AsyncIterator[LLMResultChunk]) -> list[str]:
    """Return the texts of a stream's chunks."""
    return [chunk.text async for chunk in stream]


async def turns(count: int) -> None:
    """Wait for so many turns of the event loop: they come only while it is free."""
    for _ in range(count):
        await asyncio.sleep(0)


class ByHand(Iterator[LLMResultChunk]):
    """An iterator that is not a generator, as HTTP libraries return them."""

    def __init__(self, chunks: list[LLMResultChunk]) -> None:
        self._chunks = iter(chunks)
        self.closed = False

    def __next__(self) -> LLMResultChunk:
        return next(self._chunks)

    def close(self) -> None:
        self.closed = True
