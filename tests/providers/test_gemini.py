"""Gemini as people meet it: its check, its list, its files, and a loop of tools."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.providers.arrangement import CATALOG, EMBEDDING, KEY, LLM
from tests.upstreams.gemini import GeminiUpstream
from tests.upstreams.gemini_content import signature

from modelbay.entities import (
    ImagePromptMessageContent,
    ModelType,
    PromptMessageTool,
    ToolPromptMessage,
    UserPromptMessage,
    fold,
)
from modelbay.errors import CredentialsValidateFailedError
from modelbay.hosts import InProcessHost, ProviderCode
from modelbay.wires.settings import TransportSettings
from modelbay.wires.transport import Transport

PLUGIN = CATALOG.provider("gemini")
CODE = ProviderCode(PLUGIN.folder, PLUGIN.provider, tuple(PLUGIN.models))
WEATHER = PromptMessageTool(
    name="weather", parameters={"type": "object", "properties": {"city": {"type": "string"}}}
)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)


def model_of(host: InProcessHost, kind: ModelType) -> Any:
    """Return a fresh model object."""
    return host.model(CODE, kind)


@asynccontextmanager
async def running(**options: Any) -> AsyncIterator[tuple[GeminiUpstream, InProcessHost, dict[str, Any]]]:
    """Run a fake and a host; files are fetched from the fake, too."""
    settings = TransportSettings(trust_env=False, retries=0, file_hosts=frozenset({"127.0.0.1"}))
    async with GeminiUpstream(**options) as upstream, Transport(settings) as transport:
        credentials = {"google_api_key": KEY, "google_base_url": upstream.url}
        yield upstream, InProcessHost(transport), credentials


async def test_a_check_of_the_key_lists_one_model() -> None:
    """It costs nothing, and says what Google says."""
    async with running() as (upstream, host, credentials):
        provider = host.provider(CODE)
        await provider.validate_provider_credentials(credentials)
        with pytest.raises(CredentialsValidateFailedError, match="API key not valid"):
            await provider.validate_provider_credentials(credentials | {"google_api_key": "wrong-key"})

    assert [(request.method, request.query) for request in upstream.requests] == [
        ("GET", {"pageSize": "1"})
    ] * 2


async def test_all_pages_of_the_list_are_shown() -> None:
    """A key may call more models than one page holds."""
    async with running() as (upstream, host, credentials):
        upstream.page = 3
        listed = await host.provider(CODE).fetch_models(credentials)

    assert [model.model for model in listed] == list(upstream.models)
    assert {model.model_type for model in listed} == {LLM, EMBEDDING}


async def test_a_loop_of_tools_keeps_the_signature() -> None:
    """Gemini refuses a signed call that comes back without its signature."""
    async with running() as (upstream, host, credentials):
        question = UserPromptMessage(content="Rain?")
        upstream.will_stream(
            reasoning=["Hm."], tool_calls=[{"name": "weather", "arguments": {"city": "Oslo"}}]
        )
        model = "gemini-3-flash-preview"
        chunks = model_of(host, LLM).stream(model, credentials, [question], tools=[WEATHER])
        answer = fold([chunk async for chunk in chunks]).message
        result = ToolPromptMessage(content="yes", tool_call_id=answer.tool_calls[0].id)
        await model_of(host, LLM).invoke(model, credentials, [question, answer, result], tools=[WEATHER])

    call = upstream.requests[-1].body["contents"][1]["parts"]
    assert call == [
        {
            "functionCall": {"name": "weather", "args": {"city": "Oslo"}},
            "thoughtSignature": signature({"name": "weather", "args": {"city": "Oslo"}}),
        }
    ]
    assert upstream.refused == []


async def test_an_image_by_its_address_is_sent_by_its_bytes() -> None:
    """The API reads addresses of its own file store only."""
    async with running(key=None) as (upstream, host, credentials):
        upstream.will_answer(body=PNG, content_type="image/png", path="/cat.png")
        image = ImagePromptMessageContent(url=f"{upstream.url}/cat.png")
        message = UserPromptMessage(content=[image])
        await model_of(host, LLM).invoke("gemini-2.5-flash", credentials, [message])

    (part,) = upstream.requests[-1].body["contents"][0]["parts"]
    assert part["inlineData"]["mimeType"] == "image/png"
    assert upstream.refused == []


async def test_tokens_are_counted_by_the_provider() -> None:
    """Its count is exact, and free."""
    async with running() as (upstream, host, credentials):
        count = await model_of(host, LLM).get_num_tokens(
            "gemini-2.5-flash", credentials, [UserPromptMessage(content="one two")], [WEATHER]
        )

    assert (count.exact, count.method) == (True, "upstream")
    assert upstream.requests[-1].path.endswith(":countTokens")
    assert upstream.refused == []


def test_no_model_thinks_by_two_ways() -> None:
    """A budget and a level together are refused, so no form may offer both on one model by level."""
    for model in PLUGIN.models:
        names = {rule.name for rule in model.parameter_rules}
        if str(model.wire.get("thinking", "")).startswith("level"):
            assert "thinking_budget" not in names
        if model.wire.get("sampling") is False:
            assert not names & {"temperature", "top_p", "top_k"}
