"""JSON for a schema is valid under it, whatever the schema asks for."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelbay.providers.sandbox.engines.chat.instance import make_instance

MESSAGE = 'Order 3 boxes of "green tea" and 12.5 kg rice for Ann Lee in Oslo, email ann@example.org, urgent.'


def check(schema: Any, message: str = MESSAGE) -> Any:
    """Return the instance after an independent validator has accepted it."""
    instance = make_instance(schema, message)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    validator.validate(instance)
    return instance


def ranges(least: str, most: str, limit: int) -> st.SearchStrategy[dict[str, Any]]:
    """Bounds of which none, one or both are given, in the right order."""
    pairs = st.tuples(st.integers(0, limit), st.integers(0, limit)).map(sorted)
    return st.tuples(pairs, st.sampled_from([(), (least,), (most,), (least, most)])).map(
        lambda made: {key: made[0][0 if key == least else 1] for key in made[1]}
    )


STRINGS = st.one_of(
    ranges("minLength", "maxLength", 40).map(lambda bounds: {"type": "string", **bounds}),
    st.sampled_from(["date", "date-time", "email", "uri", "uuid", "ipv4", "time"]).map(
        lambda name: {"type": "string", "format": name}
    ),
    st.lists(st.text(max_size=5), min_size=1, max_size=4, unique=True).map(lambda names: {"enum": names}),
)
NUMBERS = st.tuples(st.sampled_from(["integer", "number"]), ranges("minimum", "maximum", 50)).map(
    lambda made: {"type": made[0], **made[1]}
)
LEAVES = st.one_of(
    STRINGS,
    NUMBERS,
    st.just({"type": "boolean"}),
    st.just({"type": "null"}),
    st.just({"type": ["string", "null"]}),
    st.just({"type": "number", "exclusiveMinimum": 3, "exclusiveMaximum": 4}),
    st.integers(1, 9).map(lambda step: {"type": "integer", "multipleOf": step, "minimum": 20}),
    st.one_of(st.integers(), st.text(), st.none()).map(lambda value: {"const": value}),
)


def composed(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    properties = st.dictionaries(st.text(min_size=1, max_size=8), children, max_size=4)
    return st.one_of(
        st.tuples(properties, st.booleans()).map(
            lambda made: {
                "type": "object",
                "properties": made[0],
                "required": sorted(made[0])[: len(made[0]) if made[1] else 1],
                "additionalProperties": False,
            }
        ),
        st.tuples(children, ranges("minItems", "maxItems", 5)).map(
            lambda made: {"type": "array", "items": made[0], **made[1]}
        ),
        st.lists(children, min_size=1, max_size=3).map(lambda branches: {"anyOf": branches}),
    )


SCHEMAS = st.recursive(LEAVES, composed, max_leaves=8)


@settings(deadline=None)
@given(SCHEMAS, st.one_of(st.just(MESSAGE), st.text()))
def test_instances_are_valid(schema: Any, message: str) -> None:
    """Structured output that does not follow its schema is worse than none."""
    assert check(schema, message) == make_instance(schema, message)


def test_references_and_circles_end() -> None:
    """Trees are the usual recursive schema: they get a few levels and then leaves."""
    node = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
            "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
        },
        "required": ["name", "next", "children"],
    }

    check({"$ref": "#/$defs/node", "$defs": {"node": node}})


def test_parts_of_all_of_are_put_together() -> None:
    """Generated schemas like to extend a base."""
    base = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    more = {"properties": {"b": {"const": "x"}}, "required": ["b"]}

    assert check({"allOf": [{"$ref": "#/$defs/base"}, more], "$defs": {"base": base}}) == {"a": 3, "b": "x"}


def test_lists_are_filled_with_what_the_message_has() -> None:
    """All its numbers, all its quotations, and different ones where they must differ."""
    assert check({"type": "array", "items": {"type": "number"}}) == [3, 12.5]
    assert check(
        {"type": "array", "items": {"enum": ["a", "b", "c"]}, "minItems": 3, "uniqueItems": True}
    ) == ["a", "b", "c"]
    assert len(check({"type": "array", "items": {"type": "string"}, "minItems": 4, "uniqueItems": True})) == 4
    assert check(
        {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": False}
    ) == [3, "green tea"]


def test_values_named_in_the_message_go_where_they_are_named() -> None:
    """Names beat order."""
    schema = {
        "type": "object",
        "properties": {
            "height": {"type": "integer"},
            "width": {"type": "integer"},
            "colour": {"enum": ["red", "blue"]},
            "is_hidden": {"type": "boolean"},
        },
        "required": ["height", "width", "colour", "is_hidden"],
    }

    made = check(schema, "width: 20, height=7, a blue box, is hidden: yes")

    assert made == {"height": 7, "width": 20, "colour": "blue", "is_hidden": True}


@pytest.mark.parametrize(
    "pattern", [r"^[A-Z]{3}$", r"^\d{5}$", r"^\d{3}-\d{4}$", r"^#[0-9a-f]{6}$", r"^v\d+\.\d+$", r"^\w+\s?x*$"]
)
def test_simple_patterns_are_met(pattern: str) -> None:
    """Codes and numbers are what patterns are mostly for."""
    check({"type": "string", "pattern": pattern})


def test_hostile_pattern_is_not_run() -> None:
    """The sandbox serves strangers: an exponential pattern must not hold up a thread."""
    schema = {"type": "string", "pattern": "^(a+)+$"}

    assert isinstance(make_instance(schema, "a" * 5000 + "!"), str)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"$ref": "#/$defs/missing"}, "points to nothing"),
        ({"$ref": "https://example.com/schema"}, "outside the schema"),
        ({"$ref": "#"}, "round in a circle"),
        ({"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}, "endless value"),
        (
            {
                "type": "object",
                "properties": {name: {"anyOf": [{"$ref": "#"}, {"type": "null"}]} for name in "abcdefgh"},
                "required": list("abcdefgh"),
            },
            "more than 20000 values",
        ),
    ],
)
def test_impossible_schema_is_refused_with_the_reason(schema: Any, words: str) -> None:
    """The caller wrote the schema and can mend it."""
    with pytest.raises(ValueError, match=words):
        make_instance(schema, MESSAGE)


def test_demands_without_end_are_capped() -> None:
    """A schema may ask for a billion items; the sandbox does not have the memory."""
    assert len(make_instance({"type": "array", "items": {"type": "null"}, "minItems": 10**9}, "")) == 1000  # type: ignore[arg-type]
    assert len(str(make_instance({"type": "string", "minLength": 10**9}, ""))) == 100_000
