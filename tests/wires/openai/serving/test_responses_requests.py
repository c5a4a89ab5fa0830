"""Requests of clients of the responses API, read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.upstreams.described import specification
from tests.wires.openai.serving.response_answers import sent_for

from modelbay.errors import InvokeBadRequestError
from modelbay.wires.openai.serving.responses import RESPONSES

_SCHEMA = {"type": "object", "properties": {}}
_NAMES = st.sampled_from(["weather", "clock"])
_WORDS = st.text(max_size=8)
_IDS = st.sampled_from(["a1", "b2"])
_IMAGES = st.sampled_from(
    [
        {"image_url": "https://x.test/a.png"},
        {"image_url": "data:image/png;base64,iVBORw0KGgo="},
        {"file_id": "file-1"},
    ]
)
_FILES = st.sampled_from(
    [
        {"file_data": "data:application/pdf;base64,JVBERi0=", "filename": "a.pdf"},
        {"file_url": "https://x.test/a.pdf"},
        {"file_id": "file-2", "detail": "low"},
    ]
)


def _typed(kind: str, **fields: Any) -> Any:
    return st.fixed_dictionaries({"type": st.just(kind), **fields})


_TEXT_PART = st.fixed_dictionaries(
    {"type": st.just("input_text"), "text": _WORDS},
    optional={"prompt_cache_breakpoint": st.just({"mode": "explicit"})},
)
_DETAIL = st.sampled_from(["low", "high", "auto", "original"])
_IMAGE_PART = st.builds(
    lambda source, detail: {"type": "input_image", **source, "detail": detail}, _IMAGES, _DETAIL
)
_FILE_PART = st.builds(lambda source: {"type": "input_file", **source}, _FILES)
_CONTENT = _WORDS | st.lists(_TEXT_PART | _IMAGE_PART | _FILE_PART, min_size=1, max_size=3)
_USER = st.fixed_dictionaries(
    {"type": st.just("message"), "role": st.just("user"), "content": _CONTENT},
    optional={"id": st.just("msg_9"), "status": st.just("completed")},
)
_DEVELOPER = _typed("message", role=st.just("developer"), content=_WORDS)
_EASY = _typed("message", role=st.just("assistant"), content=_WORDS)
_PART = _typed("output_text", text=_WORDS, annotations=st.just([]), logprobs=st.just([])) | _typed(
    "refusal", refusal=_WORDS
)
_MESSAGE = _typed(
    "message",
    id=_IDS.map("msg_{}".format),
    role=st.just("assistant"),
    status=st.just("completed"),
    content=st.lists(_PART, min_size=1, max_size=2),
)
_REASONING = _typed(
    "reasoning",
    id=_IDS.map("rs_{}".format),
    summary=st.lists(_typed("summary_text", text=_WORDS), max_size=2),
    encrypted_content=st.just("gAAA"),
)
_CALL = st.fixed_dictionaries(
    {
        "type": st.just("function_call"),
        "call_id": _IDS.map("call_{}".format),
        "name": _NAMES,
        "arguments": st.sampled_from(["{}", '{"a": 1}']),
    },
    optional={"id": st.just("fc_1"), "status": st.just("completed")},
)
_CUSTOM = _typed(
    "custom_tool_call", id=st.just("ctc_1"), call_id=st.just("call_c"), name=_NAMES, input=_WORDS
)
_SEARCH = _typed(
    "web_search_call",
    id=st.just("ws_1"),
    status=st.just("completed"),
    action=st.just({"type": "search", "query": "Rome"}),
)
_RESULT = _typed("function_call_output", call_id=_IDS.map("call_{}".format), output=_CONTENT)
_CUSTOM_RESULT = _typed("custom_tool_call_output", call_id=st.just("call_c"), output=_WORDS)
_ITEMS = st.lists(
    _USER | _DEVELOPER | _EASY | _MESSAGE | _REASONING | _CALL | _CUSTOM | _SEARCH | _RESULT | _CUSTOM_RESULT,
    max_size=6,
)
_FUNCTION = st.fixed_dictionaries(
    {
        "type": st.just("function"),
        "name": st.just("weather"),
        "description": _WORDS,
        "parameters": st.just(_SCHEMA),
        "strict": st.none() | st.booleans(),
    },
    optional={"defer_loading": st.just(True)},
)
_BUILT_IN = st.just({"type": "web_search"}) | st.just({"type": "custom", "name": "shell"})
_TOOLS = st.lists(_FUNCTION, min_size=1, max_size=1) | st.tuples(_BUILT_IN, _FUNCTION).map(list)
_CHOICES = st.sampled_from(
    ["auto", "none", "required", {"type": "function", "name": "weather"}, {"type": "web_search_preview"}]
)
_FORMATS = st.just({"type": "json_object"}) | st.fixed_dictionaries(
    {"type": st.just("json_schema"), "name": st.just("answer"), "schema": st.just(_SCHEMA)},
    optional={"strict": st.booleans(), "description": st.just("What to say.")},
)
_SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "instructions": st.just("Be brief."),
        "temperature": st.floats(0, 2),
        "top_p": st.floats(0, 1),
        "max_output_tokens": st.integers(16, 99),
        "reasoning": st.sampled_from([{"effort": "none"}, {"effort": "none", "mode": "pro"}]),
        "text": st.fixed_dictionaries({"verbosity": st.just("low"), "format": _FORMATS}),
        "service_tier": st.just("flex"),
        "user": st.just("u-1"),
        "truncation": st.just("auto"),
        "max_tool_calls": st.just(3),
        "prompt_cache_key": st.just("k"),
        "include": st.just(["web_search_call.results"]),
        "context_management": st.just([{"type": "compaction"}]),
    },
)


@given(items=_ITEMS, more=_SETTINGS, stream=st.booleans(), tools=st.none() | _TOOLS, choice=_CHOICES)
def test_a_request_goes_on_to_an_upstream_of_the_same_dialect_as_it_came(
    items: Any, more: Any, stream: Any, tools: Any, choice: Any
) -> None:
    """Whoever puts the gateway before this API must not notice it in what the model is asked."""
    first = {"type": "message", "role": "user", "content": "Hi"}
    body = {"model": "gpt", "input": [first, *items], "stream": stream, "store": False, **more}
    if tools:
        body |= {"tools": tools, "tool_choice": choice, "parallel_tool_calls": False}

    sent = sent_for(body)

    assert sent == body


def test_a_request_with_everything_is_as_the_published_description_says() -> None:
    """The generated requests are only worth something if they are such as clients may send."""
    described = specification("openai.openapi.json")
    if described is None:
        pytest.skip("the published descriptions are not there")
    complaints = described.of("CreateResponse")

    @settings(max_examples=25)  # the description is a large one
    @given(items=_ITEMS, more=_SETTINGS, tools=_TOOLS)
    def sent(items: Any, more: Any, tools: Any) -> None:
        body = sent_for({"model": "gpt", "input": items, "tools": tools, **more})
        assert complaints.complaint(body) is None

    sent()


def test_what_follows_each_other_is_one_turn() -> None:
    """Reasoning, words and calls are items of one answer; other dialects want them in one message."""
    body = {
        "model": "m",
        "input": [
            {"role": "user", "content": "Hi"},
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm."}]},
            {
                "type": "message",
                "id": "msg_1",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "A"}],
            },
            {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
            {"type": "custom_tool_call", "call_id": "c2", "name": "g", "input": "ls"},
            {"type": "function_call_output", "call_id": "c1", "output": "1"},
            {
                "type": "custom_tool_call_output",
                "call_id": "c2",
                "output": [{"type": "input_text", "text": "2"}],
            },
            {"role": "assistant", "content": "One."},
            {"role": "assistant", "content": "Two."},
        ],
    }

    _, turn, first, second, one, two = RESPONSES.from_request(body).messages

    assert (turn.text, turn.reasoning_content) == ("A", "Hm.")  # type: ignore[attr-defined]
    assert [(call.id, call.function.name, call.function.arguments) for call in turn.tool_calls] == [  # type: ignore[attr-defined]
        ("c1", "f", "{}"),
        ("c2", "g", '{"input":"ls"}'),
    ]
    assert [(said.tool_call_id, said.text) for said in (first, second)] == [("c1", "1"), ("c2", "2")]  # type: ignore[attr-defined]
    assert (one.text, two.text) == ("One.", "Two.")


def test_what_asks_for_nothing_is_neutral() -> None:
    """Clients send the API's own defaults; no model has to know them."""
    wishes = RESPONSES.from_request(
        {
            "model": "m",
            "input": "Hi",
            "temperature": 1,
            "top_logprobs": 0,
            "truncation": "disabled",
            "text": {"format": {"type": "text"}},
            "tool_choice": "auto",
            "service_tier": "auto",
            "prompt_cache_key": "session-1",
            "metadata": {"a": "b"},
            "store": True,
            "include": ["reasoning.encrypted_content"],
            "reasoning": {"effort": None, "summary": "auto", "mode": "standard"},
        }
    ).wishes
    left = {wishes.field_of(name): value for name, value in wishes.parameters.items()} | wishes.extras

    assert all(wishes.is_neutral(name, value) for name, value in left.items())


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"model": None}, "model"),
        ({"input": None}, "input"),
        ({"input": [3]}, "input[0]"),
        ({"input": [{"role": "boss", "content": ""}]}, "input[0].role"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image"}]}]},
            "input[0].content[0].image_url",
        ),
        ({"input": [{"role": "user", "content": [{"type": "x"}]}]}, "input[0].content[0].type"),
        ({"input": [{"type": "function_call", "name": "f"}]}, "input[0].arguments"),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input[0].id"),
        (
            {"input": [{"type": "reasoning", "encrypted_content": "modelbay.v1.?"}]},
            "input[0].encrypted_content",
        ),
        ({"temperature": "hot"}, "temperature"),
        ({"max_output_tokens": True}, "max_output_tokens"),
        ({"reasoning": {"effort": 3}}, "reasoning.effort"),
        ({"text": {"format": {"type": "json_schema", "name": "a"}}}, "text.format.schema"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"tool_choice": 1}, "tool_choice"),
        ({"background": True}, "background"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"metadata": {"a": 1}}, "metadata.a"),
        ({"a.b": 1}, "a.b"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(more: Any, field: str) -> None:
    """A client's programmer looks for the field."""
    with pytest.raises(InvokeBadRequestError) as refused:
        RESPONSES.from_request({"model": "m", "input": "Hi", **more})

    assert str(refused.value).startswith(f"{field}: ")


@pytest.mark.parametrize("holder", ["reasoning", "text"])
def test_a_name_with_a_dot_in_it_is_refused(holder: str) -> None:
    """Dots lead into objects where fields are written, so it would become another field, or get lost."""
    with pytest.raises(InvokeBadRequestError, match=rf"^{holder}\.a\.b: there is no such field"):
        RESPONSES.from_request({"model": "m", "input": "Hi", holder: {"a.b": 1}})
