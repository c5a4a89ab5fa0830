"""Reads the answers of token endpoints."""

from __future__ import annotations

from typing import Any

from modelbay.errors import InvokeAuthorizationError
from modelbay.wires import failures
from modelbay.wires.signing.bench import Token


def token_in(answer: Any, life: float, *, name: str = "access_token") -> Token:
    """Return the token of a token endpoint's answer (RFC 6749, section 5.1).

    Args:
        life: Seconds that it is good for, where the answer does not say.

    Raises:
        InvokeAuthorizationError: There is none in it.
    """
    value = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(value, str) or not value:
        said = failures.message_of(answer) or "the answer has no token"
        raise InvokeAuthorizationError(f"no token was given: {said}")
    return Token(value, _seconds(answer.get("expires_in"), life))


def _seconds(value: Any, life: float) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return life
    return seconds if 0 < seconds < 1e9 else life
