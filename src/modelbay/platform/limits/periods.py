"""Periods over which a limit counts, each beginning at midnight UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum


class Period(StrEnum):
    """How long a limit counts before it begins anew."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    TOTAL = "total"


def start_of(period: Period, at: float) -> float:
    """Return when the period began that holds a time, both in seconds since 1970; weeks begin on Monday."""
    if period is Period.TOTAL:
        return 0.0
    day = _day(at)
    if period is Period.WEEK:
        day -= timedelta(days=day.weekday())
    elif period is Period.MONTH:
        day = day.replace(day=1)
    return day.timestamp()


def end_of(period: Period, at: float) -> float | None:
    """Return when the next period begins; None if there is none."""
    if period is Period.TOTAL:
        return None
    longest = {Period.DAY: 1, Period.WEEK: 7, Period.MONTH: 31}[period]
    return start_of(period, (_day(start_of(period, at)) + timedelta(days=longest)).timestamp())


def _day(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
