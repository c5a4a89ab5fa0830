"""An earlier answer in a request of the responses API: its items, and what the application made of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.upstreams.published import as_published
from tests.wires.openai.serving.response_answers import sent_for

from modelbay.entities import AssistantPromptMessage, ToolCall, ToolCallFunction, UserPromptMessage
from modelbay.wires.family import ChatCall, Endpoint
from modelbay.wires.openai.responses import Responses

PUBLISHED = as_published("openai.openapi.json")
REASONING = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{}"}
CUSTOM = {"type": "custom_tool_call", "id": "ctc_1", "call_id": "c2", "name": "shell", "input": "ls"}
SEARCH = {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search"}}


def part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def message(*texts: str, number: int = 1) -> dict[str, Any]:
    said = {"type": "message", "id": f"msg_{number}", "role": "assistant", "status": "completed"}
    return said | {"content": [part(text) for text in texts]}


def called(call_id: str = "c1", name: str = "f", arguments: str = "{}") -> ToolCall:
    return ToolCall(id=call_id, function=ToolCallFunction(name=name, arguments=arguments))


def items(output: Any, text: str, *calls: ToolCall) -> Any:
    """Return the items that are sent for an answer which says text and calls, and came as `output`."""
    state = {"openai": {"output": output}}
    said = AssistantPromptMessage(content=text, tool_calls=list(calls), opaque_body=state)
    call = ChatCall("m", [UserPromptMessage(content="Hi"), said], options={"api": "responses"})
    body: Any = Responses().to_request(call, Endpoint("http://x")).json
    return body["input"][1:]


def test_an_answer_that_nobody_changed_goes_back_as_it_came() -> None:
    """The server knows its own items."""
    output = [REASONING, message("One. ", "Two."), CALL, SEARCH]

    assert items(output, "One. Two.", called()) == output


def test_a_changed_text_wins() -> None:
    """What the application shows its user is what the model has to go on from; its thoughts stay."""
    output = [REASONING, message("One. "), SEARCH, message("Two.", number=2), CALL]

    sent = items(output, "One.", called())

    assert sent == [REASONING, message("One."), SEARCH, CALL]


@pytest.mark.parametrize(
    ("output", "text", "sent"),
    [
        ([REASONING, message("One.")], "", [REASONING]),
        (
            [REASONING, SEARCH],
            "New.",
            [REASONING, {"type": "message", "role": "assistant", "content": "New."}, SEARCH],
        ),
        ([message("One.")], "<think>\nhm\n</think>\n\nOne.", [message("One.")]),
    ],
    ids=["taken away", "put in", "shown with its thoughts"],
)
def test_a_text_has_its_place(output: Any, text: str, sent: Any) -> None:
    """After the reasoning that led to it."""
    assert items(output, text) == sent


@pytest.mark.parametrize(
    ("calls", "sent"),
    [
        ((), [REASONING, CUSTOM]),
        ((called(arguments='{"a":1}'),), [REASONING, CALL | {"arguments": '{"a":1}'}, CUSTOM]),
        (
            (called(), called("c3")),
            [
                REASONING,
                CALL,
                CUSTOM,
                {"type": "function_call", "call_id": "c3", "name": "f", "arguments": "{}"},
            ],
        ),
        ((called(), called("c2", "shell", '{"input":"ls"}')), [REASONING, CALL, CUSTOM]),
    ],
    ids=["gone", "changed", "new", "of free text"],
)
def test_a_changed_call_wins(calls: tuple[ToolCall, ...], sent: Any) -> None:
    """A result without its call is refused, and so is a call without a result."""
    assert items([REASONING, CALL, CUSTOM], "", *calls) == sent


JSON = st.recursive(
    st.none() | st.booleans() | st.text(max_size=3) | st.integers(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
)
ITEMS = st.fixed_dictionaries(
    {"type": st.sampled_from(["message", "function_call", "custom_tool_call", "reasoning"])},
    optional={"role": st.just("assistant"), "content": JSON, "call_id": JSON, "id": JSON, "status": JSON},
).filter(lambda item: item["type"] != "message" or "role" in item)


@given(st.lists(ITEMS, min_size=1, max_size=3), st.text(max_size=3))
def test_items_that_somebody_made_up_break_nothing(output: Any, text: str) -> None:
    """They have been out of our hands; the provider judges them."""
    assert all(item["type"] for item in items(output, text, called()))


CLIENTS_OWN: list[dict[str, Any]] = [
    {"type": "output_text", "text": "Hello.", "annotations": []},
    {"type": "output_text", "text": "Hello."},
    {"type": "refusal", "refusal": "No."},
    {
        "type": "output_text",
        "text": "Hello.",
        "annotations": [
            {"type": "url_citation", "url": "http://a", "title": "A", "start_index": 0, "end_index": 1}
        ],
    },
]


@pytest.mark.parametrize("own", CLIENTS_OWN)
@pytest.mark.parametrize("more", [{}, {"id": "msg_7"}, {"id": None, "status": None}])
def test_items_of_a_client_fit_the_published_description(own: Any, more: Any) -> None:
    """LangChain writes answers in the server's form, without the id and the status that belong to it."""
    said = {"type": "message", "role": "assistant", "content": [own], **more}
    again = {"role": "user", "content": "Go on."}
    body: Any = sent_for({"model": "m", "input": [{"role": "user", "content": "Hi"}, said, again]})

    PUBLISHED(body, "CreateResponse")
    sent = body["input"][1]
    assert sent["role"] == "assistant"
    assert sent["content"] == "Hello." or sent["content"][0].items() >= own.items()
