"""Hugging Face: which back end a model's credentials lead to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.providers.arrangement import CATALOG, EMBEDDING, KEY, LLM, RERANK
from tests.upstreams.huggingface import CHAT_MODEL, EMBEDDER, HuggingFaceUpstream
from tests.upstreams.tei import MOST_TEXTS, TEIUpstream
from tests.upstreams.tgi import TGIUpstream

from modelbay.entities import ModelType, UserPromptMessage
from modelbay.errors import CredentialsValidateFailedError, InvokeBadRequestError
from modelbay.hosts import InProcessHost, ProviderCode
from modelbay.sdk.wired import WiredProvider
from modelbay.wires.settings import TransportSettings
from modelbay.wires.transport import Transport

TOKEN = {"huggingfacehub_api_token": KEY}
HELLO = [UserPromptMessage(content="Hello there")]
PLUGIN = CATALOG.provider("huggingface_hub")
CODE = ProviderCode(PLUGIN.folder, PLUGIN.provider, tuple(PLUGIN.models))


@asynccontextmanager
async def host() -> AsyncIterator[InProcessHost]:
    """Run the provider's code."""
    async with Transport(TransportSettings(trust_env=False, retries=0)) as transport:
        yield InProcessHost(transport)


async def call(
    model_type: ModelType, model: str, credentials: dict[str, Any], *args: Any, **more: Any
) -> Any:
    """Call a model once."""
    async with host() as running:
        instance: Any = running.model(CODE, model_type)
        return await instance.invoke(model, TOKEN | credentials, *args, **more)


def endpoint(url: str, **more: str) -> dict[str, str]:
    """Make the credentials of an endpoint."""
    where = {"huggingfacehub_api_type": "inference_endpoints", "huggingfacehub_endpoint_url": url}
    return {**where, **more}


@pytest.mark.parametrize("ending", ["", "/", "/v1", "/v1/", "/v1/chat/completions"])
async def test_the_address_of_an_endpoint_may_end_as_the_vendor_shows_it(ending: str) -> None:
    """The vendor's own client takes all of these for the same place."""
    async with HuggingFaceUpstream() as upstream:
        answer = await call(LLM, "any", endpoint(upstream.url + ending), HELLO)

        assert (answer.text, upstream.requests[-1].path) == ("Hello there", "/v1/chat/completions")


@pytest.mark.parametrize(
    "chosen",
    [{"task_type": "text-generation"}, {"task_type": "text2text-generation"}, {"mode": "completion"}],
)
async def test_text_generation_is_called_by_its_own_api(chosen: dict[str, str]) -> None:
    """Saved credentials name the task; a model without a chat template has no other API."""
    async with TGIUpstream() as upstream:
        answer = await call(LLM, "bloom", endpoint(upstream.url, **chosen), HELLO, {"temperature": 0})

        assert (answer.text, upstream.requests[-1].path) == ("Hello there", "/generate_stream")
        assert not answer.usage.estimated


async def test_a_task_of_text_generation_may_be_called_as_chat() -> None:
    """Most engines of endpoints speak only that, whatever task the repository has."""
    credentials = {"task_type": "text-generation", "mode": "chat"}
    async with HuggingFaceUpstream() as upstream:
        await call(LLM, "any", endpoint(upstream.url, **credentials), HELLO)

        assert upstream.requests[-1].path == "/v1/chat/completions"


async def test_a_stop_sequence_that_the_server_leaves_in_the_text_is_cut_off() -> None:
    """Other servers do not return it, and callers rely on that."""
    credentials = {"task_type": "text-generation"}
    async with TGIUpstream() as upstream:
        upstream.will_stream("one E", "ND")
        answer = await call(LLM, "bloom", endpoint(upstream.url, **credentials), HELLO, stop=["END"])

        assert answer.text == "one "


async def test_a_tei_server_is_asked_for_its_limits() -> None:
    """More texts than it takes are split; nobody has to type the numbers in."""
    async with TEIUpstream(ranks=False) as upstream:
        result = await call(EMBEDDING, "bge", endpoint(upstream.url), ["text"] * (MOST_TEXTS + 1))

        assert len(result.embeddings) == MOST_TEXTS + 1
        assert [request.path for request in upstream.requests] == ["/info", "/embed", "/embed"]


async def test_prompts_for_queries_and_documents_are_sent_by_name() -> None:
    """Models such as E5 embed both in their own way."""
    names = {"query_prompt": "query", "document_prompt": "document", "context_size": "512"}
    async with TEIUpstream(ranks=False) as upstream:
        await call(EMBEDDING, "e5", endpoint(upstream.url, **names), ["a"], input_type="query")

        assert upstream.requests[-1].body["prompt_name"] == "query"


async def test_hosted_vectors_of_tokens_become_one_vector() -> None:
    """What the model answers is not known before it does."""
    async with HuggingFaceUpstream(tokens=True) as upstream:
        where = {"huggingfacehub_endpoint_url": f"{upstream.url}/hf-inference"}
        result = await call(EMBEDDING, EMBEDDER, where, ["one", "two"])

        assert len(result.embeddings) == 2


async def test_reranking_needs_a_server_of_ones_own() -> None:
    """Nobody behind the router ranks, so that the field that is missing is named."""
    with pytest.raises(InvokeBadRequestError, match="huggingfacehub_endpoint_url"):
        await call(RERANK, "bge", {}, "query", ["one"])


def test_hosted_models_live_at_the_vendors_addresses() -> None:
    """The old address of hosted inference is gone."""
    wire = PLUGIN.provider.wire
    assert wire is not None

    assert wire.address.default == "https://router.huggingface.co"
    assert wire.addresses[EMBEDDING].default == "https://router.huggingface.co/hf-inference"


async def test_a_token_is_proved_by_asking_whose_it_is() -> None:
    """The router's list is public and proves nothing."""
    async with HuggingFaceUpstream() as upstream, host() as running:
        provider = running.provider(CODE)
        await provider.validate_provider_credentials(TOKEN | {"hub_url": upstream.url})
        with pytest.raises(CredentialsValidateFailedError):
            await provider.validate_provider_credentials(
                {"huggingfacehub_api_token": "wrong", "hub_url": upstream.url}
            )

        assert [request.path for request in upstream.requests] == ["/api/whoami-v2"] * 2


async def test_the_routers_list_is_shown_with_what_its_providers_tell() -> None:
    """A model that nobody typed in has its context size all the same."""
    async with HuggingFaceUpstream() as upstream, host() as running:
        provider = running.provider(CODE)
        assert isinstance(provider, WiredProvider)
        listed = await provider.fetch_models(TOKEN | {"huggingfacehub_endpoint_url": upstream.url})

        assert listed[0].model == CHAT_MODEL
        assert listed[0].property_of("context_size") == 40960
