"""Zhipu AI, seen from the library."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from tests.upstreams.zhipuai import KEY, ZhipuUpstream

from modelbay import AsyncModelbay
from modelbay.entities import (
    AssistantPromptMessage,
    ImagePromptMessageContent,
    PromptMessage,
    SystemPromptMessage,
    TextPromptMessageContent,
    ToolPromptMessage,
    UserPromptMessage,
)
from modelbay.errors import (
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
)
from modelbay.sdk.testing import sse
from modelbay.wires.settings import TransportSettings

FOUND = [{"title": "Weather", "link": "https://weather.example/paris", "content": "Sunny.", "refer": "ref_1"}]
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@pytest.fixture
async def upstream() -> AsyncIterator[ZhipuUpstream]:
    async with ZhipuUpstream() as zhipu:
        yield zhipu


def bay_for(upstream: ZhipuUpstream, **credentials: Any) -> AsyncModelbay:
    given = {"api_key": KEY, "base_url": upstream.base_url, **credentials}
    return AsyncModelbay({"zhipuai": given}, environment=False, transport=TransportSettings(retries=0))


@pytest.mark.parametrize(
    ("model", "asked", "sent"),
    [
        ("glm-4.6", None, None),
        ("glm-4.6", True, {"type": "enabled"}),
        ("glm-4.6", False, {"type": "disabled"}),
        ("glm-5.3", None, {"type": "enabled"}),
    ],
)
async def test_thinking_is_switched_as_asked_and_always_on_where_it_has_to_be(
    upstream: ZhipuUpstream, model: str, asked: bool | None, sent: dict[str, str] | None
) -> None:
    """GLM-5.3 refuses a call that does not say that it thinks."""
    parameters: dict[str, Any] = {} if asked is None else {"thinking": asked}
    async with bay_for(upstream) as bay:
        await bay.llm(f"zhipuai/{model}").invoke("Hi", **parameters)

    assert upstream.requests[-1].body.get("thinking") == sent
    assert not upstream.refused


@pytest.mark.parametrize("stream", [False, True])
async def test_what_the_model_found_on_the_web_comes_with_its_answer(
    upstream: ZhipuUpstream, stream: bool
) -> None:
    """The answer quotes it by number; without the list the numbers mean nothing."""
    upstream.found = FOUND
    upstream.will_stream("Sunny [ref_1].")
    async with bay_for(upstream) as bay:
        model = bay.llm("zhipuai/glm-4-plus")
        if stream:
            chunks = [chunk async for chunk in model.stream("Weather in Paris?", web_search=True)]
            message: Any = chunks[-1].delta.message
        else:
            message = (await model.invoke("Weather in Paris?", web_search=True)).message

    assert message.unknown_fields["web_search"] == FOUND
    (tool,) = upstream.requests[-1].body["tools"]
    assert (tool["type"], tool["web_search"]["enable"]) == ("web_search", "True")
    assert "web_search" not in upstream.requests[-1].body


async def test_pictures_are_sent_bare_and_neighbours_together(upstream: ZhipuUpstream) -> None:
    """Older vision models refuse data URIs; the API refuses neighbours of one role and empty instructions."""
    picture = ImagePromptMessageContent(format="png", mime_type="image/png", base64_data=PIXEL)
    messages: list[PromptMessage] = [
        SystemPromptMessage(content=""),
        UserPromptMessage(content="Look."),
        UserPromptMessage(content=[picture, TextPromptMessageContent(data="What is it?")]),
    ]
    async with bay_for(upstream) as bay:
        await bay.llm("zhipuai/glm-4.6v").invoke(messages)

    (message,) = upstream.requests[-1].body["messages"]
    assert [part["type"] for part in message["content"]] == ["text", "image_url", "text"]
    assert message["content"][1]["image_url"] == {"url": PIXEL}
    assert not upstream.refused


async def test_reasoning_goes_back_within_a_loop_of_tools(upstream: ZhipuUpstream) -> None:
    """The model thinks between its calls, and goes on where it was."""
    call = AssistantPromptMessage.ToolCall(
        id="c1", type="function", function={"name": "get_weather", "arguments": "{}"}
    )
    messages: list[PromptMessage] = [
        UserPromptMessage(content="Weather?"),
        AssistantPromptMessage(content="", reasoning_content="I should look.", tool_calls=[call]),
        ToolPromptMessage(content="Sunny.", tool_call_id="c1"),
    ]
    async with bay_for(upstream) as bay:
        await bay.llm("zhipuai/glm-4.6").invoke(messages)

    assert upstream.requests[-1].body["messages"][1]["reasoning_content"] == "I should look."


async def test_stop_words_are_honoured_here_where_the_model_knows_one(
    upstream: ZhipuUpstream,
) -> None:
    """glm-4v-plus even fails with one."""
    upstream.will_stream("one two", " three")
    async with bay_for(upstream) as bay:
        result = await bay.llm("zhipuai/glm-4-plus").invoke("Count.", stop=["two", "three"])

    assert result.text == "one "
    assert "stop" not in upstream.requests[-1].body


@pytest.mark.parametrize(("user", "kept"), [("user-0001", True), ("u1", False), ("u" * 129, False)])
async def test_a_user_is_named_as_the_provider_wants_it(
    upstream: ZhipuUpstream, user: str, kept: bool
) -> None:
    """Six to 128 characters; a digest stands for any other, the same one each time."""
    async with bay_for(upstream) as bay:
        await bay.llm("zhipuai/glm-4.6").invoke("Hi", user=user)

    assert (upstream.requests[-1].body["user_id"] == user) == kept
    assert not upstream.refused


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (429, "1113", InvokeAuthorizationError),
        (429, "1302", InvokeRateLimitError),
        (434, "434", InvokeAuthorizationError),
        (400, "1261", InvokeBadRequestError),
        (400, "1301", InvokeBadRequestError),
        (400, "1305", InvokeRateLimitError),
        (400, "1234", InvokeServerUnavailableError),
        (500, "1200", InvokeServerUnavailableError),
    ],
)
async def test_the_code_says_what_is_wrong_where_the_status_does_not(
    upstream: ZhipuUpstream, status: int, code: str, kind: type[InvokeError]
) -> None:
    """An empty account is told with 429: trying again, as for a rate limit, would never help."""
    upstream.will_answer({"error": {"code": code, "message": "words of Zhipu"}}, status=status)
    async with bay_for(upstream) as bay:
        with pytest.raises(kind, match="words of Zhipu") as caught:
            await bay.llm("zhipuai/glm-4.6").invoke("Hi")

    assert (type(caught.value), caught.value.status, caught.value.code) == (kind, status, code)


async def test_a_code_inside_a_stream_counts_as_well(upstream: ZhipuUpstream) -> None:
    """The status was 200 before anything went wrong."""
    upstream.will_answer(events=[sse({"error": {"code": "1302", "message": "too many at once"}})])
    async with bay_for(upstream) as bay:
        with pytest.raises(InvokeRateLimitError, match="too many at once"):
            await anext(aiter(bay.llm("zhipuai/glm-4.6").stream("Hi")))


async def test_an_answer_that_broke_off_is_a_failure(upstream: ZhipuUpstream) -> None:
    """Half an answer would otherwise look like a whole one."""
    upstream.will_stream("Hal", finish_reason="network_error")
    async with bay_for(upstream) as bay:
        with pytest.raises(InvokeServerUnavailableError, match="network"):
            await bay.llm("zhipuai/glm-4.6").invoke("Hi")


@pytest.mark.parametrize(
    ("theirs", "ours"), [("sensitive", "content_filter"), ("model_context_window_exceeded", "length")]
)
async def test_its_own_reasons_to_stop_are_translated(
    upstream: ZhipuUpstream, theirs: str, ours: str
) -> None:
    """Applications know one vocabulary."""
    upstream.will_stream("…", finish_reason=theirs)
    async with bay_for(upstream) as bay:
        assert (await bay.llm("zhipuai/glm-4.6").invoke("Hi")).finish_reason == ours


async def test_a_signed_token_takes_the_place_of_the_key(upstream: ZhipuUpstream) -> None:
    """The key's secret half never leaves."""
    async with bay_for(upstream, auth_method="signed_token") as bay:
        await bay.llm("zhipuai/glm-4.6").invoke("Hi")

    token = upstream.requests[-1].headers["authorization"]
    assert token.count(".") == 2
    assert KEY.partition(".")[2] not in token


