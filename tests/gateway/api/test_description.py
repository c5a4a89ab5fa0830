"""The description of the API: whole, described to the last field, and what is served."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.gateway.api.site import Site

from modelbay.gateway.api.openapi import description
from modelbay.gateway.api.table import all_operations

OPERATIONS = tuple(all_operations())


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    """The description, as JSON carries it."""
    found: dict[str, Any] = json.loads(json.dumps(description(OPERATIONS)))
    return found


def test_every_operation_is_described(described: dict[str, Any]) -> None:
    """Made of the same objects, but somebody might filter one day."""
    ids = {each["operationId"] for methods in described["paths"].values() for each in methods.values()}

    assert ids == {operation.id for operation in OPERATIONS}
    assert described["openapi"].startswith("3.1.")


def test_every_schema_is_one(described: dict[str, Any]) -> None:
    """A generator of clients stops at the first that is not."""
    schemas = described["components"]["schemas"]

    assert len(schemas) > 40
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)


def test_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    """A schema that was not collected would leave a hole."""
    schemas = described["components"]["schemas"]

    for reference in references(described):
        assert reference.removeprefix("#/components/schemas/") in schemas


def test_every_field_and_parameter_is_described(described: dict[str, Any]) -> None:
    """What is not described might as well not exist."""
    silent = [
        f"{name}.{field}"
        for name, schema in described["components"]["schemas"].items()
        for field, inner in schema.get("properties", {}).items()
        if not inner.get("description")
    ]
    silent += [
        f"{each['operationId']}.{parameter['name']}"
        for methods in described["paths"].values()
        for each in methods.values()
        for parameter in each["parameters"]
        if not parameter.get("description")
    ]
    unsaid = [name for name, schema in described["components"]["schemas"].items() if not about(schema)]

    assert silent == []
    assert unsaid == []


def test_every_operation_says_its_action_and_who_may(described: dict[str, Any]) -> None:
    """Whoever reads the description learns which role is asked for."""
    for methods in described["paths"].values():
        for each in methods.values():
            assert each["x-action"]
            assert "role" in each["description"] or "signed in" in each["description"]


async def test_it_is_served_to_everybody(site: Site) -> None:
    """A generator of clients has no session."""
    answer = await site.call("GET", "/api/openapi.json")

    assert answer.status == 200
    assert answer.json == json.loads(json.dumps(description(OPERATIONS)))


def references(value: Any) -> Iterator[str]:
    """Yield all references in a description."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def about(schema: dict[str, Any]) -> bool:
    """Whether a schema says what it is; a closed set of words is described where it is used."""
    return bool(schema.get("description")) or "enum" in schema
