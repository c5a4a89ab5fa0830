"""Voyage, NVIDIA and Volcengine Ark: what their declarations say, seen from the library."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.upstreams.nvidia import NvidiaUpstream
from tests.upstreams.volcengine import ACCESS_KEY, ENDPOINT, ArkUpstream
from tests.upstreams.voyage import VoyageUpstream

from modelbay import AsyncModelbay, InvokeAuthorizationError, InvokeBadRequestError, ModelType
from modelbay.catalog import read_plugin
from modelbay.entities import EmbeddingInputType, WireDeclaration
from modelbay.sdk.wired.endpoint import endpoint_of, options_of

KEY = "test-key"
PROVIDERS = Path(__file__).parents[2] / "src/modelbay/providers"


def wire_of(provider: str) -> WireDeclaration:
    wire = read_plugin(PROVIDERS / provider).provider.wire
    assert wire is not None
    return wire


def address_of(provider: str, credentials: dict[str, Any], model_type: ModelType) -> str:
    wire = wire_of(provider)
    options = options_of(wire, {}, credentials, model_type)
    return endpoint_of(wire, credentials, model_type, options.get("address")).base_url


def ark(upstream: ArkUpstream, **changed: Any) -> AsyncModelbay:
    credentials = {
        "auth_method": "aksk",
        "volc_access_key_id": ACCESS_KEY,
        "volc_secret_access_key": "volc-secret",
        "volc_region": "cn-beijing",
        "volc_openapi_host": upstream.url,
        "api_endpoint_host": upstream.base_url,
        "endpoint_id": ENDPOINT,
        "base_model_name": "Doubao-Seed-2.0-pro",
    }
    return AsyncModelbay({"volcengine_maas": {**credentials, **changed}}, environment=False)


@pytest.mark.parametrize(
    ("credentials", "address"),
    [
        ({"api_key": "pa-1"}, "https://api.voyageai.com/v1"),
        ({"api_key": "al-1"}, "https://ai.mongodb.com/v1"),
        ({"api_key": "al-1", "base_url": "https://proxy.example/v1"}, "https://proxy.example/v1"),
    ],
)
def test_a_key_of_atlas_is_used_at_the_address_of_atlas(credentials: dict[str, Any], address: str) -> None:
    """Voyage itself does not know it; an address that somebody gave counts more."""
    assert address_of("voyage", credentials, ModelType.TEXT_EMBEDDING) == address


async def test_the_parts_of_one_document_know_of_each_other_if_the_credentials_say_so() -> None:
    """Only whoever sends them knows whether they are of one document."""
    async with VoyageUpstream() as upstream:
        credentials = {"api_key": KEY, "base_url": upstream.base_url, "contextualize_batch": "true"}
        async with AsyncModelbay({"voyage": credentials}, environment=False) as bay:
            await bay.embed("voyage/voyage-context-4", ["a", "b"])
            await bay.embed("voyage/voyage-context-4", ["q"], input_type=EmbeddingInputType.QUERY)

    assert [request.body["inputs"] for request in upstream.requests] == [[["a", "b"]], [["q"]]]


@pytest.mark.parametrize(
    ("credentials", "model_type", "address"),
    [
        ({}, ModelType.LLM, "https://integrate.api.nvidia.com/v1"),
        ({}, ModelType.RERANK, "https://ai.api.nvidia.com/v1"),
        ({"endpoint_url": "http://gpu:8000/v1"}, ModelType.RERANK, "http://gpu:8000/v1"),
    ],
)
def test_hosted_rankers_live_elsewhere_than_hosted_models_of_language(
    credentials: dict[str, Any], model_type: ModelType, address: str
) -> None:
    """A server of one's own has everything at one address."""
    assert address_of("nvidia", credentials, model_type) == address


async def test_questions_and_passages_are_embedded_as_what_they_are_and_never_cut() -> None:
    """A question that is embedded as a passage finds the wrong things."""
    async with NvidiaUpstream() as upstream:
        credentials = {"api_key": KEY, "endpoint_url": f"{upstream.url}/v1"}
        async with AsyncModelbay({"nvidia": credentials}, environment=False) as bay:
            await bay.embed("nvidia/NV-Embed-QA", ["a", "b"])
            await bay.embed("nvidia/NV-Embed-QA", ["q"], input_type=EmbeddingInputType.QUERY)

    said = [(request.body["input_type"], request.body["truncate"]) for request in upstream.requests]
    assert said == [("passage", "NONE"), ("query", "NONE")]


async def test_the_list_of_nvidia_is_sorted_into_types_by_name() -> None:
    """The list itself has nothing but names."""
    async with NvidiaUpstream() as upstream:
        credentials = {"api_key": KEY, "endpoint_url": f"{upstream.url}/v1"}
        async with AsyncModelbay({"nvidia": credentials}, environment=False) as bay:
            listed = await bay.fetch_models("nvidia")

    assert [model.model_type.value for model in listed] == ["llm", "text-embedding", "rerank"]


async def test_one_temporary_key_serves_all_calls_of_an_endpoint() -> None:
    """The name of the model is the caller's own; the endpoint is what is called."""
    async with ArkUpstream() as upstream, ark(upstream) as bay:
        model = bay.llm("volcengine_maas/ours")
        await asyncio.gather(*(model.invoke("Hi") for _ in range(50)))
        schema = await model.schema()

    assert len(upstream.asked_for_keys) == 1
    assert {request.body["model"] for request in upstream.requests} == {ENDPOINT}
    assert schema is not None
    assert schema.property_of("context_size") == 256000


async def test_a_temporary_key_that_was_withdrawn_is_renewed() -> None:
    """An endpoint can be stopped and started again."""
    async with ArkUpstream() as upstream, ark(upstream) as bay:
        await bay.llm("volcengine_maas/ours").invoke("Hi")
        upstream.keys.clear()
        await bay.llm("volcengine_maas/ours").invoke("Hi")

    assert len(upstream.asked_for_keys) == 2


async def test_a_wrong_access_key_is_told_in_the_control_planes_words() -> None:
    """Its errors have a shape of their own."""
    async with ArkUpstream() as upstream, ark(upstream, volc_access_key_id="AKLTother") as bay:
        with pytest.raises(InvokeAuthorizationError, match="not the one we made"):
            await bay.llm("volcengine_maas/ours").invoke("Hi")


async def test_thinking_is_switched_and_the_users_name_stays_here() -> None:
    """The switch is an object there."""
    async with ArkUpstream() as upstream, ark(upstream) as bay:
        await bay.llm("volcengine_maas/ours").invoke("Hi", thinking=False, user="somebody")

    body = upstream.requests[0].body
    assert body["thinking"] == {"type": "disabled"}
    assert "user" not in body


async def test_the_name_of_a_family_is_a_bad_request() -> None:
    """The commonest mistake: the date is part of the name."""
    async with ArkUpstream() as upstream, ark(upstream, endpoint_id="doubao-seed-2-1-pro") as bay:
        with pytest.raises(InvokeBadRequestError, match="does not exist") as caught:
            await bay.llm("volcengine_maas/ours").invoke("Hi")

    assert caught.value.code == "InvalidEndpointOrModel.NotFound"


def test_credentials_of_the_second_version_lead_to_the_third() -> None:
    """Its host is gone, and saved credentials still name it."""
    old = {"api_endpoint_host": "maas-api.ml-platform-cn-beijing.volces.com", "volc_api_key": "k"}

    assert address_of("volcengine_maas", old, ModelType.LLM) == "https://ark.cn-beijing.volces.com/api/v3"
