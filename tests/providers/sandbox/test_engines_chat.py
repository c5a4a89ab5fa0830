"""The sandbox's chat does what it is told, and shows what it read when it is told nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay.providers.sandbox.engines import chat
from modelbay.providers.sandbox.engines.chat import (
    HELP,
    Directives,
    Event,
    Fail,
    Pause,
    Reasoning,
    Text,
    ToolArguments,
    ToolCall,
    reply,
)
from modelbay.providers.sandbox.engines.chat.pieces import pieces

WEATHER = {
    "name": "get_weather",
    "description": "Get the current weather for a city.",
    "parameters": {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
            "days": {"type": "integer", "minimum": 1, "maximum": 10},
        },
        "required": ["city"],
    },
}
EMAIL = {
    "name": "sendEmail",
    "description": "Send an e-mail to a person",
    "parameters": {
        "type": "object",
        "properties": {
            "to": {"type": "string", "format": "email"},
            "subject": {"type": "string"},
            "urgent": {"type": "boolean"},
        },
        "required": ["to", "subject", "urgent"],
    },
}


def ask(message: str, **options: Any) -> list[Event]:
    return list(reply([("user", message)], **options))


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


def calls_of(events: list[Event]) -> list[tuple[str, Mapping[str, Any]]]:
    """Put the fragments of each call together."""
    calls = [event for event in events if isinstance(event, ToolCall)]
    arguments = [
        "".join(
            event.fragment
            for event in events
            if isinstance(event, ToolArguments) and event.index == call.index
        )
        for call in calls
    ]
    return [(call.name, json.loads(text)) for call, text in zip(calls, arguments, strict=True)]


def test_plain_answer_shows_what_was_read() -> None:
    """A person trying out an application sees that the whole prompt arrived."""
    conversation = [
        ("system", "Be very brief."),
        ("user", "Hi"),
        ("assistant", "Hello"),
        ("user", "Is it raining?"),
    ]

    answer = text_of(list(reply(conversation)))

    assert "asked in 3 words: “Is it raining?”" in answer
    assert "my instructions (3 words)" in answer
    assert "turn 2" in answer
    assert "no neural model" in answer


def test_answers_are_the_same_for_the_same_seed() -> None:
    """Tests of applications rely on it."""
    assert ask("Hello", directives=Directives(seed=3)) == ask("Hello", directives=Directives(seed=3))
    assert len({text_of(ask("Hello", directives=Directives(seed=seed))) for seed in range(9)}) > 1


@given(st.text())
def test_pieces_join_to_the_answer(text: str) -> None:
    """Streaming must not change a character."""
    assert "".join(pieces(text)) == text


def test_answer_comes_in_pieces_like_tokens() -> None:
    """Words with the space in front, long words in parts, CJK one or two characters at a time."""
    assert list(pieces("Hi there, extraordinarily 你好吗")) == [
        "Hi",
        " there,",
        " extraord",
        "inarily",
        " 你好",
        "吗",
    ]


@pytest.mark.parametrize("text", ["hello", "two  spaces\nand a line", '{"a": 1}', "/help"])
def test_echo_is_literal(text: str) -> None:
    """Also where a schema is given: that is how to test what a wrong answer does."""
    assert text_of(ask(f"/echo {text}")) == text
    assert text_of(ask(f"/echo {text}", json_schema={"type": "object"})) == text


def test_reasoning_comes_before_the_answer() -> None:
    """Thinking models think first."""
    kinds = [type(event) for event in ask("/reason Why is that?")]

    assert kinds == sorted(kinds, key=[Reasoning, Text].index)
    assert set(kinds) == {Reasoning, Text}
    assert isinstance(ask("Hi", directives=Directives(reasoning=True))[0], Reasoning)


def test_repeat_and_long_make_answers_of_a_known_length() -> None:
    """For testing limits and buffers."""
    assert text_of(ask("/repeat 3 ab c")) == "ab c ab c ab c"
    assert len(text_of(ask("/long 137")).split()) == 137
    assert sum(1 for _ in reply([("user", "/long 100000")])) == 100_000


def test_slow_pauses_before_each_chunk() -> None:
    """The answer itself stays the same."""
    assert ask("/slow 0.2 /echo a b") == [Pause(0.2), Text("a"), Pause(0.2), Text(" b")]
    assert ask("/echo a", directives=Directives(delay=0.1)) == [Pause(0.1), Text("a")]


@pytest.mark.parametrize("kind", ["connection", "unavailable", "rate-limit", "authorization", "bad-request"])
def test_failure_comes_after_the_chunks_asked_for(kind: str) -> None:
    """An application must handle a stream that breaks, not only one that never begins."""
    assert ask(f"/fail {kind}") == [Fail(kind)]  # type: ignore[arg-type]  # the parameter is one of the kinds
    assert ask(f"/fail {kind} after 2 /echo a b c")[:-1] == [Text("a"), Text(" b")]
    assert isinstance(ask(f"/fail {kind} after 99 /echo a")[-1], Fail)


def test_tool_is_called_with_the_arguments_given() -> None:
    """In fragments, as providers stream them, and exactly as written."""
    events = ask('/tool get_weather {"city": "Köln"}', tools=[EMAIL, WEATHER])

    assert calls_of(events) == [("get_weather", {"city": "Köln"})]
    assert len(events) > 2
    assert text_of(events) == ""


def test_several_tools_are_called_at_once() -> None:
    """Parallel calls have their own index and id."""
    events = ask('/tool get_weather {"city": "Rome"}\n/tool get_weather Paris', tools=[WEATHER])

    assert calls_of(events) == [("get_weather", {"city": "Rome"}), ("get_weather", {"city": "Paris"})]
    assert len({event.call_id for event in events if isinstance(event, ToolCall)}) == 2


@pytest.mark.parametrize(
    ("message", "call"),
    [
        ("What is the weather in Paris?", ("get_weather", {"city": "Paris"})),
        (
            "Weather for New York, next 3 days, celsius",
            ("get_weather", {"city": "New York", "unit": "celsius", "days": 3}),
        ),
        (
            'Send an email to jo@example.org with the subject "Lunch", not urgent.',
            ("sendEmail", {"to": "jo@example.org", "subject": "Lunch", "urgent": False}),
        ),
    ],
)
def test_tool_is_chosen_and_filled_by_the_message(message: str, call: tuple[str, dict[str, Any]]) -> None:
    """So that an application's own prompts lead to calls without any command."""
    assert calls_of(ask(message, tools=[EMAIL, WEATHER])) == [call]


