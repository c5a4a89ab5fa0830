"""Whatever is given as a schema, the sandbox fills it or says what is wrong with it."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wires.serving_checks import JSON

from modelbay import AsyncModelbay
from modelbay.errors import InvokeBadRequestError
from modelbay.providers.sandbox.engines.chat import ToolArguments, reply
from modelbay.providers.sandbox.engines.chat.instance import make_instance
from modelbay.providers.sandbox.engines.chat.schemas import SchemaError, check_schema

TEXTS = ("$ref", "type", "format", "pattern")
SIZES = ("minItems", "maxItems", "minLength", "maxLength")
BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
VALUES = ("const", "enum", "default", "examples", "uniqueItems", "required")
INNER = ("items", "properties", "$defs", "anyOf", "oneOf", "allOf", "prefixItems")
WORDS = st.sampled_from(["a", "b", "object", "array", "string", "integer", "number", "null", "date", "#"])
REFERENCES = st.sampled_from(["#", "#/$defs/a", "#/properties/a", "#/anyOf/0", "#/allOf/²", "a", "^a{2}$"])
NUMBERS = st.one_of(
    st.integers(-3, 9),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([1e308, 5e-324, 10**400, -(10**400), True]),
)


def composed(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Make schemas whose keywords have mostly, but not always, what belongs there."""
    named = st.dictionaries(WORDS, inner, max_size=3)
    fields = {
        **dict.fromkeys(TEXTS, WORDS | REFERENCES | st.lists(WORDS, max_size=2) | JSON),
        **dict.fromkeys((*SIZES, *BOUNDS), NUMBERS | JSON),
        **dict.fromkeys(VALUES, st.lists(WORDS, max_size=3) | JSON),
        **dict.fromkeys(INNER, inner | named | st.lists(inner, max_size=3)),
    }
    return st.lists(st.sampled_from([*fields]), max_size=4, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({name: fields[name] for name in names})
    )


SCHEMAS = st.recursive(JSON, composed, max_leaves=8)


@given(SCHEMAS, st.sampled_from(["", 'a: 5, b is "x", 1e999', "9" * 400]))
def test_any_schema_is_filled_or_refused(schema: Any, message: str) -> None:
    """No other error leaves the engine, and what it makes is JSON."""
    try:
        check_schema(schema, "schema")
        made = make_instance(schema, message)
    except SchemaError as error:
        assert str(error)
    else:
        json.dumps(made)


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        ({"required": [[]]}, "schema.required"),
        ({"type": "objekt"}, "schema.type"),
        ({"properties": {"a": {"items": 3}}}, "schema.properties.a.items"),
        ({"anyOf": [{}, {"minLength": -1}]}, "schema.anyOf[1].minLength"),
        ({"maximum": 10**400}, "schema.maximum"),
        ({"$defs": []}, "schema.$defs"),
        ([], "schema"),
    ],
)
def test_the_mistake_is_named(schema: Any, place: str) -> None:
    """With a hundred keywords, "malformed" alone would help nobody."""
    with pytest.raises(SchemaError) as caught:
        check_schema(schema, "schema")

    assert str(caught.value).startswith(f"{place}: ")


def test_circles_and_avalanches_end() -> None:
    """A few lines of schema may stand for more work than there is time."""
    doubled = {str(n): {"allOf": [{"$ref": f"#/$defs/{n + 1}"}] * 2} for n in range(30)}
    avalanche = {"$ref": "#/$defs/0", "$defs": {**doubled, "30": {"type": "string"}}}
    deep: Any = {}
    for _ in range(3000):
        deep = {"items": deep}

    endless: list[Any] = [{"allOf": [{"$ref": "#"}]}, avalanche]
    for schema in endless:
        with pytest.raises(SchemaError):
            make_instance(schema, "")
    with pytest.raises(SchemaError, match="nested too deeply"):
        check_schema(deep, "schema")


@given(st.text())
def test_any_message_is_answered(text: str) -> None:
    """Also commands that are wrong: the answer says how they are written."""
    for message in (text, f"/json {text}", f"/tool weather {text}", f"/repeat 2 {text}"):
        assert orjson.dumps(said_to(message))


@pytest.mark.parametrize(
    "message",
    [
        '/json {"const": "\\ud800"}',
        '/json {"const": 1e999}',
        '/json {"const": ' + "9" * 5000 + "}",
        '/json {"required": [[]]}',
        "/long " + "9" * 5000,
        '/tool weather {"city": "\\ud800"}',
        '/json {"type": "number"} ' + "9" * 400,
    ],
)
def test_no_command_breaks_the_answer(message: str) -> None:
    """Numbers without end and halves of characters cannot be sent to a client as they are."""
    assert orjson.dumps(said_to(message))


def said_to(message: str) -> str:
    """Return what the sandbox says, arguments of calls included."""
    said = reply([("user", message)], [tool({"type": "object"})])
    return "".join(
        str(event.fragment if isinstance(event, ToolArguments) else getattr(event, "text", ""))
        for event in said
    )


def tool(parameters: dict[str, Any]) -> dict[str, Any]:
    return {"name": "weather", "description": "", "parameters": parameters}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"required": [[]]}, "json_schema.required: "),
        ({"$ref": "#/$defs/a"}, "json_schema: "),
        ([], "json_schema: "),
        ({"schema": "no"}, "json_schema: "),
    ],
)
async def test_a_wrong_schema_is_the_callers_mistake(schema: Any, words: str) -> None:
    """It is refused as other models refuse it, not answered with prose."""
    wanted: Any = {"response_format": "json_schema", "json_schema": json.dumps(schema)}
    async with AsyncModelbay() as bay:
        with pytest.raises(InvokeBadRequestError) as caught:
            await bay.llm("sandbox/sandbox-chat").invoke("Hi", **wanted)

    assert caught.value.description.startswith(words)


async def test_a_wrong_schema_of_a_tool_is_the_callers_mistake() -> None:
    """Whether or not the tool would be called."""
    tools = [tool({}), tool({"required": [[]]})]
    async with AsyncModelbay() as bay:
        with pytest.raises(InvokeBadRequestError) as caught:
            await bay.llm("sandbox/sandbox-chat").invoke("Hi", tools=tools)

    assert caught.value.description.startswith("tools[1].parameters.required: ")
