"""Whole answers, as clients of the responses API get them."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from tests.wires.openai.serving.response_answers import (
    ANSWER_ID,
    ANSWERS,
    SIGNED,
    TOOL,
    UPSTREAM_OUTPUT,
    ask,
    complaint_of,
    result,
)

from modelbay.entities import ImagePromptMessageContent, TextPromptMessageContent
from modelbay.wires.anthropic.chat import MessagesDialect
from modelbay.wires.family import ChatCall, Endpoint
from modelbay.wires.openai.responses import Responses
from modelbay.wires.openai.serving.responses import RESPONSES

_CALL = ("call_1", "weather", "{}")


def _body(answer: Any, **asked: Any) -> Any:
    return RESPONSES.from_result(ask(**asked), answer, ANSWER_ID)


def _echoed(body: Any, *results: Any) -> Any:
    """Return the message that becomes of an answer whose items the client sends back."""
    user = {"role": "user", "content": "Hi"}
    return RESPONSES.from_request({"model": "m", "input": [user, *body["output"], *results]})


def test_an_answer_is_as_the_published_description_says() -> None:
    """Typed clients fail on what is missing."""
    settings = {
        "instructions": "Be brief.",
        "tools": [TOOL, {"type": "web_search"}],
        "tool_choice": {"type": "function", "name": "weather"},
        "temperature": 0.5,
        "text": {"verbosity": "low"},
        "reasoning": {"effort": "low"},
        "metadata": {"a": "b"},
        "user": "u",
        "previous_response_id": "resp_0",
    }
    body = _body(result(reasoning="Hm.", calls=[_CALL], finish="tool_calls"), **settings)

    assert complaint_of("Response", body) is None
    assert [item["type"] for item in body["output"]] == ["reasoning", "message", "function_call"]
    assert [item["id"] for item in body["output"]] == ["rs_0f1e2d3c_0", "msg_0f1e2d3c_1", "fc_0f1e2d3c_2"]
    assert (body["id"], body["status"], body["created_at"]) == ("resp_0f1e2d3c", "completed", 1_790_000_000)
    assert body["usage"]["input_tokens_details"] == {"cached_tokens": 8, "cache_write_tokens": 2}
    for name, value in settings.items():
        if name not in ("tools", "text", "reasoning"):
            assert body[name] == value
    assert body["text"] == {"format": {"type": "text"}, "verbosity": "low"}


def test_what_was_not_asked_is_answered_with_the_defaults() -> None:
    """The API says how it understood a request."""
    body = _body(result())

    assert (body["temperature"], body["tool_choice"], body["truncation"]) == (1.0, "auto", "disabled")
    assert (body["tools"], body["metadata"], body["store"]) == ([], {}, True)
    assert complaint_of("Response", body) is None


@given(answer=ANSWERS)
def test_an_answer_read_again_is_the_same(answer: Any) -> None:
    """Whoever puts one gateway behind another must lose nothing."""
    read = Responses().to_result(ChatCall("m", []), _body(answer))

    assert (read.text, read.reasoning, read.usage) == (answer.text, answer.reasoning, answer.usage)
    assert (read.tool_calls, read.model) == (answer.tool_calls, answer.model)
    assert read.finish_reason == answer.finish_reason


@given(answer=ANSWERS)
def test_an_answer_sent_back_says_the_same(answer: Any) -> None:
    """The next turn is another request: it must say what the model said."""
    _, said = _echoed(_body(answer)).messages

    assert (said.text, said.reasoning_content or "") == (answer.text, answer.reasoning)
    assert said.tool_calls == answer.tool_calls


def test_an_incomplete_answer_says_why() -> None:
    """Clients ask for more, or give up, by the reason."""
    reasons = {"length": "max_output_tokens", "content_filter": "content_filter"}
    for finish, reason in reasons.items():
        body = _body(result(finish=finish))
        assert (body["status"], body["incomplete_details"]) == ("incomplete", {"reason": reason})


def test_the_items_of_an_upstream_of_this_dialect_go_back_unchanged() -> None:
    """Ids, encrypted reasoning and the provider's own items are the upstream's to give."""
    answer = result(opaque_body={"openai": {"output": UPSTREAM_OUTPUT}})
    body = _body(answer)

    assert body["output"] == UPSTREAM_OUTPUT
    assert _echoed(body).messages[1].opaque_body == answer.message.opaque_body


def test_items_that_no_longer_say_the_answer_are_not_told() -> None:
    """The answer may have been cut at a stop sequence that this API does not know."""
    body = _body(result("Look", opaque_body={"openai": {"output": UPSTREAM_OUTPUT}}))

    assert [item["type"] for item in body["output"]] == ["message"]
    assert body["output"][0]["content"][0]["text"] == "Look"


def test_the_state_of_another_family_survives_a_client_of_this_one() -> None:
    """A model that signs its thoughts wants them back, and this API has one place that comes back unread."""
    asked = _echoed(_body(result(reasoning="Hm.", opaque_body=SIGNED)))
    there = MessagesDialect().to_request(
        ChatCall("claude", asked.messages, {"max_tokens": 9}), Endpoint("http://claude.test")
    )

    assert asked.messages[1].opaque_body == SIGNED
    assert there.json["messages"][1]["content"] == SIGNED["anthropic"]["content"]


def test_our_own_state_never_reaches_an_upstream_of_this_dialect() -> None:
    """It would be refused as encrypted reasoning that nobody can read."""
    asked = _echoed(_body(result(reasoning="Hm.", opaque_body=SIGNED)))
    there = Responses().to_request(ChatCall("gpt", asked.messages), Endpoint("http://gpt.test"))

    assert there.json["input"][1:] == [{"type": "message", "role": "assistant", "content": "Looking."}]


def test_state_of_any_form_survives() -> None:
    """A plugin may keep what it wants."""
    for state in ({"openai": {"reasoning_details": [1]}}, "text", [1, {"a": None}]):
        said = _echoed(_body(result(opaque_body=state))).messages[1]
        assert said.opaque_body == state


def test_a_refusal_is_told_as_one() -> None:
    """Clients tell it from an answer by the type of its part."""
    part = _body(result("No.", refusal="No."))["output"][0]["content"][0]

    assert part == {"type": "refusal", "refusal": "No."}


def test_citations_have_the_form_of_this_api() -> None:
    """Chat completions keep a citation's fields in an object, this API beside its type."""
    where = {"url": "https://x.test", "title": "X", "start_index": 0, "end_index": 2}
    body = _body(result(annotations=[{"type": "url_citation", "url_citation": where}]))

    assert body["output"][0]["content"][0]["annotations"] == [{"type": "url_citation", **where}]
    assert complaint_of("Response", body) is None


def test_an_image_that_the_model_made_is_an_item() -> None:
    """That is how this API gives images."""
    image = ImagePromptMessageContent(base64_data="iVBORw0KGgo=", mime_type="image/png")
    answer = result()
    answer.message.content = [TextPromptMessageContent(data="Here."), image]
    body = _body(answer)

    assert [item["type"] for item in body["output"]] == ["image_generation_call", "message"]
    assert body["output"][0]["result"] == "iVBORw0KGgo="
    assert complaint_of("Response", body) is None