def test_tool_choice_decides() -> None:
    """What the caller asks for beats what the message looks like."""
    tools = [EMAIL, WEATHER]

    assert calls_of(ask("Hello!", tools=tools)) == []
    assert calls_of(ask("weather in Rome", tools=tools, directives=Directives(tool_choice="none"))) == []
    assert (
        calls_of(ask("Hello!", tools=tools, directives=Directives(tool_choice="required")))[0][0]
        == "sendEmail"
    )
    assert (
        calls_of(ask("Hello!", tools=tools, directives=Directives(tool_choice="get_weather")))[0][0]
        == "get_weather"
    )


def test_result_of_a_tool_is_used() -> None:
    """Otherwise an agent's loop would never end."""
    conversation = [
        ("user", "/tool get_weather Rome"),
        ("assistant", ""),
        ("tool", "21 degrees"),
        ("tool", "dry"),
    ]

    assert text_of(list(reply(conversation[:3], [WEATHER]))) == "The tool answered: 21 degrees"
    assert text_of(list(reply(conversation, [WEATHER]))) == "The tools answered:\n1. 21 degrees\n2. dry"


def test_json_is_filled_from_the_message() -> None:
    """With the caller's schema, with one in the command, or with none."""
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["name", "age"],
    }

    assert json.loads(text_of(ask("My friend Maria is 42", json_schema=schema))) == {
        "name": "Maria",
        "age": 42,
    }
    command = f"/json {json.dumps(schema)} Alice Miller is 31"
    assert json.loads(text_of(ask(command))) == {"name": "Alice Miller", "age": 31}
    assert json.loads(text_of(ask("/json a b"))) == {"answer": "a b", "words": 2}
    assert json.loads(text_of(ask("a b", json_schema={}))) == {"answer": "a b", "words": 2}


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("/dance", "do not know the command /dance"),
        ("/fail badly", "one of: connection, unavailable"),
        ("/slow down", "/slow needs the seconds"),
        ("/slow 99999 x", "/slow needs the seconds"),
        ("/slow 1 " * 100_000, "more than 10 commands"),
        ("/repeat me", "/repeat needs a whole number"),
        ("/long 99999999", "/long needs a whole number up to 1000000"),
        ("/tool", "/tool needs the name"),
        ("/tool nothing {}", "There is no tool 'nothing' to call. Given with this message: get_weather"),
        ("/tool get_weather {city", "not valid JSON"),
        ('/json {"$ref": "#/nowhere"}', "points to nothing"),
    ],
)
def test_wrong_command_is_answered_with_help(message: str, words: str) -> None:
    """It is a chat: the mistake is explained there, not thrown."""
    answer = text_of(ask(message, tools=[WEATHER]))

    assert words in answer
    assert HELP in answer


@pytest.mark.parametrize("message", ["/etc/hosts is a file", "/1 is no command", "1 /echo x", "//echo"])
def test_other_slashes_are_plain_text(message: str) -> None:
    """Paths and comments are common in what people paste."""
    assert HELP not in text_of(ask(message))
    assert message in text_of(ask(message))


def test_every_command_of_the_help_is_documented() -> None:
    """The docstring's table and the help that users see must not drift apart."""
    usages = [line.partition(":")[0] for line in HELP.splitlines()[1:]]

    assert text_of(ask("/help")) == HELP
    assert [usage for usage in usages if f"`{usage}`" not in (chat.__doc__ or "")] == []
