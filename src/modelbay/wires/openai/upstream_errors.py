"""Errors inside answers that began well: in a 200 body, in a stream, in a failed response."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.errors import InvokeServerUnavailableError
from modelbay.wires.failures import in_body
from modelbay.wires.openai.shapes import object_of

FAILURES: Mapping[str, str] = {
    "error": "The provider broke the answer off.",
    "insufficient_system_resource": "The provider broke the answer off for want of capacity.",
    "network_error": "The provider broke the answer off for a failure of its network.",
}
"""Reasons to stop that are failures, by what they say (OpenRouter, DeepSeek, Zhipu)."""


def raise_failure(reason: str, choice: Mapping[str, Any]) -> None:
    """Raise the error that a reason to stop stands for; routers say beside it what went wrong."""
    if found := choice.get("error"):
        raise_error(found)
    raise InvokeServerUnavailableError(FAILURES[reason], code=reason)


def raise_error_in(body: Mapping[str, Any], event: str = "") -> None:
    """Raise the error that a body, or an event of that name, tells of; do nothing if it tells of none."""
    found = body.get("error")
    if not found and "x_groq" in body:
        found = object_of(body["x_groq"]).get("error")
    if not found and (event == "error" or body.get("object") == "error" or _is_bare(body)):
        found = dict(body)
    if found:
        raise_error(found)


def raise_error(found: Any) -> None:
    """Raise the error that an error object, or text, tells of."""
    raise in_body({"error": found}) or InvokeServerUnavailableError(str(found))


def _is_bare(body: Mapping[str, Any]) -> bool:
    """Whether a body is an error by itself: `{"code": 50505, "message": "…", "data": null}` (SiliconFlow)."""
    return "message" in body and isinstance(body["message"], str) and bool(body.get("code"))
