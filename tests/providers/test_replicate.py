"""Replicate: predictions are asked what they take, streamed or asked for, and cancelled when nobody waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from tests.providers.arrangement import CATALOG, EMBEDDING, KEY, LLM, SPEECH2TEXT, TTS
from tests.upstreams.made_up import TRANSCRIPT, heard, wav
from tests.upstreams.replicate import ReplicateUpstream, version_of
from tests.upstreams.replicate_models import MODELS

from modelbay.entities import ModelType, UserPromptMessage, WireDeclaration
from modelbay.errors import (
    CredentialsValidateFailedError,
    InvokeBadRequestError,
    InvokeServerUnavailableError,
)
from modelbay.hosts import InProcessHost, ProviderCode
from modelbay.sdk.testing import Gate
from modelbay.wires.settings import TransportSettings
from modelbay.wires.transport import Transport

HELLO = [UserPromptMessage(content="Hello there")]
LLAMA, CHATTY = "meta/llama-3-8b-instruct", "acme/chatty"
PLUGIN = CATALOG.provider("replicate")
SETTINGS = TransportSettings(trust_env=False, retries=0, file_hosts=frozenset({"127.0.0.1"}))


def code() -> ProviderCode:
    """Return the provider, made to ask for predictions without a pause worth waiting for."""
    wire = PLUGIN.provider.wire
    assert isinstance(wire, WireDeclaration)
    options = {**wire.options, "poll_seconds": 0.001}
    quick = PLUGIN.provider.model_copy(update={"wire": wire.model_copy(update={"options": options})})
    return ProviderCode(PLUGIN.folder, quick, tuple(PLUGIN.models))


@asynccontextmanager
async def instance(model_type: ModelType) -> AsyncIterator[Any]:
    """Make a model object."""
    async with Transport(SETTINGS) as transport:
        yield InProcessHost(transport).model(code(), model_type)


def credentials(upstream: ReplicateUpstream, **more: str) -> dict[str, str]:
    """Return what leads to the fake."""
    return {"replicate_api_token": KEY, "base_url": f"{upstream.url}/v1", **more}


def asked(upstream: ReplicateUpstream) -> list[str]:
    """Return the methods and kinds of the requests so far."""
    return [f"{request.method} {request.path.split('/')[2]}" for request in upstream.requests]


async def test_a_streamed_answer_is_created_streamed_and_counted() -> None:
    """The stream tells no usage, so that the prediction is asked for it at the end."""
    async with ReplicateUpstream() as upstream, instance(LLM) as llm:
        upstream.will_stream("Hel", "lo", usage={"in": 9, "out": 2})
        result = await llm.invoke(LLAMA, credentials(upstream), HELLO)

        assert (result.text, result.usage.prompt_tokens, result.usage.completion_tokens) == ("Hello", 9, 2)
        assert [request.path.split("/")[-1] for request in upstream.requests][1] == "predictions"
        assert upstream.requests[2].path.startswith("/streams/")
        assert upstream.cancelled == []


async def test_a_model_that_does_not_stream_is_asked_until_it_has_ended() -> None:
    """What is new each time is passed on at once."""
    async with ReplicateUpstream(streams=False) as upstream, instance(LLM) as llm:
        upstream.will_stream("one ", "two ", "three")
        chunks = [chunk async for chunk in llm.stream(CHATTY, credentials(upstream), HELLO)]

        assert [chunk.text for chunk in chunks if chunk.text] == ["one ", "two ", "three"]
        assert chunks[-1].finish_reason == "stop"


async def test_what_a_model_takes_is_asked_once() -> None:
    """It is the same for the next call."""
    async with ReplicateUpstream() as upstream, Transport(SETTINGS) as transport:
        for _ in range(2):
            llm: Any = InProcessHost(transport).model(code(), LLM)
            await llm.invoke(CHATTY, credentials(upstream), HELLO)

        assert asked(upstream).count("GET models") == 1


async def test_another_key_asks_for_itself() -> None:
    """A private model's inputs are not for those who may not see it."""
    async with ReplicateUpstream(key=None) as upstream, instance(LLM) as llm:
        await llm.invoke(CHATTY, credentials(upstream), HELLO)
        await llm.invoke(CHATTY, credentials(upstream, replicate_api_token="other"), HELLO)

        assert asked(upstream).count("GET models") == 2


async def test_a_version_is_asked_for_and_run() -> None:
    """Whoever pins one does not want the latest."""
    async with ReplicateUpstream() as upstream, instance(LLM) as llm:
        version = version_of(CHATTY)
        await llm.invoke(CHATTY, credentials(upstream, model_version=version), HELLO)

        assert upstream.requests[0].path == f"/v1/models/{CHATTY}/versions/{version}"
        assert upstream.requests[1].body["version"] == version


async def test_a_custom_model_is_declared_by_its_inputs() -> None:
    """Nobody has to type them in."""
    async with ReplicateUpstream() as upstream, instance(LLM) as llm:
        schema = await llm.resolve(CHATTY, credentials(upstream, context_size="8000"))

        assert [rule.name for rule in schema.parameter_rules][:2] == ["max_tokens", "temperature"]
        assert (schema.property_of("context_size"), schema.features) == (8000, ["vision"])


async def test_a_stop_sequence_cancels_the_prediction() -> None:
    """Its rest would be paid for and thrown away."""
    async with ReplicateUpstream() as upstream, instance(LLM) as llm:
        gate = upstream.gate = Gate()
        gate.open()
        upstream.will_stream("one EN", "D two ", *["three "] * 5)
        result = await llm.invoke(CHATTY, credentials(upstream), HELLO, stop=["END"])

        assert (result.text, result.finish_reason, len(upstream.cancelled)) == ("one ", "stop", 1)
        assert result.usage.estimated


