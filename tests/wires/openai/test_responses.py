"""The responses API: items in, items out, typed events."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.upstreams.described import specification

from modelbay.entities import (
    AssistantPromptMessage,
    AudioPromptMessageContent,
    DeveloperPromptMessage,
    DocumentPromptMessageContent,
    ImagePromptMessageContent,
    PromptMessageTool,
    SystemPromptMessage,
    TextPromptMessageContent,
    ToolCall,
    ToolCallFunction,
    ToolPromptMessage,
    UserPromptMessage,
    fold,
)
from modelbay.errors import (
    InvokeBadRequestError,
    InvokeConnectionError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
)
from modelbay.wires.family import ChatCall, Endpoint
from modelbay.wires.openai import FAMILY
from modelbay.wires.request import Event

_FAMILY: Any = FAMILY  # of a family each dialect may be missing; not of this one

_ENDPOINT = Endpoint("https://upstream.test/v1")
_TOOL = PromptMessageTool(
    name="weather", description="Look.", parameters={"type": "object", "properties": {}}
)
_OPTIONS = {"api": "responses", "reasoning_default": "medium"}
_DIALECT = _FAMILY.chat(_OPTIONS)
_USAGE = {
    "input_tokens": 20,
    "input_tokens_details": {"cached_tokens": 8},
    "output_tokens": 30,
    "output_tokens_details": {"reasoning_tokens": 10},
    "total_tokens": 50,
}
_REASONING = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "First."}, {"type": "summary_text", "text": "Then."}],
    "encrypted_content": "gAAA",
}
_SAID = {
    "type": "message",
    "id": "msg_1",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "Looking.", "annotations": [], "logprobs": []}],
}
_CALLED = {
    "type": "function_call",
    "id": "fc_1",
    "call_id": "call_1",
    "name": "weather",
    "arguments": '{"city":"Rome"}',
    "status": "completed",
}
_OUTPUT = [_REASONING, _SAID, _CALLED]


def _call(messages: Any = "Hi", *, options: Any = None, **call: Any) -> Any:
    messages = [UserPromptMessage(content=messages)] if isinstance(messages, str) else messages
    return ChatCall("gpt", messages, options={**_OPTIONS, **(options or {})}, **call)


def _body(messages: Any = "Hi", **call: Any) -> Any:
    return _DIALECT.to_request(_call(messages, **call), _ENDPOINT).json


def _response(output: Any = _OUTPUT, status: Any = "completed", **more: Any) -> Any:
    return {
        "id": "resp_1",
        "object": "response",
        "status": status,
        "model": "gpt-1",
        "output": output,
        "error": None,
        "usage": _USAGE,
        **more,
    }


def _read(*events: Any) -> Any:
    reader = _DIALECT.to_chunks(_call())
    chunks = [
        chunk for event in events for chunk in reader.read(Event(event["type"], json.dumps(event).encode()))
    ]
    return [*chunks, *reader.close()]


def test_a_request_with_everything_in_it_is_as_the_published_description_says() -> None:
    """The description, and not our reading of it, decides what may be sent."""
    described = specification("openai.openapi.json")
    if described is None:
        pytest.skip("the published descriptions are not there")
    image = ImagePromptMessageContent(base64_data="iVBORw0KGgo=", mime_type="image/png")
    document = DocumentPromptMessageContent(url="https://x.test/a.pdf")
    function = ToolCallFunction(name="weather", arguments="")
    messages = [
        SystemPromptMessage(content="Be brief."),
        DeveloperPromptMessage(content="Be kind."),
        UserPromptMessage(content=[TextPromptMessageContent(data="What?"), image, document]),
        AssistantPromptMessage(content="Wait.", tool_calls=[ToolCall(id="call_1", function=function)]),
        ToolPromptMessage(tool_call_id="call_1", content="sunny"),
        SystemPromptMessage(content="Now in French."),
    ]
    settings = {
        "temperature": 1,
        "max_tokens": 5,
        "reasoning_effort": "high",
        "reasoning_summary": "auto",
        "verbosity": "low",
        "response_format": "json_schema",
        "json_schema": json.dumps({"type": "object", "properties": {}}),
        "tool_choice": "weather",
        "parallel_tool_calls": False,
        "top_logprobs": 2,
        "service_tier": "flex",
    }

    body = _body(messages, parameters=settings, tools=[_TOOL], user="u", stream=True, stop=["END"])

    assert described.of("CreateResponse").complaint(body) is None
    assert body["instructions"] == "Be brief.\n\nBe kind."
    assert [item["type"] for item in body["input"]] == [
        "message",
        "message",
        "function_call",
        "function_call_output",
        "message",
    ]
    assert body["input"][0]["content"][1]["image_url"] == "data:image/png;base64,iVBORw0KGgo="
    assert body["input"][2]["arguments"] == "{}"
    assert body["input"][4] == {"type": "message", "role": "developer", "content": "Now in French."}
    assert body["tools"][0] == {"type": "function", "strict": False, **_TOOL.model_dump()}
    assert body["tool_choice"] == {"type": "function", "name": "weather"}
    assert body["text"]["format"]["name"] == "answer"
    assert body["text"]["verbosity"] == "low"
    assert body["reasoning"] == {"effort": "high", "summary": "auto"}
    assert body["max_output_tokens"] == 16
    assert (body["store"], "stop" in body, _DIALECT.client_side_stop) == (False, False, True)
    assert body["include"] == ["reasoning.encrypted_content", "message.output_text.logprobs"]


def test_encrypted_reasoning_is_asked_for_only_where_there_is_any() -> None:
    """Models that do not reason refuse the question; a stored answer has its reasoning on the server."""
    assert "include" not in _body(parameters={"reasoning_effort": "none"})
    assert "include" not in _body(options={"reasoning_default": "none"})
    assert "include" not in _body(options={"store": True})


@pytest.mark.parametrize(
    ("name", "value"), [("seed", 1), ("presence_penalty", 0.5), ("frequency_penalty", 1)]
)
def test_parameters_without_a_place_are_refused_by_name(name: Any, value: Any) -> None:
    """The API has no such parameters, and would say so in its own words only for some."""
    with pytest.raises(InvokeBadRequestError, match=f"^{name}: "):
        _body(parameters={name: value})


def test_audio_is_refused_by_place() -> None:
    """The API takes no sound."""
    part = AudioPromptMessageContent(base64_data="UklGRg==", mime_type="audio/wav")

    with pytest.raises(InvokeBadRequestError, match=r"^messages\[0\]\.content\[0\]: .*audio"):
        _body([UserPromptMessage(content=[part])])


def test_system_messages_can_stay_items() -> None:
    """Some compatible servers have no `instructions`."""
    body = _body(
        [SystemPromptMessage(content="Be brief.")], options={"instructions": False, "system_role": "system"}
    )

    assert body["input"] == [{"type": "message", "role": "system", "content": "Be brief."}]


def test_a_whole_response_is_read() -> None:
    """Everything that a message can say comes from the items."""
    result = _DIALECT.to_result(_call(), _response(service_tier="default"))

    assert (result.reasoning, result.text) == ("First.\n\nThen.", "Looking.")
    assert [(call.id, call.function.arguments) for call in result.tool_calls] == [
        ("call_1", '{"city":"Rome"}')
    ]
    assert (result.finish_reason, result.model) == ("tool_calls", "gpt-1")
    assert (result.usage.prompt_tokens, result.usage.cached_tokens, result.usage.reasoning_tokens) == (
        20,
        8,
        10,
    )
    assert result.unknown_fields == {"id": "resp_1", "service_tier": "default"}


def test_the_items_of_an_answer_come_back_unchanged() -> None:
    """Reasoning is encrypted and signed: the model continues only from exactly what it sent."""
    result = _DIALECT.to_result(_call(), _response())
    kept = AssistantPromptMessage.model_validate_json(result.message.model_dump_json())

    assert _body([kept])["input"] == _OUTPUT


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("max_output_tokens", "length"), ("content_filter", "content_filter"), ("other", "other")],
)
def test_an_incomplete_response_says_why(reason: Any, finish: Any) -> None:
    """The answer so far is kept."""
    response = _response([_SAID], "incomplete", incomplete_details={"reason": reason})

    assert _DIALECT.to_result(_call(), response).finish_reason == finish


@pytest.mark.parametrize(
    ("code", "error"),
    [("rate_limit_exceeded", InvokeRateLimitError), ("server_error", InvokeServerUnavailableError)],
)
def test_a_failed_response_is_the_error_of_its_code(code: Any, error: Any) -> None:
    """It comes with status 200."""
    failed = _response([], "failed", error={"code": code, "message": "sorry"})

    with pytest.raises(error, match="sorry"):
        _DIALECT.to_result(_call(), failed)
    with pytest.raises(error, match="sorry"):
        _read({"type": "response.failed", "response": failed})
    with pytest.raises(error, match="sorry"):
        _read({"type": "error", "code": code, "message": "sorry", "param": None, "sequence_number": 1})


def test_a_refusal_is_the_answer_and_is_marked() -> None:
    """Whoever shows the text shows the refusal; whoever cares can tell it."""
    said = {**_SAID, "content": [{"type": "refusal", "refusal": "I won't."}]}
    result = _DIALECT.to_result(_call(), _response([said]))

    assert (result.text, result.message.unknown_fields) == ("I won't.", {"refusal": "I won't."})


def _events(output: Any, cut: Any) -> Any:
    """Return the events of a streamed response; `cut` cuts a text into deltas."""
    yield {
        "type": "response.created",
        "response": {"id": "resp_1", "model": "gpt-1", "status": "in_progress"},
    }
    for index, item in enumerate(output):
        at = {"output_index": index, "item_id": item["id"]}
        begun = {**item, "arguments": "", "status": "in_progress"} if "arguments" in item else item
        yield {"type": "response.output_item.added", "output_index": index, "item": begun}
        for place, part in enumerate(item.get("summary", ())):
            for piece in cut(part["text"]):
                yield {
                    "type": "response.reasoning_summary_text.delta",
                    **at,
                    "summary_index": place,
                    "delta": piece,
                }
        for part in item.get("content", ()):
            for piece in cut(part["text"]):
                yield {"type": "response.output_text.delta", **at, "content_index": 0, "delta": piece}
        if "arguments" in item:
            for piece in cut(item["arguments"]):
                yield {"type": "response.function_call_arguments.delta", **at, "delta": piece}
            yield {"type": "response.function_call_arguments.done", **at, "arguments": item["arguments"]}
        yield {"type": "response.output_item.done", "output_index": index, "item": item}
    yield {"type": "response.completed", "response": _response(output)}


@given(st.lists(st.integers(1, 14), max_size=5))
def test_a_stream_cut_anywhere_folds_to_the_whole_answer(places: Any) -> None:
    """Pieces of summaries, of text and of arguments must add up to what the last event has."""

    def cut(text: Any) -> Any:
        edges = [0, *sorted(min(place, len(text)) for place in places), len(text)]
        return [text[start:end] for start, end in pairwise(edges)]

    second = {**_CALLED, "id": "fc_2", "call_id": "call_2", "arguments": "{}"}
    output = [*_OUTPUT, second]
    *head, last = chunks = _read(*_events(output, cut))

    assert fold(chunks).model_dump() == {
        **_DIALECT.to_result(_call(), _response(output)).model_dump(),
    }
    assert all(chunk.usage is None and chunk.finish_reason is None for chunk in head)
    assert last.usage.total_tokens == 50


def test_items_are_kept_where_the_last_event_has_none() -> None:
    """Some servers leave the output out of the closing event."""
    *events, last = _events(_OUTPUT, lambda text: [text])
    last = {**last, "response": {**last["response"], "output": []}}

    result = fold(_read(*events, last))

    assert result.message.opaque_body == {"openai": {"output": _OUTPUT}}
    assert result.finish_reason == "tool_calls"


def test_an_answer_that_comes_in_the_last_event_only_is_read() -> None:
    """Servers without real streaming send one event."""
    result = fold(_read({"type": "response.completed", "response": _response()}))

    assert (result.text, len(result.tool_calls)) == ("Looking.", 1)


def test_calls_that_come_without_deltas_are_whole() -> None:
    """Some servers send a call's arguments at its end only."""
    done = {"type": "response.output_item.done", "output_index": 2, "item": _CALLED}
    result = fold(_read(done, {"type": "response.completed", "response": _response([_CALLED])}))

    assert [call.function.arguments for call in result.tool_calls] == ['{"city":"Rome"}']


def test_a_stream_without_its_last_event_was_cut_off() -> None:
    """The usage and the reason to stop are only there, so that nothing else can end an answer."""
    with pytest.raises(InvokeConnectionError):
        _read({"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "Hi"})


def test_a_streamed_refusal_is_marked_in_every_piece() -> None:
    """Whoever passes the pieces on cannot take back what it told as content."""
    said = {**_SAID, "content": [{"type": "refusal", "refusal": "I won't."}]}
    pieces = [{"type": "response.refusal.delta", "delta": piece} for piece in ("I ", "won't.")]

    *told, last = _read(*pieces, {"type": "response.completed", "response": _response([said])})

    assert [chunk.delta.message.unknown_fields for chunk in told] == [
        {"refusal": "I "},
        {"refusal": "won't."},
    ]
    assert last.delta.message.unknown_fields == {"refusal": "I won't."}
    [whole, _] = _read({"type": "response.completed", "response": _response([said])})
    assert whole.delta.message.unknown_fields == {"refusal": "I won't."}
