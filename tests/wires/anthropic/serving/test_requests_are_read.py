"""What a client of Anthropic asks."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wires.anthropic.serving.asked_and_said import (
    EPHEMERAL,
    JSON,
    PNG,
    SEARCH,
    UPLOAD,
    USER_BLOCKS,
    WORDS,
    answers,
    call_of,
    request,
    texts,
    use,
)
from tests.wires.wire_checks import ENDPOINT

from modelbay.entities import ToolPromptMessage, UserPromptMessage
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.anthropic import MESSAGES as WIRE
from modelbay.wires.anthropic.serving import MESSAGES, count_body, read_count, with_betas

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOLS = [
    {"name": "weather", "description": "Tells it", "input_schema": SCHEMA, "strict": True},
    {"type": "custom", "name": "time", "input_schema": SCHEMA, "cache_control": EPHEMERAL},
    {"type": "web_search_20250305", "name": "web_search", "max_uses": 3},
    {"type": "browser_toolset_20260801"},
]
SETTINGS: list[dict[str, Any]] = [
    {},
    {"system": [{"type": "text", "text": "Be brief.", "cache_control": EPHEMERAL}]},
    {"tools": TOOLS, "tool_choice": {"type": "any", "disable_parallel_tool_use": True}},
    {"tools": TOOLS, "tool_choice": {"type": "tool", "name": "time"}},
    {"temperature": 0.5, "top_p": 0.9, "top_k": 4, "stop_sequences": ["END"], "stream": True},
    {"thinking": {"type": "enabled", "budget_tokens": 2000, "display": "omitted"}},
    {"thinking": {"type": "disabled"}, "metadata": {"user_id": "u", "more": 1}},
    {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}, "task_budget": {"total": 20000}}},
    {"service_tier": "standard_only", "container": "c", "cache_control": EPHEMERAL, "speed": "fast"},
    {"mcp_servers": [{"type": "url", "url": "https://mcp.example"}], "context_management": {"edits": []}},
]
OUTCOMES: list[dict[str, Any]] = [{}, {"is_error": True}, {"cache_control": EPHEMERAL}]
RESULTS = st.tuples(
    st.one_of(WORDS, st.lists(st.one_of(texts(), st.just({"type": "image", "source": PNG})), min_size=1)),
    st.sampled_from(OUTCOMES),
).map(lambda pair: {"type": "tool_result", "tool_use_id": "toolu_1", "content": pair[0], **pair[1]})


def there_and_back(body: dict[str, Any], **options: Any) -> Any:
    """Return the body that goes to an upstream of the same dialect."""
    return WIRE.to_request(call_of(MESSAGES.from_request(body), **options), ENDPOINT).json


@settings(max_examples=80, deadline=None)
@given(
    said=st.lists(USER_BLOCKS, min_size=1, max_size=4),
    answer=answers(),
    results=st.lists(RESULTS, max_size=2),
    then=st.lists(USER_BLOCKS, min_size=1, max_size=2),
    fields=st.sampled_from(SETTINGS),
)
def test_a_request_comes_out_as_it_went_in(
    said: list[Any], answer: list[Any], results: list[Any], then: list[Any], fields: dict[str, Any]
) -> None:
    """Cache markers, signatures and blocks that Modelbay has no name for must reach their upstream."""
    body = request(*said, **fields)
    body["messages"] += [
        {"role": "assistant", "content": answer},
        {"role": "user", "content": [*results, *then]},
    ]
    sent = orjson.dumps(body)

    assert there_and_back(body) == body
    assert orjson.dumps(body) == sent


def test_what_newer_models_take_comes_out_as_it_went_in() -> None:
    """They think as much as they see fit, and take instructions in the middle."""
    body = request(thinking={"type": "adaptive", "display": "summarized"}, output_config={"effort": "high"})
    body["messages"] = [
        {"role": role, "content": [{"type": "text", "text": "Well"}]}
        for role in ("user", "assistant", "system")
    ]

    assert there_and_back(body, thinking="adaptive") == body
    between = request({"type": "text", "text": "Hi"}, thinking={"type": "between_tools"})
    assert there_and_back(between, thinking="adaptive") == between


def test_parameters_have_names_of_ours() -> None:
    """By these every other upstream is told the same."""
    ask = MESSAGES.from_request(
        request(
            tools=TOOLS,
            tool_choice={"type": "any", "disable_parallel_tool_use": True},
            thinking={"type": "enabled", "budget_tokens": 2000},
            output_config={"effort": "low"},
            output_format={"type": "json_schema", "schema": SCHEMA},
            stop_sequences=["END"],
            metadata={"user_id": "u"},
        )
    )

    parameters = ask.wishes.parameters
    assert orjson.loads(parameters.pop("json_schema"))["schema"] == SCHEMA
    assert parameters == {
        "max_tokens": 4000,
        "tool_choice": "required",
        "parallel_tool_calls": False,
        "thinking": True,
        "thinking_budget": 2000,
        "reasoning_effort": "low",
        "response_format": "json_schema",
    }
    assert (ask.stop, ask.user, ask.wishes.extras) == (["END"], "u", {})
    assert ask.wishes.field_of("thinking_budget") == "thinking.budget_tokens"
    assert ask.wishes.field_of("json_schema") == "output_format.schema"
    assert ask.options["own_tools"] == {
        "tools[2]": "web_search_20250305",
        "tools[3]": "browser_toolset_20260801",
    }


def test_results_of_tools_come_before_what_the_user_says() -> None:
    """One turn here is several messages elsewhere."""
    result = {"type": "tool_result", "tool_use_id": "t1", "content": "rain", "is_error": True}
    ask = MESSAGES.from_request(request({"type": "text", "text": "And?"}, result))

    assert ask.messages == [
        ToolPromptMessage(tool_call_id="t1", content="rain", is_error=True),
        UserPromptMessage(content=ask.messages[1].content),
    ]
    assert ask.messages[1].text == "And?"


def test_a_search_result_is_text_for_other_models() -> None:
    """They have no such block, yet can read."""
    [message] = MESSAGES.from_request(request(SEARCH)).messages

    assert message.text == "Rain\nhttps://example.org\nIt rains."


def test_a_plain_turn_carries_no_state() -> None:
    """What text and calls say need not travel twice; another order of them has to."""
    text = {"type": "text", "text": "Well"}
    asks = [request(), request()]
    for ask, content in zip(asks, ([text, use(1)], [use(1), text]), strict=True):
        ask["messages"].append({"role": "assistant", "content": content})

    plain, turned = (MESSAGES.from_request(ask).messages[1] for ask in asks)

    assert getattr(plain, "opaque_body", 0) is None
    assert getattr(turned, "opaque_body", 0) == {"anthropic": {"content": [use(1), text]}}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"max_tokens": None}, "max_tokens: Field required"),
        ({"model": 3}, "model: must be a string"),
        ({"messages": []}, "messages: at least one message is required"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role:"),
        ({"messages": [{"role": "user"}]}, "messages[0].content: is required"),
        ({"messages": [{"role": "user", "content": [{"text": "x"}]}]}, "messages[0].content[0].type:"),
        ({"system": [UPLOAD]}, "system[0].type:"),
        ({"tools": [{"name": "a"}]}, "tools[0].input_schema:"),
        ({"tool_choice": {"type": "some"}}, "tool_choice.type:"),
        ({"thinking": {"type": "enabled"}}, "thinking.budget_tokens:"),
        ({"output_config": {"format": {"type": "xml"}}}, "output_config.format.type:"),
        ({"stop_sequences": [1]}, "stop_sequences[0]:"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_place(fields: dict[str, Any], told: str) -> None:
    """A client's author finds the fault by it."""
    with pytest.raises(InvokeBadRequestError) as refused:
        MESSAGES.from_request(request(**fields))

    assert str(refused.value).startswith(told)


