"""Errors inside answers that began well: in a 200 body, in a stream, in a failed response."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.errors import InvokeServerUnavailableError
from modelbay.wires.failures import in_body
from modelbay.wires.openai.shapes import object_of


def raise_error_in(body: Mapping[str, Any], event: str = "") -> None:
    """Raise the error that a body, or an event of that name, tells of; do nothing if it tells of none."""
    found = body.get("error")
    if not found and "x_groq" in body:
        found = object_of(body["x_groq"]).get("error")
    if not found and (event == "error" or body.get("object") == "error"):
        found = dict(body)
    if found:
        raise_error(found)


def raise_error(found: Any) -> None:
    """Raise the error that an error object, or text, tells of."""
    raise in_body({"error": found}) or InvokeServerUnavailableError(str(found))
