"""Periods: where one ends the next begins, and every moment is in one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay.platform.limits.periods import Period, end_of, start_of

AT = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)).map(datetime.timestamp)
ENDING = st.sampled_from([Period.DAY, Period.WEEK, Period.MONTH])


@given(AT, ENDING)
def test_every_moment_is_in_one_period(at: float, period: Period) -> None:
    """Nothing is counted twice, and nothing falls between two."""
    start, end = start_of(period, at), end_of(period, at)

    assert end is not None
    assert start <= at < end
    assert start_of(period, start) == start
    assert start_of(period, end) == end
    assert start_of(period, end - 0.001) == start


@given(AT, ENDING)
def test_a_period_begins_at_midnight_of_its_first_day(at: float, period: Period) -> None:
    """Who reads a bill has to know when it began: UTC, whatever the machine's own time is."""
    begun = datetime.fromtimestamp(start_of(period, at), UTC)

    assert (begun.hour, begun.minute, begun.second, begun.microsecond) == (0, 0, 0, 0)
    assert period is not Period.WEEK or begun.weekday() == 0
    assert period is not Period.MONTH or begun.day == 1


@given(AT)
def test_what_counts_in_total_never_begins_anew(at: float) -> None:
    """A trial is a trial once."""
    assert (start_of(Period.TOTAL, at), end_of(Period.TOTAL, at)) == (0.0, None)


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        (Period.DAY, "2028-02-29", "2028-03-01"),
        (Period.WEEK, "2028-02-28", "2028-03-06"),
        (Period.MONTH, "2028-02-01", "2028-03-01"),
    ],
)
def test_a_leap_day_is_a_day(period: Period, start: str, end: str) -> None:
    """Of a month with 29 of them."""
    at = datetime(2028, 2, 29, 13, tzinfo=UTC).timestamp()

    assert start_of(period, at) == datetime.fromisoformat(f"{start}T00:00Z").timestamp()
    assert end_of(period, at) == datetime.fromisoformat(f"{end}T00:00Z").timestamp()