def test_arguments_nested_beyond_measure_are_refused() -> None:
    """They can be decoded, but not written as JSON text again."""
    deep: dict[str, Any] = {}
    for _ in range(400):
        deep = {"a": deep}
    body = request()
    body["messages"].append({"role": "assistant", "content": [use(1, deep)]})

    with pytest.raises(InvokeBadRequestError, match=r"messages\[0\]|messages\[1\]\.content"):
        MESSAGES.from_request(body)


FIELDS = [
    "system",
    "messages",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "output_format",
    "metadata",
    "stop_sequences",
]
KINDS = [
    "text",
    "image",
    "document",
    "tool_result",
    "tool_use",
    "thinking",
    "redacted_thinking",
    "search_result",
    "invented",
]
INNER = [
    "text",
    "source",
    "content",
    "tool_use_id",
    "id",
    "name",
    "input",
    "thinking",
    "signature",
    "data",
    "title",
    "cache_control",
]
ODD_BLOCKS = st.dictionaries(st.sampled_from(INNER), JSON).flatmap(
    lambda block: st.sampled_from(KINDS).map(lambda kind: {**block, "type": kind})
)
ODD_SOURCES = st.dictionaries(st.sampled_from(["data", "media_type", "url", "content"]), JSON).flatmap(
    lambda source: st.sampled_from(["base64", "url", "text", "content", "file", 3]).map(
        lambda kind: {"type": "document", "source": {**source, "type": kind}}
    )
)
TURNS = st.lists(
    st.fixed_dictionaries(
        {
            "role": st.sampled_from(["user", "assistant", "system"]),
            "content": JSON | st.lists(ODD_BLOCKS | ODD_SOURCES, max_size=3),
        }
    ),
    max_size=3,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), JSON), TURNS | JSON)
def test_nonsense_is_a_bad_request(fields: dict[str, Any], turns: Any) -> None:
    """Whatever a client sends, it is told what is wrong with it; nobody sees a traceback."""
    for body in (request(**fields), request() | {"messages": turns}):
        try:
            WIRE.to_request(call_of(MESSAGES.from_request(body)), ENDPOINT)
        except InvokeBadRequestError:
            continue


@pytest.mark.parametrize("body", [None, 3, [], "x"])
def test_a_body_that_is_no_object_is_a_bad_request(body: Any) -> None:
    """Even that can be sent."""
    with pytest.raises(InvokeBadRequestError, match="body: must be a JSON object"):
        MESSAGES.from_request(body)


def test_counting_needs_no_limit() -> None:
    """There is no answer that it could limit."""
    body = {name: value for name, value in request(tools=TOOLS).items() if name != "max_tokens"}

    assert [tool.name for tool in read_count(body).tools] == ["weather", "time", "web_search", ""]
    assert count_body(7) == {"input_tokens": 7}


def test_the_header_of_betas_reaches_its_upstream_and_nobody_else() -> None:
    """Clients send it always; for another upstream it asks for nothing."""
    ask = with_betas(MESSAGES.from_request(request()), "a-1, b-2")

    sent = WIRE.to_request(call_of(ask, betas=["b-2", "c-3"]), ENDPOINT)

    assert sent.headers["anthropic-beta"] == "b-2,c-3,a-1"
    assert "anthropic_beta" not in sent.json
    assert ask.wishes.is_neutral("anthropic_beta", ask.wishes.extras["anthropic_beta"])
