"""When a failed attempt may be repeated, and after which pause."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from modelbay.errors import InvokeError
from modelbay.wires.failures import QUOTA_CODES
from modelbay.wires.settings import TransportSettings

__all__ = ["may_repeat", "pause"]

_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504, 529})  # may be gone at the next attempt
_JITTER = 0.25


def may_repeat(error: InvokeError, headers: Mapping[str, str], *, idempotent: bool) -> bool:
    """Tell whether an answered request may be sent again.

    A refusal was not carried out, so repeating it is safe for every request; a failure half-way only for an
    idempotent one. The upstream's own word (`x-should-retry`) counts more than both.
    """
    said = headers.get("x-should-retry", "").lower()
    if error.code in QUOTA_CODES:
        return False  # a month's budget does not come back in a few seconds
    if said in {"true", "false"}:
        return said == "true"
    status = error.status
    if not error.retryable or status not in _PASSING:
        return False
    refused = status in {429, 529} or (status == 503 and error.retry_after is not None)
    return idempotent or refused


def pause(
    attempt: int,
    asked: float | None,
    settings: TransportSettings,
    random: Callable[[], float],
) -> float | None:
    """Return the seconds to wait before attempt `attempt` + 1 (from 0), or None if that is too long.

    Args:
        asked: What the upstream asked for; it is honoured exactly.
    """
    if asked is not None:
        return asked if asked <= settings.retry_after_limit else None
    chosen: float = min(settings.backoff * 2.0**attempt, settings.backoff_limit)
    return chosen * (1 - _JITTER * random())
