"""JSON where an upstream or a caller writes it: frames, answers, arguments of tools."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import orjson

from modelbay.errors import InvokeBadRequestError, InvokeServerUnavailableError

P = ParamSpec("P")
T = TypeVar("T")

_MALFORMED = (AttributeError, KeyError, TypeError, ValueError)  # what reading such an answer raises
_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
_SHOWN = 200  # characters of an unreadable answer that a message quotes


def to_json(value: Any) -> str:
    """Return `value` as compact JSON text."""
    return orjson.dumps(value).decode()


def frame_object(data: bytes) -> dict[str, Any]:
    """Return the object in a frame of a stream; InvokeServerUnavailableError if it is none."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        shown = data[:_SHOWN].decode(errors="replace")
        raise InvokeServerUnavailableError(
            f"the provider's stream has a frame that is not a JSON object: {shown}"
        )
    return value


def reads_answer(read: Callable[P, T]) -> Callable[P, T]:
    """Make a function that reads answers raise InvokeServerUnavailableError for one of unexpected form."""

    @wraps(read)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return read(*args, **kwargs)
        except _MALFORMED as error:
            raise InvokeServerUnavailableError(
                f"the provider's answer has an unexpected form ({type(error).__name__}: {error})"
            ) from error

    return checked


def answer_object(body: Any) -> dict[str, Any]:
    """Return an answer's body as an object; InvokeServerUnavailableError if it is none."""
    if not isinstance(body, dict):
        raise InvokeServerUnavailableError(
            f"the provider answered with {type(body).__name__} instead of a JSON object"
        )
    return body


def is_deeper(raw: bytes, limit: int) -> bool:
    """Whether JSON is nested deeper than `limit`, without building anything of it.

    Most JSON has fewer brackets than that, strings included, and is not looked at any closer.
    """
    if raw.count(b"{") + raw.count(b"[") <= limit:
        return False
    depth = 0
    for found in _TOKENS.finditer(raw):
        first = raw[found.start()]
        if first in b"{[":
            depth += 1
            if depth > limit:
                return True
        elif first in b"}]":
            depth -= 1
    return False


def arguments_object(text: str, place: str) -> dict[str, Any]:
    """Return the arguments of a tool call as an object; empty text is an empty object.

    Raises:
        InvokeBadRequestError: The text is not a JSON object; the message names `place`.
    """
    if not text.strip():
        return {}
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvokeBadRequestError(f"{place}: the arguments are not valid JSON ({error})") from None
    if not isinstance(value, dict):
        raise InvokeBadRequestError(f"{place}: the arguments must be a JSON object")
    return value
