"""Tongyi, seen from the library: thinking, both ways of speaking, regions, speech."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from tests.upstreams.dashscope import DashScopeCompatibleUpstream, DashScopeUpstream

from modelbay import AsyncModelbay
from modelbay.catalog import Catalog
from modelbay.entities import (
    AudioPromptMessageContent,
    ImagePromptMessageContent,
    ModelType,
    TextPromptMessageContent,
    UserPromptMessage,
)
from modelbay.errors import (
    CredentialsValidateFailedError,
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeRateLimitError,
)
from modelbay.sdk.audio import Wav, WavFormat, read_wav, write_wav
from modelbay.sdk.testing import FakeUpstream, faults
from modelbay.sdk.wired.endpoint import endpoint_of
from modelbay.wires.settings import TransportSettings

KEY = "test-key"
HERE = TransportSettings(retries=0, file_hosts=frozenset({"127.0.0.1"}))
SILENCE = write_wav(Wav(WavFormat(sample_rate=16_000, channels=1, bits=16), bytes(3200)))


@pytest.fixture
async def upstream() -> AsyncIterator[DashScopeUpstream]:
    async with DashScopeUpstream() as dashscope:
        yield dashscope


@pytest.fixture
async def compatible() -> AsyncIterator[DashScopeCompatibleUpstream]:
    async with DashScopeCompatibleUpstream() as dashscope:
        yield dashscope


def bay_for(upstream: FakeUpstream, **credentials: Any) -> AsyncModelbay:
    given = {"dashscope_api_key": KEY, "api_base": upstream.url, **credentials}
    return AsyncModelbay({"tongyi": given}, environment=False, transport=HERE)


def is_streamed(upstream: FakeUpstream) -> bool:
    """Whether the last request asked for a stream."""
    return "x-dashscope-sse" in upstream.requests[-1].headers


@pytest.mark.parametrize(
    ("model", "asked", "enabled", "streamed"),
    [
        ("qwen-plus", None, False, False),
        ("qwen-plus", True, True, True),
        ("qwen3-32b", None, True, True),
        ("qwen3-32b", False, False, True),
        ("qwen3-max-2025-09-23", None, None, False),
        ("qwq-plus", None, None, True),
    ],
)
async def test_a_whole_answer_is_streamed_where_the_model_thinks(
    upstream: DashScopeUpstream, model: str, asked: bool | None, enabled: bool | None, streamed: bool
) -> None:
    """Thinking comes in streams only; what nobody says is said for the model, as its declaration has it."""
    parameters: dict[str, Any] = {} if asked is None else {"thinking": asked}
    upstream.will_stream("Four.", reasoning=["Two and two."])
    async with bay_for(upstream) as bay:
        result = await bay.llm(f"tongyi/{model}").invoke("Hi", **parameters)

    assert (result.text, result.reasoning) == ("Four.", "Two and two.")
    assert upstream.requests[-1].body["parameters"].get("enable_thinking") is enabled
    assert (is_streamed(upstream), upstream.refused) == (streamed, [])


async def test_pictures_go_where_models_see(upstream: DashScopeUpstream) -> None:
    """Models that see are called at another address, even for words alone."""
    image = ImagePromptMessageContent(base64_data="iVBORw0KGgo", mime_type="image/png", format="png")
    message = UserPromptMessage(content=[TextPromptMessageContent(data="What is it?"), image])
    async with bay_for(upstream) as bay:
        await bay.llm("tongyi/qwen-vl-max").invoke([message])
        await bay.llm("tongyi/qwen-vl-max").invoke("Hi")

    assert [request.path.split("/")[5] for request in upstream.requests] == ["multimodal-generation"] * 2
    assert upstream.refused == []


async def test_a_translation_names_its_languages(upstream: DashScopeUpstream) -> None:
    """They have defaults, as the API refuses a translation without them."""
    async with bay_for(upstream) as bay:
        chunks = bay.llm("tongyi/qwen-mt-plus").stream("Guten Tag", target_lang="French")
        text = "".join([chunk.text async for chunk in chunks])

    assert text == "Guten Tag"
    assert upstream.requests[-1].body["parameters"]["translation_options"] == {
        "source_lang": "auto",
        "target_lang": "French",
    }


async def test_the_compatible_way_says_the_same(compatible: DashScopeCompatibleUpstream) -> None:
    """The switch of thinking stands in the body itself there, and answers are streamed alike."""
    audio = AudioPromptMessageContent(base64_data="UklGRg", mime_type="audio/wav", format="wav")
    message = UserPromptMessage(content=[audio, TextPromptMessageContent(data="What is said?")])
    compatible.will_stream("Hello.", reasoning=["Listen."])
    async with bay_for(compatible, compatible_mode="true") as bay:
        result = await bay.llm("tongyi/qwen3.8-omni-flash").invoke([message], thinking=True, top_k=5)
    body = compatible.requests[-1].body

    assert (result.text, result.reasoning) == ("Hello.", "Listen.")
    assert (body["enable_thinking"], body["top_k"], body["stream"]) == (True, 5, True)
    assert body["messages"][0]["content"][0] == {
        "type": "input_audio",
        "input_audio": {"data": "data:audio/wav;base64,UklGRg", "format": "wav"},
    }


async def test_only_conversations_are_had_in_the_compatible_way(upstream: DashScopeUpstream) -> None:
    """The other types have no such interface, or a poorer one."""
    async with bay_for(upstream, compatible_mode="true") as bay:
        await bay.embed("tongyi/text-embedding-v4", ["a"])
        await bay.rerank("tongyi/qwen3-rerank", "a", ["a"])

    assert all(request.path.startswith("/api/v1/services/") for request in upstream.requests)


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ({}, "https://dashscope.aliyuncs.com"),
        ({"use_international_endpoint": "false"}, "https://dashscope.aliyuncs.com"),
        ({"use_international_endpoint": "true"}, "https://dashscope-intl.aliyuncs.com"),
        (
            {"api_base": "https://w.eu-central-1.maas.aliyuncs.com/api/v1"},
            "https://w.eu-central-1.maas.aliyuncs.com",
        ),
        ({"api_base": "https://proxy.example/compatible-mode/v1/"}, "https://proxy.example"),
    ],
)
def test_keys_belong_to_the_host_of_their_region(given: dict[str, str], base: str) -> None:
    """A saved address may be of any of the ways of speaking."""
    wire = Catalog().provider("tongyi").provider.wire
    assert wire is not None
    endpoint = endpoint_of(wire, {"dashscope_api_key": KEY, **given})

    assert endpoint.base_url == base
    assert endpoint.headers == {"Authorization": f"Bearer {KEY}"}


def test_a_workspace_is_named_in_a_header() -> None:
    """A key may be allowed to use several of them."""
    wire = Catalog().provider("tongyi").provider.wire
    assert wire is not None

    assert endpoint_of(wire, {"workspace_id": "ws-1"}).headers == {"X-DashScope-WorkSpace": "ws-1"}


async def test_a_key_is_proved_by_the_list_of_models(upstream: DashScopeUpstream) -> None:
    """It costs nothing, and a key of another region is refused in the provider's words."""
    async with bay_for(upstream) as bay:
        await bay.validate_credentials("tongyi")
        with pytest.raises(CredentialsValidateFailedError, match="Incorrect API key"):
            await bay.validate_credentials("tongyi", {"dashscope_api_key": "other", "api_base": upstream.url})

    assert {request.path for request in upstream.requests} == {"/compatible-mode/v1/models"}


