"""Errors: the exception's name is in a header, or is the name of a frame; the body says why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from modelbay.errors import (
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
)
from modelbay.wires import failures
from modelbay.wires.request import Event

_HEADER = "x-amzn-errortype"

# By name, for the statuses of some say something else (a quota is 400, a model that wakes up is 429).
_CLASSES: dict[str, type[InvokeError]] = {
    "accessdeniedexception": InvokeAuthorizationError,
    "expiredtokenexception": InvokeAuthorizationError,
    "invalidsignatureexception": InvokeAuthorizationError,
    "unrecognizedclientexception": InvokeAuthorizationError,
    "incompletesignatureexception": InvokeAuthorizationError,
    "internalserverexception": InvokeServerUnavailableError,
    "modelerrorexception": InvokeBadRequestError,
    "modelnotreadyexception": InvokeServerUnavailableError,
    "modelstreamerrorexception": InvokeServerUnavailableError,
    "modeltimeoutexception": InvokeServerUnavailableError,
    "resourcenotfoundexception": InvokeBadRequestError,
    "servicequotaexceededexception": InvokeRateLimitError,
    "serviceunavailableexception": InvokeServerUnavailableError,
    "throttlingexception": InvokeRateLimitError,
    "validationexception": InvokeBadRequestError,
}


def to_error(status: int, headers: Mapping[str, str], body: bytes) -> InvokeError:
    """Return the error for an answer outside 200..299."""
    read = failures.to_error(status, headers, body)
    name = headers.get(_HEADER, "").partition(":")[0] or _last_word(read.code)
    cls = _CLASSES.get(name.lower(), type(read))
    return cls(
        read.description,
        status=status,
        code=name or read.code,
        retry_after=read.retry_after,
        request_id=read.request_id,
    )


def error_of(frame: Event) -> InvokeError:
    """Return the error that a frame of a stream tells of."""
    try:
        value: Any = orjson.loads(frame.data)
    except orjson.JSONDecodeError:
        value = frame.data.decode(errors="replace")
    cls = _CLASSES.get(frame.name.lower(), InvokeServerUnavailableError)
    said = failures.message_of(value)
    if isinstance(value, dict) and isinstance(value.get("originalMessage"), str):
        said = f"{said} ({value['originalMessage']})"
    return cls(said or f"the provider ended the stream with {frame.name}", code=frame.name)


def _last_word(code: str | None) -> str:
    """Return the name in `com.amazonaws.bedrock#ValidationException`."""
    return (code or "").rpartition("#")[2]
