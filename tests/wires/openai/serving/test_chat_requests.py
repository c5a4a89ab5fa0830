"""What clients of chat completions ask, as Modelbay's own values."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.wires.serving_checks import told

from modelbay.entities import AssistantPromptMessage, ToolPromptMessage
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.family import ChatCall, Endpoint, family
from modelbay.wires.openai.serving import CHAT

HI: dict[str, Any] = {"role": "user", "content": "Hi"}
FUNCTION = {"name": "tide", "description": "Tells it.", "parameters": {"type": "object", "properties": {}}}
CALL = {"id": "c1", "type": "function", "function": {"name": "tide", "arguments": '{"at": "Bergen"}'}}
MARK = {"type": "ephemeral"}
SIGNED = {"type": "thinking", "thinking": "Hm.", "signature": "s1"}


def ask(*messages: Any, **fields: Any) -> Any:
    return CHAT.from_request({"model": "m", "messages": list(messages) or [HI], **fields})


def for_claude(asked: Any) -> Any:
    """Return the body that an Anthropic upstream gets."""
    call = ChatCall(asked.model, asked.messages, {"max_tokens": 64}, asked.tools)
    return family("anthropic").chat({}).to_request(call, Endpoint("http://x")).json  # type: ignore[misc]


def refusal_of(*messages: Any, **fields: Any) -> str:
    with pytest.raises(InvokeBadRequestError) as refused:
        ask(*messages, **fields)
    return refused.value.description


def test_parameters_have_our_names_and_remember_the_clients() -> None:
    """A refusal has to name the field that the client wrote."""
    wishes = ask(max_completion_tokens=5, temperature=0.5, reasoning_effort="low", top_logprobs=2).wishes

    assert wishes.parameters == {
        "temperature": 0.5,
        "top_logprobs": 2,
        "reasoning_effort": "low",
        "max_tokens": 5,
    }
    assert wishes.field_of("max_tokens") == "max_completion_tokens"


def test_the_newer_name_of_a_limit_wins() -> None:
    """Clients that send both mean the same; the older is deprecated."""
    assert ask(max_tokens=9, max_completion_tokens=5).wishes.parameters["max_tokens"] == 5


def test_a_schema_is_told_as_json_text() -> None:
    """That is the form which the rules of models declare."""
    schema = {"name": "a", "schema": {"type": "object"}, "strict": True}
    parameters = ask(response_format={"type": "json_schema", "json_schema": schema}).wishes.parameters

    assert parameters["response_format"] == "json_schema"
    assert json.loads(parameters["json_schema"]) == schema


@pytest.mark.parametrize(
    ("choice", "ours"),
    [
        ("auto", "auto"),
        ("required", "required"),
        ({"type": "function", "function": {"name": "tide"}}, "tide"),
    ],
)
def test_a_choice_of_tools_is_a_word(choice: Any, ours: str) -> None:
    """A mode or the name of a tool: every dialect can be told that."""
    asked = ask(tools=[{"type": "function", "function": FUNCTION}], tool_choice=choice)

    assert asked.wishes.parameters["tool_choice"] == ours
    assert [(tool.name, tool.description) for tool in asked.tools] == [("tide", "Tells it.")]


def test_what_only_the_dialect_knows_is_kept_as_it_came() -> None:
    """An upstream of the same dialect gets it, any other refuses it by name."""
    choice = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}}
    custom = {"type": "custom", "custom": {"name": "sh"}}
    asked = ask(tools=[custom], tool_choice=choice, prediction={"type": "content"}, x_new=None)

    assert asked.wishes.extras == {
        "tools": [custom],
        "tool_choice": choice,
        "prediction": {"type": "content"},
    }
    assert asked.tools == []


def test_defaults_and_hints_are_passed_over_where_nobody_can_be_told() -> None:
    """Clients send them without meaning anything by them."""
    harmless = {
        "n": 1,
        "logprobs": False,
        "presence_penalty": 0,
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        "store": False,
        "metadata": {"run": "7"},
        "prompt_cache_key": "k",
        "response_format": {"type": "text"},
    }

    assert told(ask(**harmless).wishes, frozenset()).dropped == []


@pytest.mark.parametrize("field", [{"n": 2}, {"store": True}, {"logit_bias": {"1": 2}}, {"seed": 7}])
def test_what_asks_for_something_is_refused_by_its_name(field: dict[str, Any]) -> None:
    """Nothing is dropped in silence."""
    with pytest.raises(InvokeBadRequestError, match=f"^{next(iter(field))}: "):
        told(ask(**field).wishes, frozenset())


def test_a_switch_for_reasoning_goes_in_both_forms() -> None:
    """An upstream that shares the object gets it as it came; any other is told what it means."""
    switch = {"type": "enabled", "budget_tokens": 2000}
    wishes = ask(thinking=switch).wishes

    other = told(wishes, frozenset({"thinking", "thinking_budget"}))

    assert other.extras == {"thinking": True, "thinking_budget": 2000}
    assert told(wishes, frozenset(), same_dialect=True).fields == {"thinking": switch}


def test_an_effort_in_an_object_is_an_effort() -> None:
    """Aggregators have it in `reasoning`; so their clients work in front of any provider."""
    assert told(ask(reasoning={"effort": "low"}).wishes, frozenset({"reasoning_effort"})).extras == {
        "reasoning_effort": "low"
    }


def test_stop_user_and_stream_are_told_apart() -> None:
    """Calls have arguments of their own for them."""
    asked = ask(stop="END", user="u1", stream=True, stream_options={"include_usage": True})

    assert (asked.stop, asked.user, asked.stream, asked.options) == (
        ["END"],
        "u1",
        True,
        {"include_usage": True},
    )


def test_a_result_of_a_legacy_function_finds_its_call() -> None:
    """It names the function; every other dialect wants the id of the call."""
    said = {"role": "assistant", "content": None, "function_call": {"name": "tide", "arguments": "{}"}}
    result = {"role": "function", "name": "tide", "content": "Low."}
    asked = ask(HI, said, result, functions=[FUNCTION], function_call={"name": "tide"})

    call, found = asked.messages[1].tool_calls[0], asked.messages[2]
    assert isinstance(found, ToolPromptMessage)
    assert (call.id, call.function.name, found.tool_call_id) == ("call_1", "tide", "call_1")
    assert (asked.wishes.parameters["tool_choice"], asked.wishes.field_of("tool_choice")) == (
        "tide",
        "function_call",
    )
    assert asked.options["functions"]


def test_cache_marks_of_clients_of_claude_arrive() -> None:
    """They are sent on messages, parts and tools, as other gateways take them."""
    part = {"type": "text", "text": "Long.", "cache_control": MARK}
    tool = {"type": "function", "function": FUNCTION, "cache_control": MARK}
    body = for_claude(ask({"role": "system", "content": [part]}, {**HI, "cache_control": MARK}, tools=[tool]))

    assert body["system"] == [{"type": "text", "text": "Long.", "cache_control": MARK}]
    assert body["messages"][0]["content"][-1]["cache_control"] == MARK
    assert body["tools"][0]["cache_control"] == MARK


@pytest.mark.parametrize(
    "answer",
    [
        {
            "content": "Low.",
            "opaque_body": {"anthropic": {"content": [SIGNED, {"type": "text", "text": "Low."}]}},
        },
        {"content": "Low.", "thinking_blocks": [SIGNED]},
        {"content": [SIGNED, {"type": "text", "text": "Low."}]},
    ],
)
def test_signed_reasoning_goes_back_to_who_signed_it(answer: dict[str, Any]) -> None:
    """Without it Claude refuses a turn whose tools ran, or forgets what it thought."""
    body = for_claude(ask(HI, {"role": "assistant", **answer}, HI))

    assert body["messages"][1]["content"] == [SIGNED, {"type": "text", "text": "Low."}]


def test_reasoning_is_read_under_every_name() -> None:
    """Clients send back what some server once answered."""
    ways: list[Any] = [
        {"reasoning_content": "Hm."},
        {"reasoning": "Hm."},
        {"thinking_blocks": [SIGNED]},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}]},
    ]
    found = [ask({"role": "assistant", "content": "a", **way}).messages[0] for way in ways]

    assert [getattr(message, "reasoning_content", None) for message in found] == ["Hm."] * len(ways)


def test_words_of_a_refusal_or_of_speech_stand_in_for_a_content() -> None:
    """Other dialects have no such fields, and an empty turn is refused by some."""
    refused = {"role": "assistant", "content": None, "refusal": "No."}
    spoken = {"role": "assistant", "content": None, "audio": {"id": "a1", "data": "AA", "transcript": "Yes."}}

    assert [message.text for message in ask(refused, spoken).messages] == ["No.", "Yes."]


def test_nothing_that_the_client_sends_twice_is_kept_twice() -> None:
    """A plain conversation has no state at all."""
    asked = ask(HI, {"role": "assistant", "content": "a", "tool_calls": [CALL]})

    assert asked.messages[1] == AssistantPromptMessage(content="a", tool_calls=[CALL])


@pytest.mark.parametrize(
    ("messages", "field"),
    [
        ([], "messages"),
        (["Hi"], "messages[0]"),
        ([{"role": "robot", "content": "a"}], "messages[0].role"),
        ([{"role": "user"}], "messages[0].content"),
        ([HI, {"role": "user", "content": [{"type": "smell"}]}], "messages[1].content[0].type"),
        (
            [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:x,1"}}]}],
            "messages[0].content[0].image_url.url",
        ),
        (
            [{"role": "user", "content": [{"type": "file", "file": {}}]}],
            "messages[0].content[0].file.file_data",
        ),
        ([{"role": "tool", "content": "a"}], "messages[0].tool_call_id"),
        ([{"role": "assistant", "tool_calls": [{"id": "a"}]}], "messages[0].tool_calls[0].function"),
        ([{"role": "assistant", "opaque_body": {"anthropic": 1}}], "messages[0].opaque_body"),
    ],
)
def test_a_mistake_in_a_message_is_named_by_its_place(messages: list[Any], field: str) -> None:
    """The client's author has to find it among hundreds of messages."""
    with pytest.raises(InvokeBadRequestError) as refused:
        CHAT.from_request({"model": "m", "messages": messages})

    assert refused.value.description.startswith(f"{field}: ")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
        ({"tool_choice": "maybe"}, "tool_choice"),
        ({"max_completion_tokens": "5"}, "max_completion_tokens"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        ({"stop": [1]}, "stop"),
        ({"stream_options": 1}, "stream_options"),
        ({"thinking": "yes"}, "thinking"),
    ],
)
def test_a_mistake_in_a_field_is_named(fields: dict[str, Any], field: str) -> None:
    """By the name that the client wrote."""
    assert refusal_of(**fields).startswith(f"{field}: ")