async def test_leaving_a_stream_cancels_the_prediction() -> None:
    """Hanging up alone would let it run on."""
    async with ReplicateUpstream() as upstream, instance(LLM) as llm:
        upstream.will_stream(*["word "] * 50)
        stream = llm.stream(CHATTY, credentials(upstream), HELLO)
        await anext(stream)
        await stream.aclose()

        assert len(upstream.cancelled) == 1


async def test_cancelling_a_whole_call_cancels_the_prediction() -> None:
    """The same, for somebody who waits for the end."""
    async with ReplicateUpstream() as upstream, instance(LLM) as llm:
        gate = upstream.gate = Gate()
        upstream.will_stream("one ", "two ")
        gate.let(2)  # what the model takes, the creation
        call = asyncio.create_task(llm.invoke(CHATTY, credentials(upstream), HELLO))
        await upstream.received(3)
        await gate.reached(3)
        gate.open()
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)

        assert call.cancelled()
        assert len(upstream.cancelled) == 1


@pytest.mark.parametrize("streams", [True, False])
async def test_a_prediction_that_fails_says_why_and_is_not_cancelled(streams: bool) -> None:
    """It has ended, and there is nothing to cancel."""
    async with ReplicateUpstream(streams=streams) as upstream, instance(LLM) as llm:
        upstream.will_end_as = ("failed", "CUDA out of memory")
        with pytest.raises(InvokeServerUnavailableError, match="CUDA out of memory"):
            await llm.invoke(CHATTY, credentials(upstream), HELLO)

        assert upstream.cancelled == []


async def test_the_words_of_a_failed_prediction_never_show_the_key() -> None:
    """They come inside an answer of status 200, which nobody looks through for errors."""
    async with ReplicateUpstream() as upstream, instance(LLM) as llm:
        upstream.will_end_as = ("failed", f"the model printed {KEY}")
        with pytest.raises(InvokeServerUnavailableError) as caught:
            await llm.invoke(CHATTY, credentials(upstream), HELLO)

        assert KEY not in str(caught.value)


async def test_a_parameter_for_which_the_model_has_no_input_is_refused_before_it_runs() -> None:
    """A declared model may have changed since its table was written."""
    async with ReplicateUpstream() as upstream, instance(LLM) as llm:
        trimmed = {"prompt": MODELS[LLAMA].inputs["prompt"], "max_tokens": MODELS[LLAMA].inputs["max_tokens"]}
        upstream.models[LLAMA] = replace(MODELS[LLAMA], inputs=trimmed)
        with pytest.raises(InvokeBadRequestError, match="temperature"):
            await llm.invoke(LLAMA, credentials(upstream), HELLO, {"temperature": 0.5})

        assert asked(upstream) == ["GET models"]


async def test_a_check_predicts_nothing_and_refuses_a_model_of_another_kind() -> None:
    """A prediction may take minutes and is paid for."""
    async with ReplicateUpstream() as upstream:
        async with instance(LLM) as llm:
            await llm.check_credentials(CHATTY, credentials(upstream))
        async with instance(LLM) as llm:
            with pytest.raises(CredentialsValidateFailedError, match="not a language model"):
                await llm.check_credentials("acme/listener", credentials(upstream))

        assert {request.method for request in upstream.requests} == {"GET"}


@pytest.mark.parametrize("model", ["acme/one-vector", "acme/many-vectors"])
async def test_vectors_come_whatever_the_model_calls_its_input(model: str) -> None:
    """It is asked which input takes the text."""
    async with ReplicateUpstream() as upstream, instance(EMBEDDING) as embedder:
        result = await embedder.invoke(model, credentials(upstream), ["one", "two", "three"])

        assert len(result.embeddings) == 3
        assert not upstream.refused


@pytest.mark.parametrize("padding", [0, 300_000])
async def test_a_recording_is_written_down_whatever_its_size(padding: int) -> None:
    """A large one is uploaded first."""
    async with ReplicateUpstream() as upstream, instance(SPEECH2TEXT) as listener:
        said = wav("What was said") + bytes(padding)
        result = await listener.invoke("acme/listener", credentials(upstream), said)

        assert result.text == "What was said"
        assert ("POST files" in asked(upstream)) is bool(padding)


async def test_speech_is_fetched_from_where_the_provider_put_it() -> None:
    """Without the key: the address itself is the permission."""
    async with ReplicateUpstream() as upstream, instance(TTS) as speaker:
        result = await speaker.invoke("acme/speaker", credentials(upstream), "Hello, world.", voice="bo")

        assert heard(result.audio) in ("Hello, world.", TRANSCRIPT)
        assert result.mime_type == "audio/wav"
        assert upstream.requests[1].body["input"] == {"text": "Hello, world.", "voice": "bo"}
        assert "authorization" not in upstream.requests[-1].headers
        with pytest.raises(InvokeBadRequestError, match="ada, bo"):
            await speaker.invoke("acme/speaker", credentials(upstream), "Hello.", voice="nobody")


async def test_the_collection_of_language_models_is_listed() -> None:
    """The list of all models has everybody's, of every kind."""
    async with ReplicateUpstream() as upstream, Transport(SETTINGS) as transport:
        provider = InProcessHost(transport).provider(code())
        await provider.validate_provider_credentials(credentials(upstream))
        listed = await provider.fetch_models(credentials(upstream))

        assert {model.model for model in listed} == {LLAMA, CHATTY}
        assert next(model for model in listed if model.model == LLAMA).pricing is not None
