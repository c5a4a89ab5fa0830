"""Vertex AI as people meet it: where each model is called, in whose dialect, and by whose identity."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.providers.arrangement import CATALOG, EMBEDDING, LLM
from tests.upstreams.vertex import PROJECT, VertexUpstream, key_file
from tests.wires.signing.rsa_keys import private_pem

from modelbay.entities import ModelType, MultiModalContent, MultiModalContentType, UserPromptMessage
from modelbay.errors import CredentialsValidateFailedError, InvokeBadRequestError
from modelbay.hosts import InProcessHost, ProviderCode
from modelbay.wires.settings import TransportSettings
from modelbay.wires.transport import Transport

PLUGIN = CATALOG.provider("vertex_ai")
CODE = ProviderCode(PLUGIN.folder, PLUGIN.provider, tuple(PLUGIN.models))
US = "https://us-central1-aiplatform.googleapis.com"
HELLO = [UserPromptMessage(content="Hello")]


def model_of(host: InProcessHost, kind: ModelType) -> Any:
    """Return a fresh model object."""
    return host.model(CODE, kind)


@asynccontextmanager
async def running(**options: Any) -> AsyncIterator[tuple[VertexUpstream, InProcessHost, dict[str, Any]]]:
    """Run a fake and a host."""
    settings = TransportSettings(trust_env=False, retries=0)
    async with VertexUpstream(key="caller", **options) as upstream, Transport(settings) as transport:
        credentials = {
            "vertex_project_id": PROJECT,
            "vertex_location": "us-central1",
            "vertex_service_account_key": key_file(upstream, private_pem()),
            "vertex_endpoint": upstream.url,
        }
        yield upstream, InProcessHost(transport), credentials


def called(model: str, kind: Any = LLM, **credentials: str) -> tuple[str, str]:
    """Return host and location of a model."""
    given = {"vertex_project_id": PROJECT, "vertex_location": "us-central1", **credentials}
    instance = model_of(InProcessHost(Transport()), kind)
    options = instance.wire_options(model, given)
    return instance.endpoint(given, options).base_url, str(options["path"]).split("/locations/")[1].split(
        "/"
    )[0]


@pytest.mark.parametrize(
    ("model", "credentials", "host", "location"),
    [
        ("gemini-3.5-flash", {}, US, "us-central1"),
        ("gemini-3.5-flash", {"vertex_location": "global"}, "https://aiplatform.googleapis.com", "global"),
        ("gemini-3.5-flash", {"vertex_location": "eu"}, "https://aiplatform.eu.rep.googleapis.com", "eu"),
        (
            "gemini-3.5-flash",
            {"vertex_global_models": "a, gemini-3.5-flash"},
            "https://aiplatform.googleapis.com",
            "global",
        ),
        ("claude-opus-5", {}, US, "us-central1"),
        (
            "claude-opus-5",
            {"vertex_anthropic_location": "us-east5"},
            "https://us-east5-aiplatform.googleapis.com",
            "us-east5",
        ),
        ("claude-opus-5", {"vertex_location": ""}, "https://us-east5-aiplatform.googleapis.com", "us-east5"),
        (
            "codestral-2",
            {"vertex_mistral_location": "europe-west4"},
            "https://europe-west4-aiplatform.googleapis.com",
            "europe-west4",
        ),
        ("zai-org/glm-5.2-maas", {}, "https://aiplatform.googleapis.com", "global"),
        ("meta/llama-4-scout-17b-16e-instruct-maas", {}, US, "us-central1"),
        (
            "gemini-3.5-flash",
            {"vertex_endpoint": "https://private.example"},
            "https://private.example",
            "us-central1",
        ),
    ],
)
def test_a_model_is_called_where_it_is(
    model: str, credentials: dict[str, str], host: str, location: str
) -> None:
    """Publishers have regions of their own, and some models are in none."""
    assert called(model, **credentials) == (host, location)


def test_embeddings_are_where_the_account_is() -> None:
    """Unless they are listed as global."""
    assert called("text-embedding-005", EMBEDDING) == (US, "us-central1")
    assert called("gemini-embedding-2", EMBEDDING, vertex_global_models="gemini-embedding-2")[1] == "global"


@pytest.mark.parametrize("location", ["evil.example/", "a b", "us-central1:443", "@evil.example"])
def test_a_location_that_is_none_is_refused_by_its_name(location: str) -> None:
    """It becomes part of a host, to which the token is sent."""
    with pytest.raises(InvokeBadRequestError, match="vertex_location"):
        called("gemini-3.5-flash", vertex_location=location)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("gemini-3.5-flash", "publishers/google/models/gemini-3.5-flash:{}enerateContent"),
        ("claude-opus-4-5@20251101", "publishers/anthropic/models/claude-opus-4-5@20251101:{}awPredict"),
        ("codestral-2", "publishers/mistralai/models/codestral-2:{}awPredict"),
        ("meta/llama-4-scout-17b-16e-instruct-maas", "endpoints/openapi/chat/completions"),
    ],
)
async def test_each_publisher_is_spoken_to_in_its_dialect(model: str, path: str, stream: bool) -> None:
    """Model and verb stand in the path, but for the open models."""
    first = ("streamG" if stream else "g") if "google" in path else ("streamR" if stream else "r")
    async with running() as (upstream, host, credentials):
        upstream.will_stream("Hi")
        if stream:
            chunks = model_of(host, LLM).stream(model, credentials, HELLO)
            text = "".join([chunk.text async for chunk in chunks])
        else:
            text = (await model_of(host, LLM).invoke(model, credentials, HELLO)).text

    assert text == "Hi"
    assert upstream.refused == []
    assert upstream.requests[-1].path.partition("/locations/us-central1/")[2] == path.format(first)


async def test_tokens_of_claude_are_counted_at_a_model_of_its_own() -> None:
    """The body names the model there, as nothing else does."""
    async with running() as (upstream, host, credentials):
        count = await model_of(host, LLM).get_num_tokens("claude-opus-5", credentials, HELLO)

    assert (count.exact, upstream.refused) == (True, [])
    assert upstream.requests[-1].path.endswith("/models/count-tokens:rawPredict")
    assert upstream.requests[-1].body["model"] == "claude-opus-5"
    assert "anthropic-version" not in upstream.requests[-1].headers


async def test_credentials_are_proved_by_counting() -> None:
    """It is free; an answer would have to be paid for."""
    async with running() as (upstream, host, credentials):
        provider = host.provider(CODE)
        await provider.validate_provider_credentials(credentials)
        paths = [request.path for request in upstream.requests]
        upstream.key = "nobody"
        key = key_file(upstream, private_pem()).rstrip("=") + "!"
        with pytest.raises(CredentialsValidateFailedError, match="service account key"):
            await provider.validate_provider_credentials(credentials | {"vertex_service_account_key": key})

    assert len(paths) == 1
    assert paths[0].endswith(":countTokens")


@pytest.mark.parametrize(("switch", "labels"), [("enabled", {"source": "modelbay"}), ("disabled", None)])
async def test_calls_of_gemini_are_labelled_if_asked(switch: str, labels: Any) -> None:
    """So that a bill can be split."""
    async with running() as (upstream, host, credentials):
        await model_of(host, LLM).invoke(
            "gemini-3.5-flash", credentials | {"enable_request_metadata": switch}, HELLO
        )

    assert upstream.requests[-1].body.get("labels") == labels
    assert upstream.refused == []


@pytest.mark.parametrize(
    ("model", "requests", "verb"),
    [
        ("text-embedding-005", 1, "predict"),
        ("gemini-embedding-001", 3, "predict"),
        ("gemini-embedding-2", 3, "embedContent"),
    ],
)
async def test_newer_embeddings_go_one_by_one(model: str, requests: int, verb: str) -> None:
    """More in one request is refused."""
    async with running() as (upstream, host, credentials):
        result = await model_of(host, EMBEDDING).invoke(model, credentials, ["a", "b", "c"])

    assert len(result.embeddings) == 3
    assert result.usage.tokens > 0
    assert [request.path.rpartition(":")[2] for request in upstream.requests] == [verb] * requests
    assert upstream.refused == []


async def test_images_are_embedded_where_the_model_can() -> None:
    """The oldest model has a form of its own for them."""
    image = MultiModalContent(content="iVBORw0KGgo=", content_type=MultiModalContentType.IMAGE)
    async with running() as (upstream, host, credentials):
        for model in ("multimodalembedding@001", "gemini-embedding-2"):
            result = await model_of(host, EMBEDDING).invoke_multimodal(model, credentials, [image])
            assert len(result.embeddings) == 1

    assert upstream.refused == []
