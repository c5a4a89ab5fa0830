"""What a provider does with calls that not every model of it can take as they are."""

from __future__ import annotations

import pytest
from tests.providers.arrangement import CATALOG, EMBEDDING
from tests.upstreams.jina import JinaUpstream
from tests.upstreams.ollama import OllamaUpstream

from modelbay import (
    AsyncModelbay,
    ImagePromptMessageContent,
    InvokeBadRequestError,
    TextPromptMessageContent,
    UserPromptMessage,
)
from modelbay.entities import MultiModalContent, MultiModalContentType
from modelbay.hosts import InProcessHost, ProviderCode
from modelbay.sdk.wired import WiredTextEmbeddingModel
from modelbay.wires.transport import Transport

KEY = "test-key"


@pytest.mark.parametrize(
    ("model", "taken"),
    [
        ("jina-embeddings-v3", {"task", "dimensions", "late_chunking"}),
        ("jina-embeddings-v4", {"task", "dimensions", "late_chunking"}),
        ("jina-embeddings-v5-text-nano", {"task", "dimensions"}),
        ("jina-clip-v2", {"task", "dimensions"}),
        ("jina-embeddings-v2-base-en", set()),
    ],
)
async def test_a_model_of_jina_takes_what_its_generation_knows(model: str, taken: set[str]) -> None:
    """A field that a model does not know is an error at the provider, which names no reason."""
    plugin = CATALOG.provider("jina")
    code = ProviderCode(plugin.folder, plugin.provider, tuple(plugin.models))
    async with Transport() as transport:
        instance = InProcessHost(transport).model(code, EMBEDDING)
        assert isinstance(instance, WiredTextEmbeddingModel)
        asked = ("task", "dimensions", "late_chunking")

        assert {name for name in asked if instance.takes(name, model, {"api_key": KEY})} == taken


async def test_an_image_given_as_a_data_uri_reaches_jina_as_its_bytes() -> None:
    """The API takes an address or bare base64, and would look for a host named data."""
    picture = MultiModalContent(
        content="data:image/png;base64,iVBORw0KGgo=", content_type=MultiModalContentType.IMAGE
    )
    plugin = CATALOG.provider("jina")
    code = ProviderCode(plugin.folder, plugin.provider, tuple(plugin.models))
    async with JinaUpstream() as upstream, Transport() as transport:
        instance = InProcessHost(transport).model(code, EMBEDDING)
        credentials = {"api_key": KEY, "base_url": f"{upstream.url}/v1"}
        assert isinstance(instance, WiredTextEmbeddingModel)
        result = await instance.invoke_multimodal("jina-clip-v2", credentials, [picture])

    assert len(result.embeddings) == 1
    assert upstream.requests[-1].body["input"] == [{"image": "iVBORw0KGgo="}]


async def test_an_image_by_address_is_fetched_for_ollama_but_not_from_inside() -> None:
    """The server takes bytes only, so we fetch; an address of our own network is none of a caller's."""
    image = ImagePromptMessageContent(url="http://127.0.0.1:9/cat.png", format="png", mime_type="image/png")
    message = UserPromptMessage(content=[TextPromptMessageContent(data="What is it?"), image])
    async with OllamaUpstream() as upstream:
        credentials = {"base_url": upstream.url, "context_size": "4096", "max_tokens": "64"}
        async with AsyncModelbay({"ollama": credentials}, environment=False) as bay:
            with pytest.raises(InvokeBadRequestError, match=r"messages\[0\]\.content\[1\].*private"):
                await bay.llm("ollama/gemma3:4b").invoke([message])

    assert not upstream.requests
