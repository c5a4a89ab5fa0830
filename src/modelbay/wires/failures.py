"""Reads an upstream's failure: from status, headers and body to one error of the tree."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from modelbay.errors import (
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
    error_class_for_status,
)

__all__ = ["in_body", "message_of", "retry_after", "to_error"]

_LONGEST_MESSAGE = 2000
_READ = 65536  # of an error body; what follows adds nothing to a message of 2,000 characters

# Where the upstreams keep their words, most telling first (shapes: FastAPI, Mistral, MiniMax, Replicate, …).
_MESSAGE_KEYS = (
    *("message", "Message", "msg", "detail", "error_description", "error", "errors", "error_message"),
    *("error_msg", "errorMessage", "status_msg", "base_resp", "reason", "title", "description", "data"),
    *("ResponseMetadata", "Error"),
)
_REQUEST_ID_HEADERS = (
    "x-request-id",
    "request-id",
    "x-amzn-requestid",
    "apim-request-id",
    "x-amz-request-id",
)
QUOTA_CODES = frozenset({"insufficient_quota", "credit_balance_exhausted", "exceeded_current_quota_error"})

_BY_CODE: dict[str, type[InvokeError]] = {
    code: cls
    for cls, codes in (
        (
            InvokeRateLimitError,
            "rate_limit_error rate_limit_exceeded rate_limited too_many_requests resource_exhausted tokens "
            "requests throttlingexception insufficient_quota credit_balance_exhausted",
        ),
        (
            InvokeAuthorizationError,
            "authentication_error permission_error billing_error invalid_api_key permission_denied "
            "unauthenticated unauthorized account_deactivated accessdeniedexception",
        ),
        (
            InvokeBadRequestError,
            "invalid_request_error invalid_request not_found_error request_too_large conflict_error "
            "invalid_prompt context_length_exceeded model_not_found invalid_argument not_found "
            "failed_precondition out_of_range content_policy_violation content_filter bad_request "
            "validationexception unprocessable_entity string_above_max_length",
        ),
    )
    for code in codes.split()
}


def to_error(status: int, headers: Mapping[str, str], body: bytes) -> InvokeError:
    """Return the error for an answer outside 200..299.

    Args:
        headers: With lower-case names.
    """
    value = _parsed(body[:_READ])
    code = _code_of(value)
    quota = code in QUOTA_CODES
    cls = InvokeRateLimitError if quota else error_class_for_status(status)
    return cls(
        message_of(value) or f"HTTP {status} without a message.",
        status=status,
        code=code,
        retry_after=retry_after(headers),
        request_id=_request_id(headers, value),
        retryable=False if quota else None,
        field=_field_of(value),
    )


def in_body(value: Any) -> InvokeError | None:
    """Return the error that a decoded answer or event of status 200 holds, or None.

    Understands `{"error": …}`, `{"type": "error", …}`, and either as the first item of a list.
    """
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, dict):
        return None
    if not value.get("error") and not (value.get("type") == "error" and "message" in value):
        return None
    status, code = _status_of(value), _code_of(value)
    cls = _class_of(value, status, code)
    return cls(
        message_of(value) or "The provider reported an error without a message.",
        status=status,
        code=code,
        request_id=_request_id({}, value),
        retryable=False if code in QUOTA_CODES else None,
        field=_field_of(value),
    )


def message_of(value: Any) -> str:
    """Return the upstream's own words, on one line of at most 2,000 characters; "" when there are none."""
    text = " ".join(_words(value, depth=0).split())
    return text if len(text) <= _LONGEST_MESSAGE else text[: _LONGEST_MESSAGE - 1] + "…"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that `retry-after-ms` or `retry-after` (seconds or a date) asks to wait."""
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    text = headers.get("retry-after")
    if text is None or (seconds := _number(text)) is not None:
        return seconds if text is not None else None
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def _number(text: str | None) -> float | None:
    """Return a number of seconds that can be waited; None for words, negative numbers, `nan` and `inf`."""
    try:
        number = float(text) if text else -1.0
    except ValueError:
        return None
    return number if 0 <= number < 1e9 else None


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        text = body.decode("utf-8", "replace")
    return _text_of_page(text) if text.lstrip().startswith("<") else text


def _text_of_page(page: str) -> str:
    """Return what a proxy's HTML page says: its title, else its text."""
    title = re.search(r"<title[^>]*>(.*?)</title>", page, re.IGNORECASE | re.DOTALL)
    if title and title[1].strip():
        return html.unescape(title[1])
    bare = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.IGNORECASE | re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", " ", bare))


