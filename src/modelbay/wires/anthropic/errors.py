"""Errors that the API tells of inside a stream, or inside an answer with status 200."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.errors import InvokeError, InvokeServerUnavailableError
from modelbay.wires.failures import in_body


def error_of(body: Mapping[str, Any]) -> InvokeError:
    """Return the error that an object of type "error" tells of; an unknown kind is the server's fault."""
    return in_body(body) or InvokeServerUnavailableError("the provider reported an unnamed error")