async def test_the_live_list_has_what_is_declared_of_its_models(upstream: DashScopeUpstream) -> None:
    """The list has names only."""
    async with bay_for(upstream) as bay:
        listed = {model.model: model for model in await bay.fetch_models("tongyi")}

    assert listed["qwen-plus"].property_of("context_size") == 1_000_000
    assert listed["text-embedding-v4"].model_type is ModelType.TEXT_EMBEDDING
    assert listed["qwen3-tts-flash"].model_type is ModelType.TTS


async def test_an_unpaid_account_is_told_as_such(upstream: DashScopeUpstream) -> None:
    """The status says bad request, but nothing in the request is wrong."""
    upstream.will_answer({"code": "Arrearage", "message": "pay first", "request_id": "r"}, status=400)
    async with bay_for(upstream) as bay:
        with pytest.raises(InvokeAuthorizationError, match="pay first"):
            await bay.llm("tongyi/qwen-max").invoke("Hi")


async def test_a_custom_model_that_sees_and_thinks(upstream: DashScopeUpstream) -> None:
    """What the form says of it decides how it is called; nobody knows whether it can answer in one piece."""
    form = {
        "context_size": "32000",
        "max_tokens": "2000",
        "vision_support": "support",
        "thinking_support": "support",
    }
    async with bay_for(upstream, **form) as bay:
        result = await bay.llm("tongyi/qwen9-secret").invoke("Hi", thinking=True, max_tokens=2000)
        with pytest.raises(InvokeBadRequestError, match="max_tokens"):
            await bay.llm("tongyi/qwen9-secret").invoke("Hi", max_tokens=2001)

    assert result.text == "Hi"
    assert upstream.requests[-1].path.endswith("/multimodal-generation/generation")
    assert upstream.requests[-1].body["parameters"]["enable_thinking"] is True
    assert is_streamed(upstream)


async def test_speech_that_lies_at_an_address_is_fetched_without_the_key(upstream: DashScopeUpstream) -> None:
    """The store refuses a second way of presenting oneself."""
    upstream.speaks_by_address = True
    async with bay_for(upstream) as bay:
        result = await bay.speak("tongyi/qwen3-tts-flash", "Hello.")

    assert result.mime_type == "audio/wav"
    assert read_wav(result.audio).samples
    assert upstream.requests[-1].path.startswith("/files/")
    assert "authorization" not in upstream.requests[-1].headers


async def test_a_recording_is_written_down_over_a_websocket(upstream: DashScopeUpstream) -> None:
    """It is billed by the minute that the provider counted."""
    async with bay_for(upstream) as bay:
        result = await bay.transcribe("tongyi/paraformer-realtime-v2", SILENCE)

    assert result.text == "Hello from the fake upstream."
    assert result.usage is not None
    assert (result.usage.total_price, result.usage.currency) == (Decimal("0.00024"), "CNY")
    assert (upstream.requests[-1].path, upstream.refused) == ("/api-ws/v1/inference", [])


@pytest.mark.parametrize("model", ["paraformer-realtime-v2", "qwen3-asr-flash"])
async def test_a_throttled_recording_is_a_rate_limit(upstream: DashScopeUpstream, model: str) -> None:
    """Also where the answer to the first request is what a websocket is refused with."""
    upstream.will_fail(faults.rate_limited(retry_after=3))
    async with bay_for(upstream) as bay:
        with pytest.raises(InvokeRateLimitError) as caught:
            await bay.transcribe(f"tongyi/{model}", SILENCE)

    assert caught.value.retry_after == 3
    assert KEY not in str(caught.value)
