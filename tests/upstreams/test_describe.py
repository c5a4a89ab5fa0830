"""Descriptions: how published schemas are read, and that mistakes are named where they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay.sdk.testing.describe import Specification, load_specification

SCHEMA: dict[str, Any] = {
    "components": {
        "schemas": {
            "Thing": {
                "type": "object",
                "required": ["kind"],
                "properties": {
                    "kind": {"anyOf": [{"enum": ["A", "B"]}, {}]},
                    "note": {"type": "string", "nullable": True},
                    "free": {"type": "object"},
                    "map": {"type": "object", "additionalProperties": {"type": "integer"}},
                    "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Part"}},
                },
            },
            "Part": {
                "oneOf": [
                    {
                        "type": "object",
                        "required": ["type", "text"],
                        "properties": {"type": {"const": "text"}, "text": {"type": "string"}},
                    },
                    {
                        "allOf": [
                            {"type": "object", "properties": {"type": {"enum": ["image"]}}},
                            {
                                "type": "object",
                                "required": ["url"],
                                "properties": {"url": {"type": "string"}},
                            },
                        ]
                    },
                    {
                        "type": "object",
                        "properties": {"type": {"enum": ["image"]}, "url": {"type": "string"}},
                    },
                ]
            },
        }
    }
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Write the schema to a file."""
    file = tmp_path / "thing.json"
    file.write_bytes(orjson.dumps(SCHEMA))
    return file


def complaint(path: Path, value: Any, **options: Any) -> tuple[str | None, str] | None:
    """Return where and what the description complains about."""
    published = load_specification(path)
    assert published is not None
    found = published.of("Thing").complaint(value, **options)
    return None if found is None else (found.param, found.message)


@pytest.mark.parametrize(
    "value",
    [
        {"kind": "A", "note": None},
        {"kind": "B", "free": {"any": {"thing": 1}}, "map": {"x": 1}},
        {"kind": "A", "parts": [{"type": "text", "text": "x"}, {"type": "image", "url": "y"}]},
    ],
)
def test_good_values_pass(path: Path, value: Any) -> None:
    """`nullable`, overlapping unions and free objects are what their authors meant."""
    assert complaint(path, value) is None


@pytest.mark.parametrize(
    ("value", "place", "words"),
    [
        ({}, None, "'kind' is a required property"),
        ({"kind": "C"}, "kind", "'C' is not one of ['A', 'B']"),
        ({"kind": "A", "nope": 1}, "nope", "Unknown parameter: 'nope'."),
        ({"kind": "A", "note": 1}, "note", "1 is not of type 'string'"),
        ({"kind": "A", "map": {"x": "y"}}, "map.x", "'y' is not of type 'integer'"),
        ({"kind": "A", "parts": [{"type": "text", "text": 1}]}, "parts.0.text", "1 is not of type 'string'"),
        ({"kind": "A", "parts": [{"type": "text", "text": "x", "url": "y"}]}, "parts.0.url", "Unknown"),
        ({"kind": "A", "parts": [{"type": "text"}]}, "parts.0", "'text' is a required property"),
    ],
)
def test_mistakes_are_named_where_they_are(path: Path, value: Any, place: str | None, words: str) -> None:
    """In a union the branch that was meant is explained, not the first or the last."""
    found = complaint(path, value)

    assert found is not None
    assert found[0] == place
    assert words in found[1]


@given(
    name=st.text(min_size=1).filter(
        lambda name: name not in SCHEMA["components"]["schemas"]["Thing"]["properties"]
    )
)
def test_every_unknown_key_is_found_unless_allowed(name: str) -> None:
    """A typo has no shape that passes."""
    thing = Specification(SCHEMA).of("Thing")

    found = thing.complaint({"kind": "A", name: 1})

    assert found is not None
    assert found.param == name
    assert thing.complaint({"kind": "A", name: 1}, extensions=[name]) is None
    assert thing.complaint({"kind": "A", name: 1}, closed=False) is None


def test_a_long_value_does_not_fill_the_message(path: Path) -> None:
    """Images are megabytes."""
    found = complaint(path, {"kind": "x" * 10_000})

    assert found is not None
    assert len(found[1]) < 400


def test_a_missing_file_is_none_and_a_missing_schema_an_error(path: Path, tmp_path: Path) -> None:
    """Absent descriptions are said to be absent; a wrong name is a mistake of the fake."""
    assert load_specification(tmp_path / "absent.json") is None
    published = load_specification(path)
    assert published is not None
    with pytest.raises(KeyError, match="Nope"):
        published.of("Nope")
