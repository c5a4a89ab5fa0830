"""What hosted providers of the dialect do in a way of their own, by the options that say so."""

from __future__ import annotations

from typing import Any

import pytest
from tests.wires.openai.frames import DONE, answer, chunk, stream, whole_result

from modelbay.entities import (
    AssistantPromptMessage,
    Meter,
    PromptMessage,
    PromptMessageTool,
    ToolCall,
    ToolCallFunction,
    ToolPromptMessage,
    UserPromptMessage,
)
from modelbay.errors import InvokeBadRequestError, InvokeRateLimitError, InvokeServerUnavailableError
from modelbay.wires.family import ChatCall, Endpoint, RerankCall, TranscriptionCall
from modelbay.wires.openai import FAMILY
from modelbay.wires.openai.relay import ChatRelay

FAMILY_: Any = FAMILY  # of a family each dialect may be missing; not of this one
ENDPOINT = Endpoint("https://upstream.test")
TOOL = PromptMessageTool(name="weather", description="Look.", parameters={"type": "object"})
WEB = {"type": "web_search"}
BEGUN = [UserPromptMessage(content="Count"), AssistantPromptMessage(content="One, ")]


def request(messages: list[PromptMessage] | None = None, **call: Any) -> Any:
    options = call.get("options", {})
    call = {"model": "m", "messages": messages or [UserPromptMessage(content="Hi")], **call}
    return FAMILY_.chat(options).to_request(ChatCall(**call), ENDPOINT)


def tool_loop(reasoning: str = "") -> list[PromptMessage]:
    call = ToolCall(id="c1", function=ToolCallFunction(name="weather", arguments="{}"))
    called = AssistantPromptMessage(content="", tool_calls=[call], reasoning_content=reasoning or None)
    return [UserPromptMessage(content="Hi"), called, ToolPromptMessage(content="sunny", tool_call_id="c1")]


def test_an_answer_that_was_begun_is_marked_and_sent_where_it_is_gone_on_with() -> None:
    """DeepSeek continues a prefix below /beta only; any other call goes where all calls go."""
    options = {"prefill": {"field": "prefix", "path": "beta/chat/completions"}}
    begun, plain = request([*BEGUN], options=options), request(options=options)

    assert begun.url == "https://upstream.test/beta/chat/completions"
    assert begun.json["messages"][-1] == {"role": "assistant", "content": "One, ", "prefix": True}
    assert plain.url == "https://upstream.test/chat/completions"
    assert "prefix" not in plain.json["messages"][-1]


def test_a_prefill_without_a_place_of_its_own_stays_where_it_is() -> None:
    """Moonshot goes on with an answer at the usual place; without the option nothing is marked."""
    marked = request([*BEGUN], options={"prefill": {"field": "partial"}})

    assert marked.json["messages"][-1]["partial"] is True
    assert marked.url == "https://upstream.test/chat/completions"
    assert request([*BEGUN]).json["messages"][-1] == {"role": "assistant", "content": "One, "}


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_a_parameter_switches_a_tool_of_the_provider_on(api: str) -> None:
    """Tools that run at the provider are asked for like settings; they stand beside the call's own."""
    options = {"api": api, "tool_switches": {"web_search": WEB, "x_search": {"type": "x_search"}}}
    body = request(parameters={"web_search": True, "x_search": False}, tools=[TOOL], options=options).json

    assert WEB in body["tools"]
    assert len(body["tools"]) == 2
    assert not {"web_search", "x_search"} & set(body)


def test_a_parameter_in_json_is_sent_as_what_it_spells() -> None:
    """Forms have no field for an object, and a library's caller may give one as it is."""
    options = {"json_fields": ["provider"]}
    spelt = request(parameters={"provider": '{"only": ["a"]}'}, options=options)
    given = request(parameters={"provider": {"only": ["a"]}}, options=options)

    assert spelt.json["provider"] == given.json["provider"] == {"only": ["a"]}
    with pytest.raises(InvokeBadRequestError, match="provider: give JSON"):
        request(parameters={"provider": "{only"}, options=options)


REASONS = {"reasoning_field": "reasoning_content", "reasoning_required": True, "reasoning_default": "high"}


