"""A client finds its mistake by the numbers of its own request."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay.wires.anthropic.serving import MESSAGES
from modelbay.wires.openai.serving import CHAT, COMPLETIONS
from modelbay.wires.openai.serving.responses import RESPONSES
from modelbay.wires.places import Place, after_history, at_place

PLACES = [
    Place("system", "system"),
    Place("messages[0]"),
    Place("messages[1].content[0]"),
    Place("messages[1]", parts=(1, 3)),
    Place("input[4]", calls=("input[5]",)),
    Place("input[6]", "input[6].output"),
]


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("messages[0].content[1]: no", "system[1]: no"),
        ("messages[0]: no", "system: no"),
        ("messages[1].content: no", "messages[0].content: no"),
        ("messages[2].content[0].image_url.url: no", "messages[1].content[0].content[0].image_url.url: no"),
        ("messages[3].content[1]: no", "messages[1].content[3]: no"),
        ("messages[4].tool_calls[0]: no", "input[5]: no"),
        ("messages[4].tool_calls[1]: no", "input[4].tool_calls[1]: no"),
        ("messages[5].content[0]: no", "input[6].output[0]: no"),
        ("messages[9]: no", "messages[9]: no"),
        ("messages[1].contents: no", "messages[0].contents: no"),
        ("tools[0]: as in messages[0]", "tools[0]: as in messages[0]"),
    ],
)
def test_the_place_is_the_clients(named: str, told: str) -> None:
    """Only what the description begins with is a place; the rest are words."""
    assert at_place(named, PLACES) == told


@given(st.text(), st.lists(st.builds(Place, st.text())))
def test_any_words_are_taken(description: str, places: list[Place]) -> None:
    """They may be anybody's."""
    at_place(description, places)
    after_history(description, 3)


def test_items_are_counted_from_the_clients_first() -> None:
    """What a response before it said comes first in the conversation, but not in the request."""
    assert after_history("input[3].content[0]: no", 2) == "input[1].content[0]: no"
    assert after_history("input[1].content: no", 2).startswith("previous_response_id: ")
    assert after_history("model: no", 2) == "model: no"


def test_a_system_prompt_and_results_are_messages_of_their_own() -> None:
    """Anthropic's clients number turns and blocks; results of tools are blocks of a user's turn."""
    result = {"type": "tool_result", "tool_use_id": "c1", "content": "rain"}
    text = {"type": "text", "text": "Well?"}
    turn = {"role": "user", "content": [text, result, text]}
    asked = {"model": "m", "max_tokens": 9, "system": "Be brief.", "messages": [turn]}

    ask = MESSAGES.from_request(asked)

    assert [message.role.value for message in ask.messages] == ["system", "tool", "user"]
    assert [place.message for place in ask.places] == ["system", "messages[0].content[1]", "messages[0]"]
    assert [at_place(f"messages[{n}].content[1]", ask.places) for n in range(3)] == [
        "system[1]",
        "messages[0].content[1].content[1]",
        "messages[0].content[2]",
    ]


def test_an_answer_in_several_items_is_one_message() -> None:
    """Instructions come before the input, and what a model put out is found by its first item."""
    call = {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": "{}"}
    items = [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": "Let me see."},
        call,
        {"type": "function_call_output", "call_id": "c1", "output": "rain"},
    ]

    ask = RESPONSES.from_request({"model": "m", "instructions": "Be brief.", "input": items})

    assert len(ask.places) == len(ask.messages)
    assert [at_place(f"messages[{n}].content", ask.places) for n in range(5)] == [
        "instructions",
        "input[0].content",
        "input[1].content",
        "input[3].output",
        "messages[4].content",
    ]
    assert at_place("messages[2].tool_calls[0]: no", ask.places) == "input[2]: no"


def test_one_text_has_one_place() -> None:
    """A prompt is no list of messages; in chat completions nothing is to be translated."""
    said = [{"role": "user", "content": "Hi"}]
    text = RESPONSES.from_request({"model": "m", "input": "Hi"})
    prompt = COMPLETIONS.from_request({"model": "m", "prompt": "Hi"})
    chat = CHAT.from_request({"model": "m", "messages": said})

    assert at_place("messages[0].content: no", text.places) == "input: no"
    assert at_place("messages[0]: no", prompt.places) == "prompt: no"
    assert at_place("messages[0].content[0]: no", chat.places) == "messages[0].content[0]: no"
