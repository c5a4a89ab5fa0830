"""OpenLLM: a server is asked which generation it is of."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.providers.arrangement import CATALOG, EMBEDDING, LLM
from tests.upstreams.openai import OpenAIUpstream
from tests.upstreams.openllm import LegacyOpenLLMUpstream

from modelbay.entities import ModelType, UserPromptMessage
from modelbay.errors import InvokeAuthorizationError, InvokeBadRequestError, InvokeServerUnavailableError
from modelbay.hosts import InProcessHost, ProviderCode
from modelbay.sdk.testing import faults
from modelbay.wires.settings import TransportSettings
from modelbay.wires.transport import Transport

HELLO = [UserPromptMessage(content="Hello there")]
PLUGIN = CATALOG.provider("openllm")
CODE = ProviderCode(PLUGIN.folder, PLUGIN.provider, tuple(PLUGIN.models))


@asynccontextmanager
async def instance(model_type: ModelType) -> AsyncIterator[Any]:
    """Make a model object."""
    async with Transport(TransportSettings(trust_env=False, retries=0)) as transport:
        yield InProcessHost(transport).model(CODE, model_type)


@pytest.mark.parametrize("ending", ["", "/", "/v1"])
async def test_a_server_without_a_list_of_models_is_of_the_old_generation(ending: str) -> None:
    """Saved credentials know nothing but the address."""
    async with LegacyOpenLLMUpstream(key=None) as upstream, instance(LLM) as llm:
        result = await llm.invoke("opt", {"server_url": upstream.url + ending}, HELLO)

        assert result.text == "Hello there"
        assert [request.path for request in upstream.requests] == ["/v1/models", "/v1/generate"]


async def test_a_server_with_one_speaks_openais_dialect() -> None:
    """All since 0.6 do."""
    async with OpenAIUpstream(compatible=True, key=None) as upstream, instance(LLM) as llm:
        result = await llm.invoke("llama", {"server_url": upstream.url, "generation": "auto"}, HELLO)

        assert result.text == "Hello there"
        assert [request.path for request in upstream.requests] == ["/v1/models", "/v1/chat/completions"]


async def test_embeddings_go_the_same_way() -> None:
    """A server has one generation for all of its models."""
    async with LegacyOpenLLMUpstream(key=None) as upstream, instance(EMBEDDING) as embedder:
        result = await embedder.invoke("opt", {"server_url": upstream.url}, ["one", "two"])

        assert len(result.embeddings) == 2
        assert upstream.requests[-1].path == "/v1/embeddings"


async def test_a_server_is_asked_once() -> None:
    """It does not change between two calls."""
    settings = TransportSettings(trust_env=False, retries=0)
    async with LegacyOpenLLMUpstream(key=None) as upstream, Transport(settings) as transport:
        for _ in range(3):
            llm: Any = InProcessHost(transport).model(CODE, LLM)
            await llm.invoke("opt", {"server_url": upstream.url}, HELLO)

        assert [request.path for request in upstream.requests].count("/v1/models") == 1


async def test_a_server_that_is_named_in_the_form_is_not_asked() -> None:
    """A gateway in between may have a list of its own."""
    async with LegacyOpenLLMUpstream(key=None) as upstream, instance(LLM) as llm:
        await llm.invoke("opt", {"server_url": upstream.url, "generation": "legacy"}, HELLO)

        assert [request.path for request in upstream.requests] == ["/v1/generate"]


async def test_a_failure_to_tell_is_not_taken_for_an_answer() -> None:
    """A server that is starting would be called by the wrong API for ten minutes."""
    async with OpenAIUpstream(compatible=True, key=None) as upstream:
        upstream.will_fail(faults.status(503))
        async with instance(LLM) as llm:
            with pytest.raises(InvokeServerUnavailableError):
                await llm.invoke("llama", {"server_url": upstream.url}, HELLO)
        async with instance(LLM) as llm:
            assert (await llm.invoke("llama", {"server_url": upstream.url}, HELLO)).text == "Hello there"


async def test_a_wrong_key_is_told_as_such() -> None:
    """Deployments on BentoCloud ask for one."""
    async with OpenAIUpstream(compatible=True) as upstream, instance(LLM) as llm:
        with pytest.raises(InvokeAuthorizationError):
            await llm.invoke("llama", {"server_url": upstream.url, "api_key": "wrong"}, HELLO)


async def test_the_server_tells_the_context_size_of_its_model() -> None:
    """vLLM, which serves it, knows; the form need not say it."""
    listed = {"object": "list", "data": [{"id": "llama", "object": "model", "max_model_len": 2048}]}
    async with OpenAIUpstream(compatible=True, key=None) as upstream:
        upstream.will_answer(listed, path="/v1/models", times=None)
        async with instance(LLM) as llm:
            schema = await llm.resolve("llama", {"server_url": upstream.url})
            assert schema.property_of("context_size") == 2048
        async with instance(LLM) as llm:
            schema = await llm.resolve("llama", {"server_url": upstream.url, "context_size": "100"})
            assert schema.property_of("context_size") == 100


async def test_an_old_server_refuses_what_it_cannot_do_by_name() -> None:
    """It is not silently left out."""
    async with LegacyOpenLLMUpstream(key=None) as upstream, instance(LLM) as llm:
        credentials = {"server_url": upstream.url, "generation": "auto"}
        with pytest.raises(InvokeBadRequestError, match="response_format"):
            await llm.invoke("opt", credentials, HELLO, {"response_format": "json_object"})