def _words(value: Any, depth: int) -> str:
    if isinstance(value, str):
        return value
    if depth > 6:  # a body nested deeper is no message
        return ""
    if isinstance(value, list):
        return "; ".join(filter(None, (_words(item, depth + 1) for item in value[:5])))
    return _words_of_object(value, depth) if isinstance(value, dict) else ""


def _words_of_object(value: dict[str, Any], depth: int) -> str:
    if isinstance(value.get("error"), dict | list):
        # The outer words are often only the category ("Bad Request"), the inner ones say what is wrong.
        inner = _words(value["error"], depth + 1)
        if inner:
            return inner
    found = next((text for key in _MESSAGE_KEYS if (text := _words(value.get(key), depth + 1))), "")
    return _with_place(value, _with_category(value, _with_raw(value, _with_filter(value, found))))


def _with_filter(value: dict[str, Any], found: str) -> str:
    """Add what a filter of content found (Azure: `innererror.content_filter_result`)."""
    inner = value.get("innererror")
    results = inner.get("content_filter_result") if isinstance(inner, dict) else None
    if not found or not isinstance(results, dict):
        return found
    names = [
        name
        for name, result in results.items()
        if isinstance(result, dict) and result.get("filtered") is True
    ]
    return f"{found} (filtered: {', '.join(names)})" if names else found


def _with_place(value: dict[str, Any], found: str) -> str:
    """Name the field of a FastAPI validation item: `{"loc": ["body", "input"], "msg": …}`."""
    place = value.get("loc")
    return f"{'.'.join(map(str, place))}: {found}" if found and isinstance(place, list) else found


def _with_category(value: dict[str, Any], found: str) -> str:
    category = value.get("error")
    return f"{category}: {found}" if isinstance(category, str) and category and category != found else found


def _with_raw(value: dict[str, Any], found: str) -> str:
    """Add the words of the upstream behind a router (OpenRouter: "Provider returned error")."""
    metadata = value.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    return f"{found} ({raw})" if found and isinstance(raw, str) and raw else found


def _inner(value: Any) -> dict[str, Any]:
    """Return the object that describes the error, wherever it lies."""
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, dict):
        return {}
    error = value.get("error")
    return error if isinstance(error, dict) else value


def _field_of(value: Any) -> str | None:
    """Return the field that an error is about, where the upstream names it apart from its words."""
    found = _inner(value).get("param")
    return found if isinstance(found, str) and found else None


def _code_of(value: Any) -> str | None:
    """Return the machine-readable code: a word before a number, `code` before `type` before `status`."""
    inner = _inner(value)
    found = [inner.get(key) for key in ("code", "type", "status", "__type")]
    words = [
        each for each in found if isinstance(each, str) and each and not each.isdigit() and each != "error"
    ]
    if words:
        return words[0]
    return next(
        (str(each) for each in found if each and isinstance(each, str | int) and each != "error"), None
    )


def _status_of(value: dict[str, Any]) -> int | None:
    outer = _inner([value]), value
    for holder in outer:
        for key in ("code", "status", "status_code"):
            number = holder.get(key)
            if isinstance(number, str) and number.isdigit():
                number = int(number)
            if isinstance(number, int) and 400 <= number <= 599:
                return number
    return None


def _class_of(value: dict[str, Any], status: int | None, code: str | None) -> type[InvokeError]:
    if code in QUOTA_CODES:
        return InvokeRateLimitError
    if status is not None:
        return error_class_for_status(status)
    inner = _inner(value)
    names = (inner.get(key) for key in ("code", "type", "status", "__type"))
    known = (_BY_CODE.get(name.lower()) for name in names if isinstance(name, str))
    return next(filter(None, known), InvokeServerUnavailableError)


def _request_id(headers: Mapping[str, str], value: Any) -> str | None:
    for name in _REQUEST_ID_HEADERS:
        if headers.get(name):
            return headers[name][:200]
    for holder in (value, _inner(value)):
        if isinstance(holder, dict):
            found = holder.get("request_id") or holder.get("requestId")
            if isinstance(found, str):
                return found[:200]
    return None
