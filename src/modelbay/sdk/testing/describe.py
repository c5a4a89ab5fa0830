"""Published descriptions (OpenAPI, JSON Schema) as a check of requests that names the wrong field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from .unknown_keys import unknown_keys
from .upstream import Complaint

_LONGEST_MESSAGE = 300


class Description:
    """One JSON Schema of a specification, ready to check values."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        # An optional extra (`modelbay[testing]`); only those who check against descriptions need it.
        from jsonschema import Draft202012Validator  # noqa: PLC0415 - see above

        self._schema = schema
        self._validator = Draft202012Validator(schema)

    def complaint(
        self, value: object, *, extensions: Iterable[str] = (), closed: bool = True
    ) -> Complaint | None:
        """Return the first thing wrong with a value, None for a good one.

        Args:
            extensions: Names of keys that are allowed anywhere besides the described ones.
            closed: Refuse keys that are not described; descriptions mostly leave that open.
        """
        if closed:
            for path in unknown_keys(value, self._schema, frozenset(extensions)):
                return Complaint(f"Unknown parameter: '{path}'.", path, "unknown_parameter")
        for error in self._validator.iter_errors(value):
            return _to_complaint(_deepest(error))
        return None


class Specification:
    """A file of descriptions; each is compiled when it is first asked for."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._compiled: dict[str, Description] = {}

    def of(self, name: str) -> Description:
        """Return the description of one schema by its name.

        Raises:
            KeyError: The file has no such schema.
        """
        if name not in self._compiled:
            self._compiled[name] = Description(self._schema(name))
        return self._compiled[name]

    def _schema(self, name: str) -> Mapping[str, Any]:
        components = self._document.get("components")
        if components is None:
            return dict(self._document[name])
        components["schemas"][name]  # a KeyError here names the schema
        return {"$ref": f"#/components/schemas/{name}", "components": components}


@cache
def load_specification(path: Path, free: frozenset[str] | None = None) -> Specification | None:
    """Read a file of descriptions; None when it or `jsonschema` is not there, so that callers can say so.

    Args:
        free: For files derived from an SDK's types, which are all open by habit: those that really are.
    """
    try:
        import jsonschema  # noqa: F401, PLC0415 - only asked whether it is there
    except ImportError:
        return None
    if not path.is_file():
        return None
    document = _readable(orjson.loads(path.read_bytes()))
    if free is not None:
        _close_types(document, free)
    return Specification(document)


def _readable(node: Any) -> Any:
    """Rewrite what the published files mean but JSON Schema would not read that way.

    `oneOf` branches overlap in files written for code generators, so they become `anyOf`; `nullable` is from
    OpenAPI 3.0; an open enum (`anyOf` of the values and of anything) is closed, to catch a typo.
    """
    if isinstance(node, list):
        return [_readable(item) for item in node]
    if not isinstance(node, dict):
        return node
    schema = {key: _readable(value) for key, value in node.items() if key not in {"nullable", "oneOf"}}
    if isinstance(node.get("oneOf"), list):
        schema["anyOf"] = _readable(node["oneOf"])
    if isinstance(schema.get("anyOf"), list) and any("enum" in branch for branch in schema["anyOf"]):
        schema["anyOf"] = [branch for branch in schema["anyOf"] if branch]
    return {"anyOf": [schema, {"type": "null"}]} if node.get("nullable") is True else schema


def _close_types(document: Any, free: frozenset[str]) -> None:
    types = [
        item for schema in document.values() for item in (("", schema), *schema.get("$defs", {}).items())
    ]
    for name, schema in types:
        if name not in free and schema.get("additionalProperties") is True and "properties" in schema:
            del schema["additionalProperties"]


def _deepest(error: Any) -> Any:
    """Follow a failed union into the branch that was meant: its `type` or `role` fits and least is wrong."""
    while error.context:
        branches: dict[Any, list[Any]] = {}
        for inner in error.context:
            branches.setdefault(inner.schema_path[0], []).append(inner)
        error = min(branches.values(), key=lambda errors: (*_distance(errors), len(errors)))[0]
    return error


def _distance(errors: list[Any]) -> tuple[bool, bool]:
    other_kind = any(error.validator == "type" and not error.path for error in errors)
    other_name = any(error.validator in {"const", "enum"} and len(error.path) == 1 for error in errors)
    return other_kind, other_name


def _to_complaint(error: Any) -> Complaint:
    path = ".".join(str(step) for step in error.absolute_path)
    message = error.message
    if len(message) > _LONGEST_MESSAGE:  # the value itself may be an image of a megabyte
        message = f"{message[:_LONGEST_MESSAGE]}…"
    where = f"Invalid value for '{path}': " if path else "Invalid request: "
    return Complaint(where + message, path or None, "invalid_value")
