"""Lists of models that the upstream itself tells, joined with what is declared of them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.upstreams.anthropic import AnthropicUpstream
from tests.upstreams.cohere import CohereUpstream
from tests.upstreams.ollama import OllamaUpstream
from tests.upstreams.openai import OpenAIUpstream

from modelbay import AsyncModelbay, ModelType
from modelbay.sdk.testing import faults

KEY = "test-key"


def openai_at(upstream: OpenAIUpstream) -> AsyncModelbay:
    credentials = {"openai_api_key": KEY, "openai_api_base": upstream.url}
    return AsyncModelbay({"openai": credentials}, environment=False)


def ollama_at(upstream: OllamaUpstream) -> AsyncModelbay:
    return AsyncModelbay({"ollama": {"base_url": upstream.url}}, environment=False)


async def test_openai_lists_models_with_what_is_declared_of_them() -> None:
    """The list has names only: type, context and price are the declaration's."""
    async with OpenAIUpstream() as upstream, openai_at(upstream) as bay:
        listed = {model.model: model for model in await bay.fetch_models("openai")}

    mini = listed["gpt-4.1-mini"]
    assert mini.property_of("context_size") == 1047576
    assert mini.pricing is not None
    assert mini.pricing.input == Decimal("0.4")
    assert (mini.pricing.source, mini.pricing.as_of) == ("litellm 1.109.1", "2026-11-21")
    assert listed["text-embedding-3-small"].model_type is ModelType.TEXT_EMBEDDING
    assert listed["tts-1"].property_of("default_voice") == "alloy"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("text-embedding-9", "text-embedding"),
        ("gpt-9-transcribe-2027-01-01", "speech2text"),
        ("gpt-9-mini-tts", "tts"),
        ("mega-moderation-latest", "moderation"),
        ("gpt-9", "llm"),
        ("gpt-image-9", None),
        ("sora-9-pro", None),
        ("gpt-9-realtime-preview", None),
    ],
)
async def test_a_model_of_openai_that_nobody_declared_has_the_type_that_its_name_says(
    name: str, kind: str | None
) -> None:
    """A model that makes films is no language model, and the list would not say so."""
    async with OpenAIUpstream() as upstream, openai_at(upstream) as bay:
        upstream.models = (name,)
        listed = await bay.fetch_models("openai")

    assert [model.model_type.value for model in listed] == ([kind] if kind else [])


async def test_a_fine_tuned_model_of_openai_is_listed() -> None:
    """It is callable at once, like its base."""
    async with OpenAIUpstream() as upstream, openai_at(upstream) as bay:
        upstream.models = ("ft:gpt-4.1-mini:acme::abc123",)
        (listed,) = await bay.fetch_models("openai")

    assert listed.wire == {"base_model": "gpt-4.1-mini"}
    assert listed.pricing is None


async def test_all_pages_of_anthropics_list_are_read() -> None:
    """A list that stops at its first page would hide models from everybody."""
    credentials = {"anthropic_api_key": KEY}
    async with AnthropicUpstream() as upstream:
        upstream.largest_page = 3
        credentials["anthropic_api_url"] = upstream.url
        async with AsyncModelbay({"anthropic": credentials}, environment=False) as bay:
            listed = await bay.fetch_models("anthropic")

    assert [model.model for model in listed] == list(upstream.models)
    assert len(upstream.requests) == -(-len(upstream.models) // 3)
    assert upstream.refused == []


async def test_a_listed_model_of_anthropic_keeps_its_way_of_thinking_and_its_price() -> None:
    """What the upstream does not tell must not be lost by asking it."""
    async with AnthropicUpstream() as upstream:
        credentials = {"anthropic_api_key": KEY, "anthropic_api_url": upstream.url}
        async with AsyncModelbay({"anthropic": credentials}, environment=False) as bay:
            listed = {model.model: model for model in await bay.fetch_models("anthropic")}

    found = listed["claude-haiku-4-5"]
    assert found.wire["thinking"] == "budget"
    assert found.pricing is not None
    assert found.pricing.cache_write == Decimal("1.25")
    assert "thinking_budget" in {rule.name for rule in found.parameter_rules}


async def test_all_pages_of_coheres_list_are_read_and_types_are_told() -> None:
    """Cohere says of each model for what it is."""
    async with CohereUpstream() as upstream:
        upstream.largest_page = 2
        credentials = {"api_key": KEY, "base_url": upstream.url}
        async with AsyncModelbay({"cohere": credentials}, environment=False) as bay:
            listed = {model.model: model.model_type for model in await bay.fetch_models("cohere")}

    assert listed["embed-v4.0"] is ModelType.TEXT_EMBEDDING
    assert listed["rerank-v3.5"] is ModelType.RERANK
    assert listed["command-a-03-2025"] is ModelType.LLM
    assert len(upstream.requests) > 2


async def test_ollama_is_asked_of_every_model_what_it_can_do() -> None:
    """Its list has names only; an embedding model would be shown as one that talks."""
    async with OllamaUpstream() as upstream, ollama_at(upstream) as bay:
        listed = {model.model: model for model in await bay.fetch_models("ollama")}

    assert listed["nomic-embed-text:latest"].model_type is ModelType.TEXT_EMBEDDING
    assert "agent-thought" in (listed["qwen3:8b"].features or [])
    assert "vision" in (listed["gemma3:4b"].features or [])
    assert listed["llama3.2:latest"].property_of("context_size") == 32768


async def test_a_model_that_cannot_be_described_is_listed_all_the_same() -> None:
    """A model that is removed while the list is read must not hide the others."""
    async with OllamaUpstream() as upstream, ollama_at(upstream) as bay:
        upstream.will_fail(faults.status(404), path="/api/show", times=1)
        listed = await bay.fetch_models("ollama")

    assert [model.model for model in listed] == list(upstream.models)