@pytest.mark.parametrize(
    ("reasoning", "parameters", "sent"),
    [("Look.", {}, "Look."), ("", {}, " "), ("", {"thinking": False}, None)],
)
def test_a_tool_call_without_reasoning_goes_back_with_a_blank_where_some_is_insisted_on(
    reasoning: str, parameters: dict[str, Any], sent: str | None
) -> None:
    """A loop that another model began has none to give; the field's absence would be refused."""
    body = request(tool_loop(reasoning), tools=[TOOL], parameters=parameters, options=REASONS).json

    assert body["messages"][1].get("reasoning_content") == sent


def test_reasoning_is_not_made_up_where_nobody_insists() -> None:
    """A blank thought is a lie that most servers would bill."""
    options = {"reasoning_field": "reasoning_content", "reasoning_default": "high"}

    assert "reasoning_content" not in request(tool_loop(), tools=[TOOL], options=options).json["messages"][1]


@pytest.mark.parametrize("reason", ["insufficient_system_resource", "error"])
def test_a_reason_to_stop_that_is_a_failure_is_an_error(reason: str) -> None:
    """Half an answer must not pass for a whole one, streamed or not."""
    with pytest.raises(InvokeServerUnavailableError):
        stream(chunk({"content": "Hel"}), chunk({}, reason), DONE)
    with pytest.raises(InvokeServerUnavailableError):
        whole_result(answer({"content": "Hel"}, reason))


def test_a_router_says_beside_the_reason_what_went_wrong() -> None:
    """Its number is the status that a caller would have got before the answer began."""
    body = answer({"content": ""}, "error")
    body["choices"][0]["error"] = {"code": 429, "message": "slow down"}

    with pytest.raises(InvokeRateLimitError, match="slow down"):
        whole_result(body)


def test_an_error_without_an_envelope_is_an_error_in_a_stream_too() -> None:
    """SiliconFlow writes a number, a message and no data; taken for a chunk it would say nothing."""
    with pytest.raises(InvokeServerUnavailableError, match="overloaded"):
        stream(chunk({"content": "Hel"}), {"code": 50505, "message": "overloaded", "data": None})


def test_sources_beside_the_answer_are_kept_with_the_message() -> None:
    """Searches answer with addresses that belong to the words."""
    last = stream(chunk({"content": "Hi"}), chunk({}, "stop", citations=["https://a.test"]), DONE)[-1]

    assert last.delta.message.unknown_fields["citations"] == ["https://a.test"]


def test_tokens_of_ranking_are_read_from_where_the_server_counts_them() -> None:
    """Without them the call would have no price."""
    rows = [{"index": 0, "relevance_score": 0.5}]
    meta = {"billed_units": {"search_units": 0}, "tokens": {"input_tokens": 7, "output_tokens": 0}}
    result = FAMILY_.rerank.to_result(RerankCall("m", "q", ["a"]), {"results": rows, "meta": meta})

    assert (result.usage.quantity, result.usage.meter) == (7, Meter.TOKEN)


def test_a_transcription_need_not_say_its_format() -> None:
    """Servers that know one format only may refuse the question; the answer is read all the same."""
    call = TranscriptionCall("m", b"x", "a.wav", "audio/wav", options={"response_format": "none"})
    sent = FAMILY_.transcription.to_request(call, ENDPOINT)

    assert [part.name for part in sent.form] == ["file", "model"]
    assert FAMILY_.transcription.to_result(call, b'{"text": "hello"}').result == "hello"


def test_what_writing_to_a_cache_costs_is_read_from_a_router() -> None:
    """Prices per token become prices per million."""
    pricing = {"prompt": "0.000003", "completion": "0.000015", "input_cache_write": "0.00000375"}
    (model,) = FAMILY_.models.to_models({"data": [{"id": "a", "pricing": pricing}]})

    assert model.pricing is not None
    assert (str(model.pricing.input.normalize()), str(model.pricing.cache_write)) == ("3", "3.75000000")


def test_names_that_a_server_refuses_keep_a_model_out_of_the_fast_lane() -> None:
    """The lane passes messages on unread, so it would pass their names."""
    assert ChatRelay().suits({})
    assert not ChatRelay().suits({"names": False})
