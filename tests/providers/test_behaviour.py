"""What the declarations say, seen from the library: endpoints, custom models, prices, refusals."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from tests.upstreams.ollama import OllamaUpstream
from tests.upstreams.openai import OpenAIUpstream

from modelbay import AsyncModelbay, InvokeBadRequestError, ModelType

KEY = "test-key"


@pytest.fixture
async def openai() -> AsyncIterator[OpenAIUpstream]:
    async with OpenAIUpstream() as upstream:
        yield upstream


def bay_for(upstream: OpenAIUpstream, **options: Any) -> AsyncModelbay:
    credentials = {"openai_api_key": KEY, "openai_api_base": upstream.url}
    return AsyncModelbay({"openai": credentials}, environment=False, **options)


async def test_an_exact_bill_for_a_cached_prompt(openai: OpenAIUpstream) -> None:
    """gpt-4.1-mini: 0.40 in, 0.10 cached, 1.60 out per million."""
    openai.will_stream("ok", usage={"in": 1000, "out": 500, "cached": 400})
    async with bay_for(openai) as bay:
        usage = (await bay.llm("openai/gpt-4.1-mini").invoke("Hi")).usage

    assert usage.cached_tokens == 400
    assert usage.prompt_price == Decimal("0.00028")  # 600 x 0.40 + 400 x 0.10, per million
    assert usage.completion_price == Decimal("0.0008")
    assert (usage.total_price, usage.currency) == (Decimal("0.00108"), "USD")


async def test_a_fine_tuned_model_is_declared_like_its_base_but_its_price_is_unknown(
    openai: OpenAIUpstream,
) -> None:
    """Fine-tuned models cost more than their base; a wrong price is worse than none."""
    name = "openai/ft:gpt-4.1-mini:acme::abc123"
    openai.will_stream("ok")
    async with bay_for(openai) as bay:
        schema = await bay.llm(name).schema()
        result = await bay.llm(name).invoke("Hi", temperature=0.5)

    assert schema is not None
    assert schema.property_of("context_size") == 1047576
    assert result.usage.total_price is None
    assert openai.requests[-1].body["model"] == "ft:gpt-4.1-mini:acme::abc123"


async def test_a_parameter_that_the_model_lacks_is_refused_by_name(openai: OpenAIUpstream) -> None:
    """Dropping it in silence would let the caller believe that it counts."""
    async with bay_for(openai) as bay:
        with pytest.raises(
            InvokeBadRequestError, match=r"no parameter 'temprature'; its parameters are .*temperature"
        ):
            await bay.llm("openai/gpt-4.1-mini").invoke("Hi", temprature=0.5)

    assert not openai.requests


async def test_unknown_parameters_are_dropped_where_the_caller_says_so(openai: OpenAIUpstream) -> None:
    """One program for many models passes what some of them lack."""
    openai.will_stream("ok")
    async with bay_for(openai, drop_unknown=True) as bay:
        await bay.llm("openai/gpt-4.1-mini").invoke("Hi", no_such=0.5)

    assert "no_such" not in openai.requests[-1].body


async def test_speech_is_priced_by_the_minute(openai: OpenAIUpstream) -> None:
    """whisper-1 costs 0.006 a minute, whatever tokens an answer may report."""
    async with bay_for(openai) as bay:
        audio = (await bay.speak("sandbox/sandbox-voice", "One two three.")).audio
        usage = (await bay.transcribe("openai/whisper-1", audio)).usage

    assert usage is not None
    assert usage.meter == "minute"
    assert usage.total_price == (usage.quantity * Decimal("0.006")).quantize(Decimal("0.0000001"))


async def test_models_are_asked_from_the_server_with_their_abilities() -> None:
    """A local server knows best what its models can do."""
    async with OllamaUpstream() as upstream:
        local = upstream.url.removeprefix("http://")
        async with AsyncModelbay({"ollama": {"base_url": local}}, environment=False) as bay:
            listed = await bay.fetch_models("ollama")
            schema = await bay.llm(f"ollama/{listed[0].model}").schema()

    assert listed
    assert schema is not None
    assert schema.property_of("context_size")
    assert {rule.name for rule in schema.parameter_rules} >= {"temperature", "max_tokens"}


async def test_a_custom_model_is_declared_by_its_credentials() -> None:
    """The switches of the form decide what the model can do."""
    credentials = {
        "endpoint_url": "http://localhost:1/v1",
        "context_size": "32768",
        "function_calling_type": "tool_call",
        "vision_support": "support",
        "display_name": "Our model",
    }
    async with AsyncModelbay({"openai_api_compatible": credentials}, environment=False) as bay:
        schema = await bay.llm("openai_api_compatible/ours").schema()

    assert schema is not None
    assert schema.label.en_us == "Our model"
    assert schema.property_of("context_size") == 32768
    assert {"vision", "multi-tool-call"} <= set(schema.features or [])
    assert schema.model_type is ModelType.LLM


async def test_an_address_without_a_scheme_is_refused_unless_it_is_local() -> None:
    """A key must not travel in the clear because somebody forgot the https."""
    async with AsyncModelbay(
        {"openai": {"openai_api_key": KEY, "openai_api_base": "api.example.com"}}
    ) as bay:
        with pytest.raises(InvokeBadRequestError, match=r"openai_api_base.*must begin with http"):
            await bay.llm("openai/gpt-4.1-mini").invoke("Hi")


async def test_a_free_moderation_costs_nothing_and_says_so(openai: OpenAIUpstream) -> None:
    """Free is not the same as unknown: the model is declared at 0 a token."""
    async with bay_for(openai) as bay:
        usage = (await bay.moderate("openai/omni-moderation-latest", "What a lovely day.")).usage

    assert usage is not None
    assert (usage.meter, usage.total_price) == ("token", Decimal(0))


async def test_the_model_that_a_key_must_be_able_to_call_is_called_to_prove_it(
    openai: OpenAIUpstream,
) -> None:
    """A key may list models that it cannot call."""
    credentials = {"openai_api_key": KEY, "openai_api_base": openai.url, "validate_model": "gpt-4.1-mini"}
    async with AsyncModelbay(environment=False) as bay:
        await bay.validate_credentials("openai", credentials)
        await bay.validate_credentials("openai", credentials | {"validate_model": ""})

    assert [request.path for request in openai.requests] == ["/v1/chat/completions", "/v1/models"]
    assert openai.requests[0].body["model"] == "gpt-4.1-mini"
