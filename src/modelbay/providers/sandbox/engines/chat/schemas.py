"""Tell whether a JSON Schema is one, before it is filled: who wrote it can mend what is named."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

from modelbay.providers.sandbox.engines.chat.scalars import Json

__all__ = ["SchemaError", "check_schema"]

_TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")
_DEEPEST = 64
_Children = Iterator[tuple[str, Json]]


class SchemaError(ValueError):
    """A JSON Schema is malformed, or cannot be filled; the text says why."""


def check_schema(schema: Json, place: str) -> None:
    """Look at every keyword that is used here; null is as good as absent.

    Args:
        place: What leads to the schema, such as `tools[0].parameters`.

    Raises:
        SchemaError: It is no schema; the text begins with the place of the mistake.
    """
    left = [(place, schema, 0)]
    while left:
        place, value, depth = left.pop()
        if depth > _DEEPEST:
            raise SchemaError(f"{place}: is nested too deeply; {_DEEPEST} levels are read")
        left += [(name, child, depth + 1) for name, child in _children(value, place)]


def _children(schema: Json, place: str) -> _Children:
    """Yield the schemas in a schema, each with its place."""
    if isinstance(schema, bool):
        return
    if not isinstance(schema, Mapping):
        raise SchemaError(f"{place}: must be a JSON Schema: an object, true or false")
    for keyword, value in schema.items():
        if value is None:
            continue
        if keyword in _PLAIN:
            fits, wanted = _PLAIN[keyword]
            if not fits(value):
                raise SchemaError(f"{place}.{keyword}: must be {wanted}")
        elif keyword in _NESTED:
            yield from _NESTED[keyword](value, f"{place}.{keyword}")


def _is_type(value: Json) -> bool:
    names = value if isinstance(value, list) and value else [value]
    return all(isinstance(name, str) and name in _TYPES for name in names)


def _is_texts(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _is_number(value: Json) -> bool:
    """Whether it is a number that can be reckoned with."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _is_bound(value: Json) -> bool:
    return isinstance(value, bool) or _is_number(value)  # older drafts say true beside `minimum`


def _is_size(value: Json) -> bool:
    return _is_number(value) and isinstance(value, int | float) and value >= 0 and value == int(value)


def _is_step(value: Json) -> bool:
    return _is_number(value) and isinstance(value, int | float) and value > 0


def _is_text(value: Json) -> bool:
    return isinstance(value, str)


def _is_list(value: Json) -> bool:
    return isinstance(value, list)


def _named(value: Json, place: str) -> _Children:
    if not isinstance(value, Mapping):
        raise SchemaError(f"{place}: must be an object whose values are JSON Schemas")
    yield from ((f"{place}.{name}", child) for name, child in value.items())


def _listed(value: Json, place: str) -> _Children:
    if not isinstance(value, list):
        raise SchemaError(f"{place}: must be a list of JSON Schemas")
    yield from ((f"{place}[{number}]", child) for number, child in enumerate(value))


def _one(value: Json, place: str) -> _Children:
    if isinstance(value, list):  # as older drafts say `prefixItems`
        yield from _listed(value, place)
    else:
        yield place, value


_PLAIN: dict[str, tuple[Callable[[Json], bool], str]] = {
    "type": (_is_type, f"one of {', '.join(_TYPES)}, or a list of them"),
    "required": (_is_texts, "a list of names of properties"),
    "enum": (_is_list, "a list of values"),
    **dict.fromkeys(("minItems", "maxItems", "minLength", "maxLength"), (_is_size, "a whole number from 0")),
    **dict.fromkeys(("minimum", "maximum"), (_is_number, "a number that is not beyond all bounds")),
    **dict.fromkeys(("exclusiveMinimum", "exclusiveMaximum"), (_is_bound, "a number")),
    "multipleOf": (_is_step, "a number above 0"),
    **dict.fromkeys(("$ref", "format", "pattern"), (_is_text, "a string")),
}
_NESTED: dict[str, Callable[[Json, str], _Children]] = {
    **dict.fromkeys(("properties", "$defs", "definitions"), _named),
    **dict.fromkeys(("prefixItems", "anyOf", "oneOf", "allOf"), _listed),
    "items": _one,
}
