"""Times as people write them: lengths such as `30d`, `12h`, `90m`, `2w`, and days such as `2026-11-21`."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from modelbay.errors import InvokeBadRequestError

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PERIOD = re.compile(r"([1-9][0-9]{0,5})([smhdw])")


def parse_period(text: str, *, field: str) -> float:
    """Return a length of time in seconds.

    Raises:
        InvokeBadRequestError: It is not a number and a unit; the message begins with `field`.
    """
    found = _PERIOD.fullmatch(text.strip().lower())
    if found is None:
        raise InvokeBadRequestError(
            f"{field}: {text[:40]!r} is not a length of time; write a number and s, m, h, d or w, such as 30d"
        )
    return float(int(found[1]) * _SECONDS[found[2]])


def parse_day(text: str, *, field: str) -> float:
    """Return when a day such as `2026-11-21` begins (UTC), in seconds since 1970.

    Raises:
        InvokeBadRequestError: It is no day since 1970; the message begins with `field`.
    """
    try:
        day = datetime.strptime(text.strip(), "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
    except ValueError:
        day = -1.0
    if day < 0:
        raise InvokeBadRequestError(f"{field}: {text[:40]!r} is not a day; write it as 2026-11-21")
    return day


def parse_moment(text: str, *, field: str, now: float) -> float:
    """Return the seconds since 1970 that a day, or a length of time before now, stands for.

    Raises:
        InvokeBadRequestError: It is neither; the message begins with `field`.
    """
    if _DAY.fullmatch(text.strip()):
        return parse_day(text, field=field)
    return now - parse_period(text, field=field)
