"""What the parameters `response_format` and `json_schema` ask of an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from modelbay.errors import InvokeBadRequestError


@dataclass(frozen=True, slots=True)
class AnswerFormat:
    """The form of an answer. `schema` is given if `kind` is "json_schema"."""

    kind: Literal["text", "json_object", "json_schema"]
    schema: dict[str, Any] | None = None
    name: str = "answer"
    strict: bool | None = None
    description: str = ""


def answer_format(parameters: Mapping[str, Any]) -> AnswerFormat:
    """Return the form that the parameters ask for.

    `json_schema` is JSON text (or the object itself): a bare schema, or {"name", "schema", "strict",
    "description"}. It counts without `response_format` too, and not at all beside "text" or "json_object".

    Raises:
        InvokeBadRequestError: A value is not one of the known, or the schema is not one.
    """
    kind, schema = parameters.get("response_format"), parameters.get("json_schema")
    if kind is None:
        kind = "json_schema" if schema else "text"
    if kind == "text":
        return AnswerFormat("text")
    if kind == "json_object":
        return AnswerFormat("json_object")
    if kind != "json_schema":
        raise InvokeBadRequestError(
            f"response_format: {kind!r} is not known; give 'text', 'json_object' or 'json_schema'"
        )
    return _schema_format(_schema_object(schema))


def _schema_object(value: Any) -> dict[str, Any]:
    if not value:
        raise InvokeBadRequestError("json_schema: response_format 'json_schema' needs a schema")
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise InvokeBadRequestError(f"json_schema: not valid JSON ({error})") from None
    if not isinstance(value, Mapping):
        raise InvokeBadRequestError("json_schema: a JSON Schema is an object")
    return dict(value)


def _schema_format(value: dict[str, Any]) -> AnswerFormat:
    inner = value.get("schema")
    if not isinstance(inner, Mapping):
        return AnswerFormat("json_schema", value)
    return AnswerFormat(
        "json_schema",
        dict(inner),
        str(value.get("name") or "answer"),
        value.get("strict"),
        str(value.get("description") or ""),
    )


def standard_schema(schema: Any) -> Any:
    """Return a tool's schema with `select` fields, which the forms of some plugins have, as enumerations."""
    if isinstance(schema, list):
        return [standard_schema(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    standard = {name: standard_schema(value) for name, value in schema.items()}
    if standard.get("type") == "select":
        options = standard.pop("options", [])
        values = [each.get("value") if isinstance(each, Mapping) else each for each in options]
        standard |= {"type": "string", "enum": values}
    return standard
