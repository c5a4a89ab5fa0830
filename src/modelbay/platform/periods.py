"""Lengths of time as people write them: `30d`, `12h`, `90m`, `2w`."""

from __future__ import annotations

import re
from typing import Final

from modelbay.errors import InvokeBadRequestError

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
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