async def test_a_clock_that_is_an_hour_off_is_set_by_the_refusal(upstream: ZhipuUpstream) -> None:
    """The refusal has the provider's time; the second attempt is dated by it."""
    upstream.clock = lambda: 1795219200.0  # 2026-11-21T00:00:00Z
    told = upstream.unauthorised

    def dated(request: Any) -> Any:
        answer = told(request)
        return answer and type(answer)(
            answer.status, answer.body, headers={"date": "Sat, 21 Nov 2026 00:00:00 GMT"}
        )

    upstream.unauthorised = dated  # type: ignore[method-assign]  # the fake, which has no clock of its own
    async with bay_for(upstream, auth_method="signed_token") as bay:
        assert (await bay.llm("zhipuai/glm-4.6").invoke("Hi")).text

    assert len(upstream.requests) == 2


async def test_an_address_saved_under_its_old_name_is_called(upstream: ZhipuUpstream) -> None:
    """Older installations saved `zhipuai_base_url`."""
    old = {"api_key": KEY, "zhipuai_base_url": f"{upstream.base_url}/"}
    async with AsyncModelbay({"zhipuai": old}, environment=False) as bay:
        assert (await bay.llm("zhipuai/glm-4.6").invoke("Hi")).text


async def test_calls_are_billed_in_yuan(upstream: ZhipuUpstream) -> None:
    """glm-5.3: 8 in, 2 cached, 28 out per million, in CNY."""
    upstream.will_stream("ok", usage={"in": 1000, "out": 500, "cached": 400})
    async with bay_for(upstream) as bay:
        usage = (await bay.llm("zhipuai/glm-5.3").invoke("Hi")).usage

    assert (usage.total_price, usage.currency) == (Decimal("0.0196"), "CNY")


async def test_what_is_said_is_spoken_and_written_down(upstream: ZhipuUpstream) -> None:
    """The two ways go together: the fake hears what it has spoken."""
    async with bay_for(upstream) as bay:
        spoken = await bay.speak("zhipuai/glm-tts", "Hello there.")
        written = await bay.transcribe("zhipuai/glm-asr-2512", spoken.audio)

    assert written.text
    assert upstream.requests[0].body == {
        "model": "glm-tts",
        "input": "Hello there.",
        "voice": "tongtong",
        "response_format": "wav",
    }
    assert {part.name for part in upstream.requests[1].parts} == {"file", "model"}
    assert not upstream.refused
