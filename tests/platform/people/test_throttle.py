"""Guesses: some are free, then each has to wait longer, whichever process is asked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.platform.databases import stored_bytes
from tests.platform.people.persons import NOW

from modelbay.platform.people import throttle
from modelbay.platform.people.refusals import TooManyAttemptsError
from modelbay.platform.people.throttle import Counted, counted_by_address, counted_by_email
from modelbay.store import Database

on_both = pytest.mark.usefixtures("backend")

ANN = counted_by_email("ann@example.com")
HERE = counted_by_address("192.0.2.7")


def wait(database: Database, *counted: Counted, now: float) -> float:
    """Make a guess; return the seconds to wait if it was not looked at."""
    try:
        with database.transaction(throttle.LOCK):
            throttle.admit(database, counted, now=now)
    except TooManyAttemptsError as error:
        assert error.retry_after is not None
        return error.retry_after
    return 0.0


def guesses_in(database: Database, counted: Counted, seconds: int) -> int:
    """Return how many guesses get through to somebody who never stops trying."""
    count, now = 0, NOW
    while now < NOW + seconds:
        pause = wait(database, counted, now=now)
        count += not pause
        now += pause
    return count


@on_both
def test_waits_grow_and_say_how_long(tmp_path: Path) -> None:
    """A person who mistypes notices nothing; a program does."""
    with Database.open(tmp_path) as database:
        free = [wait(database, ANN, now=NOW) for _ in range(6)]
        first = wait(database, ANN, now=NOW)
        again = [wait(database, ANN, now=NOW + 1), wait(database, ANN, now=NOW + 1.5)]

    assert free == [0.0] * 6
    assert first == 1.0
    assert again == [0.0, 2.0]


def test_who_never_stops_gets_few_guesses_a_day(tmp_path: Path) -> None:
    """At this pace a password of twelve characters is not guessed."""
    with Database.open(tmp_path) as database:
        assert guesses_in(database, ANN, 86_400) < 320
        assert guesses_in(database, HERE, 86_400) < 150


@on_both
def test_a_hundred_guesses_at_once_are_a_hundred(tmp_path: Path) -> None:
    """In processes that know nothing of each other: the database counts, before a guess is looked at."""
    Database.open(tmp_path).close()
    barrier = Barrier(4)

    def guess(_: int) -> int:
        with Database.open(tmp_path) as own:
            barrier.wait()
            return sum(not wait(own, ANN, now=NOW) for _ in range(10))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(guess, range(4))) == ANN.free + 1


@on_both
def test_a_guess_that_is_refused_changes_nothing(tmp_path: Path) -> None:
    """Who keeps on hammering must not lock the owner out for longer."""
    with Database.open(tmp_path) as database:
        for _ in range(6):
            wait(database, ANN, now=NOW)
        before = database.rows("SELECT * FROM attempts")
        assert wait(database, ANN, HERE, now=NOW) == 1.0
        assert database.rows("SELECT * FROM attempts") == before


@on_both
def test_success_forgets_the_address_of_mail_but_not_that_of_the_net(tmp_path: Path) -> None:
    """Else whoever has one account could clear the counter between guesses at others'."""
    with Database.open(tmp_path) as database:
        eve = counted_by_email("eve@example.com")
        for number in range(HERE.free):
            assert not wait(database, counted_by_email(f"{number}@example.com"), HERE, now=NOW)
        assert not wait(database, eve, HERE, now=NOW)
        with database.transaction():
            throttle.passed(database, eve, HERE, now=NOW)

        assert not wait(database, eve, HERE, now=NOW)
        assert wait(database, ANN, HERE, now=NOW) == 1.0
        assert database.rows("SELECT failures FROM attempts WHERE name = :n", {"n": eve.name}) == [(1,)]


@on_both
def test_after_a_day_all_is_forgotten(tmp_path: Path) -> None:
    """And leaves the table with somebody's next sign-in."""
    with Database.open(tmp_path) as database:
        for second in range(0, 5000, 50):
            wait(database, ANN, now=NOW + second)
        tomorrow = NOW + 5000 + 86_400
        assert [wait(database, ANN, now=tomorrow) for _ in range(6)] == [0.0] * 6
        with database.transaction():
            throttle.passed(database, HERE, HERE, now=tomorrow + 86_401)
        assert database.rows("SELECT * FROM attempts") == []


@on_both
def test_whom_strangers_have_tried_is_not_stored(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """People type passwords into the wrong field."""
    with Database.open(tmp_path) as database:
        wait(database, counted_by_email("hunter2-is-my-password"), now=NOW)
        assert b"hunter2" not in stored_bytes(tmp_path, request)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.7", "192.0.2.8", False),
        ("192.0.2.7", "::ffff:192.0.2.7", True),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("", "not an address", True),
    ],
)
def test_who_has_many_addresses_has_one_counter(one: str, other: str, same: bool) -> None:
    """One server is given 2^64 addresses of the newer kind."""
    assert (counted_by_address(one) == counted_by_address(other)) is same


@given(st.integers(0, 10**6))
def test_a_wait_is_never_shorter_than_the_one_before(failures: int) -> None:
    """Nor longer than is said."""
    assert ANN.wait_after(failures) <= ANN.wait_after(failures + 1) <= ANN.longest
