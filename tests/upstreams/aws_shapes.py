"""Checks values against an AWS service model: its own kind of schema, one shape for every type."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson

Shape = Mapping[str, Any]
Shapes = Mapping[str, Shape]
Complaint = str | None


@cache
def shapes_of(path: Path) -> Shapes | None:
    """Return the shapes of a service model; None when the file is not there."""
    if not path.is_file():
        return None
    shapes: Shapes = orjson.loads(path.read_bytes())["shapes"]
    return shapes


def complaint(shapes: Shapes, name: str, value: Any, place: str = "") -> Complaint:
    """Return what is wrong with a value, with its place; None if nothing is.

    Members that stand in the address or in headers are not looked for.
    """
    shape = shapes[name]
    if shape.get("document"):
        return None
    return _CHECKS[shape["type"]](shapes, shape, value, place)


def _structure(shapes: Shapes, shape: Shape, value: Any, place: str) -> Complaint:
    if not isinstance(value, dict):
        return f"{place or 'body'} must be an object"
    members = {key: member for key, member in shape["members"].items() if "location" not in member}
    for key in value:
        if key not in members:
            return f"{_at(place, key)} is not a known field"
    for key in shape.get("required", ()):
        if key in members and value.get(key) is None:
            return f"{_at(place, key)} is required"
    if shape.get("union") and len(value) != 1:
        return f"{place} must have exactly one of its fields"
    found = (complaint(shapes, members[key]["shape"], item, _at(place, key)) for key, item in value.items())
    return next(filter(None, found), None)


def _list(shapes: Shapes, shape: Shape, value: Any, place: str) -> Complaint:
    if not isinstance(value, list):
        return f"{place} must be a list"
    member = shape["member"]["shape"]
    found = (complaint(shapes, member, item, f"{place}[{index}]") for index, item in enumerate(value))
    return _out_of_range(shape, len(value), place) or next(filter(None, found), None)


def _map(shapes: Shapes, shape: Shape, value: Any, place: str) -> Complaint:
    if not isinstance(value, dict):
        return f"{place} must be an object"
    found = (
        complaint(shapes, shape["key"]["shape"], key, place)
        or complaint(shapes, shape["value"]["shape"], item, _at(place, key))
        for key, item in value.items()
    )
    return _out_of_range(shape, len(value), place) or next(filter(None, found), None)


def _string(shapes: Shapes, shape: Shape, value: Any, place: str) -> Complaint:
    if not isinstance(value, str):
        return f"{place} must be a string"
    if "enum" in shape and value not in shape["enum"]:
        return f"{place} {value!r} is not one of {shape['enum']}"
    if "pattern" in shape and not re.fullmatch(shape["pattern"], value):
        return f"{place} {value!r} does not fit {shape['pattern']}"
    return _out_of_range(shape, len(value), place)


def _blob(shapes: Shapes, shape: Shape, value: Any, place: str) -> Complaint:
    try:
        data = base64.b64decode(value, validate=True)
    except (binascii.Error, TypeError, ValueError):
        return f"{place} is not base64"
    return _out_of_range(shape, len(data), place)


def _number(shapes: Shapes, shape: Shape, value: Any, place: str) -> Complaint:
    kinds = int if shape["type"] in ("integer", "long") else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds):
        return f"{place} must be a number ({shape['type']})"
    return _out_of_range(shape, value, place)


def _boolean(shapes: Shapes, shape: Shape, value: Any, place: str) -> Complaint:
    return None if isinstance(value, bool) else f"{place} must be true or false"


def _anything(shapes: Shapes, shape: Shape, value: Any, place: str) -> Complaint:
    return None


def _out_of_range(shape: Shape, size: float, place: str) -> Complaint:
    if size < shape.get("min", size) or size > shape.get("max", size):
        return f"{place}: {size} is not within {shape.get('min')} and {shape.get('max')}"
    return None


def _at(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


_CHECKS: dict[str, Callable[[Shapes, Shape, Any, str], Complaint]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "blob": _blob,
    "boolean": _boolean,
    "timestamp": _anything,
    **dict.fromkeys(("integer", "long", "float", "double"), _number),
}
