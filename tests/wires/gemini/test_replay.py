"""What goes back of an answer on the next turn."""

from __future__ import annotations

from typing import Any

import pytest
from tests.upstreams.gemini import GeminiUpstream
from tests.upstreams.gemini_content import signature
from tests.wires.wire_checks import ENDPOINT, refusal_of

from modelbay.entities import (
    AssistantPromptMessage,
    PromptMessageTool,
    ToolCall,
    ToolCallFunction,
    ToolPromptMessage,
    UserPromptMessage,
)
from modelbay.wires.family import ChatCall, Endpoint
from modelbay.wires.gemini import GENERATE

ASKED = {"name": "weather", "args": {"city": "Oslo"}}
SUMMARY = {"text": "Hm", "thought": True}
TEXT = {"text": "Let me see."}
CALLED = {"functionCall": ASKED, "thoughtSignature": signature(ASKED)}
BESIDE = {"functionCall": {"name": "weather", "args": {"city": "Rome"}}}
CODE = {"executableCode": {"language": "PYTHON", "code": "1"}}
BYPASS = "skip_thought_signature_validator"


def answer(*parts: dict[str, Any]) -> AssistantPromptMessage:
    """Return an answer as a caller gets it, stored and loaded in between."""
    body = {"candidates": [{"content": {"parts": list(parts)}, "finishReason": "STOP"}], "responseId": "r1"}
    message = GENERATE.to_result(ChatCall("m", []), body).message
    return AssistantPromptMessage.model_validate_json(message.model_dump_json())


def turns(message: AssistantPromptMessage) -> list[dict[str, Any]]:
    """Return the turns that go back, once the fake has found their signatures genuine."""
    results = [ToolPromptMessage(tool_call_id=call.id, content="rain") for call in message.tool_calls]
    call = ChatCall(
        "gemini-3-flash-preview",
        [UserPromptMessage(content="Weather?"), message, *results, UserPromptMessage(content="And?")],
        tools=[PromptMessageTool(name="weather", parameters={})],
        options={"thought_signatures": True},
    )
    request = GENERATE.to_request(call, Endpoint(f"{ENDPOINT.base_url}/v1beta"))
    assert refusal_of(GeminiUpstream(), request) is None
    contents: list[dict[str, Any]] = request.json["contents"]
    return contents


def replayed(message: AssistantPromptMessage) -> list[dict[str, Any]]:
    """Return the parts of the model's turn."""
    parts: list[dict[str, Any]] = turns(message)[1]["parts"]
    return parts


def test_an_answer_goes_back_as_it_came_but_for_summaries() -> None:
    """Calls are signed, and code that was run belongs to the turn; a summary of thoughts is for people."""
    assert replayed(answer(SUMMARY, TEXT, CODE, CALLED, BESIDE)) == [TEXT, CODE, CALLED, BESIDE]


def test_signed_thoughts_and_the_signature_at_the_end_go_back() -> None:
    """A signature may come with a thought, or on an empty text behind the answer."""
    thought, end = {**SUMMARY, "thoughtSignature": "dGg="}, {"text": "", "thoughtSignature": "ZW5k"}

    assert replayed(answer(thought, TEXT, end)) == [thought, TEXT, end]


def test_ids_of_the_apis_own_go_back_with_the_results() -> None:
    """Ids that were made up here mean nothing there."""
    with_id = {"functionCall": {"id": "own", **ASKED}, "thoughtSignature": signature(ASKED)}
    _, called, results = turns(answer(with_id, BESIDE))

    assert called["parts"] == [with_id, BESIDE]
    assert [part["functionResponse"].get("id") for part in results["parts"][:2]] == ["own", None]


def test_a_changed_text_wins() -> None:
    """The application may shorten what the model said."""
    message = answer(TEXT, CODE, CALLED)
    message.content = "Looking."

    assert replayed(message) == [{"text": "Looking."}, CODE, CALLED]


def test_calls_follow_the_message() -> None:
    """An application may drop, change and add calls; the first call is always marked as signed."""
    message = answer(CALLED, BESIDE)
    message.tool_calls[1].function.arguments = '{"city": "Bern"}'
    del message.tool_calls[0]
    message.tool_calls.append(ToolCall(id="new", function=ToolCallFunction(name="weather")))

    assert replayed(message) == [
        {"functionCall": {"name": "weather", "args": {"city": "Bern"}}, "thoughtSignature": BYPASS},
        {"functionCall": {"name": "weather", "args": {}}},
    ]


def test_calls_of_another_model_are_marked_as_such() -> None:
    """Without the mark the API refuses them; reasoning of another provider is not sent."""
    call = ToolCall(id="t1", function=ToolCallFunction(name="weather", arguments="{}"))
    message = AssistantPromptMessage(
        content="", reasoning_content="Hm", tool_calls=[call], opaque_body={"x": {}}
    )

    assert replayed(message) == [
        {"functionCall": {"name": "weather", "args": {}}, "thoughtSignature": BYPASS}
    ]


@pytest.mark.parametrize(
    "state",
    [
        *("?", [1], {"content": "?"}, {"content": [1]}, {"content": [{"functionCall": 1}]}),
        *({"content": [{"text": 1}]}, {"content": [{"functionResponse": {"name": "x"}}]}),
        {"content": [{"functionCall": {"name": 1}}], "ids": [{}]},
    ],
)
def test_state_of_another_form_counts_as_none(state: Any) -> None:
    """It was out of our hands, and may be of another version."""
    message = AssistantPromptMessage(content="Hello", opaque_body={"gemini": state})

    assert replayed(message) == [{"text": "Hello"}]


def test_forged_ids_lead_to_no_call() -> None:
    """What the message says is what is called."""
    message = answer(CALLED, BESIDE)
    message.opaque_body["gemini"]["ids"] = [["x"], {}]

    assert [part["functionCall"] for part in replayed(message)] == [ASKED, BESIDE["functionCall"]]
