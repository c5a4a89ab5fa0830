"""Cool-downs: how long by what failed, who probes, and what others tell."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from modelbay.errors import (
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeConnectionError,
    InvokeError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
)
from modelbay.runtime.cooling import Cooling, ErrorClass, class_of


class Clock:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Told:
    """What processes tell each other, as if over a network."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.cooled: dict[str, float] = {}
        self.claimed: set[str] = set()

    def cool(self, name: str, seconds: float) -> None:
        self.cooled[name] = self.clock.now + seconds
        if not seconds:
            del self.cooled[name]

    def cooling(self) -> Mapping[str, float]:
        return self.cooled

    async def claim(self, name: str, seconds: float) -> bool:
        await asyncio.sleep(0)
        free = name not in self.claimed
        self.claimed.add(name)
        return free


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cooling(clock: Clock) -> Cooling:
    return Cooling(clock=clock, chance=lambda: 0.0)


def left(cooling: Cooling, name: str = "a") -> float:
    """Return for how long a name is left alone."""
    seconds = cooling.left(name)
    assert seconds is not None
    return seconds


@pytest.mark.parametrize(
    ("kind", "times"),
    [
        (ErrorClass.RATE_LIMIT, [60, 120, 240, 300, 300]),
        (ErrorClass.AUTHORIZATION, [10, 20, 40, 80, 160, 300, 300]),
        (ErrorClass.CONNECTION, [10, 20, 40, 80, 160, 300, 300]),
        (ErrorClass.UNAVAILABLE, [5, 10, 20, 40, 60, 60]),
    ],
)
def test_a_failure_after_a_failure_doubles_the_time(
    cooling: Cooling, clock: Clock, kind: ErrorClass, times: list[int]
) -> None:
    """What stays broken is asked less and less, and never given up for good."""
    for expected in times:
        cooling.failed("a", kind)
        assert left(cooling) == expected
        clock.now += expected


def test_what_the_client_did_wrong_says_nothing_about_a_key(cooling: Cooling) -> None:
    """A key must not rest for a prompt that is too long."""
    cooling.failed("a", ErrorClass.BAD_REQUEST)

    assert cooling.left("a") is None


@pytest.mark.parametrize(("told", "expected"), [(7.0, 7.0), (0.0, 1.0), (600.0, 600.0), (1e9, 3600.0)])
def test_the_provider_says_for_how_long(cooling: Cooling, told: float, expected: float) -> None:
    """Retry-After is obeyed, but neither to the point of a busy loop nor of a key that is lost for days."""
    cooling.failed("a", ErrorClass.RATE_LIMIT, told)

    assert left(cooling) == expected


def test_times_are_stretched_never_shortened(clock: Clock) -> None:
    """Keys that were refused at once must not come back at once; none before its Retry-After."""
    cooling = Cooling(clock=clock, chance=lambda: 1.0)

    cooling.failed("a", ErrorClass.RATE_LIMIT, 20)

    assert left(cooling) == pytest.approx(22)


def test_calls_that_fail_together_count_once(cooling: Cooling) -> None:
    """A hundred calls under way that meet one outage are one outage."""
    for _ in range(100):
        cooling.failed("a", ErrorClass.CONNECTION)

    assert left(cooling) == 10


def test_of_several_answers_the_longest_wait_holds(cooling: Cooling) -> None:
    """The last 429 of a burst may ask for more than the first."""
    cooling.failed("a", ErrorClass.RATE_LIMIT, 5)
    cooling.failed("a", ErrorClass.RATE_LIMIT, 30)

    assert left(cooling) == 30


async def test_one_probe_of_many_calls(cooling: Cooling, clock: Clock) -> None:
    """When the time is over one call finds out for all."""
    cooling.failed("a", ErrorClass.CONNECTION)
    assert not cooling.may_try("a")
    clock.now += 10

    claimed = await asyncio.gather(*(cooling.claim("a") for _ in range(50)))

    assert sum(claimed) == 1
    assert not cooling.may_try("a")


async def test_a_probe_that_succeeds_clears_and_one_that_fails_doubles(
    cooling: Cooling, clock: Clock
) -> None:
    """After a success the next failure begins at the shortest time again."""
    cooling.failed("a", ErrorClass.CONNECTION)
    clock.now += 10
    await cooling.claim("a")
    cooling.failed("a", ErrorClass.CONNECTION)
    assert left(cooling) == 20

    clock.now += 20
    assert await cooling.claim("a")
    cooling.succeeded("a")
    assert cooling.left("a") is None
    cooling.failed("a", ErrorClass.CONNECTION)
    assert left(cooling) == 10


async def test_a_probe_whose_client_went_away_is_made_by_another(cooling: Cooling, clock: Clock) -> None:
    """Or a key would be lost with one closed browser."""
    cooling.failed("a", ErrorClass.CONNECTION)
    clock.now += 10
    await cooling.claim("a")

    cooling.let_go("a")

    assert await cooling.claim("a")


async def test_a_probe_given_back_is_made_again_by_who_has_the_right_to_it(clock: Clock) -> None:
    """The right lasts longer than a client that goes away, or a failure that is over in a second."""
    told = Told(clock)
    one, two = (Cooling(told, clock=clock, chance=lambda: 0.0) for _ in range(2))
    one.failed("a", ErrorClass.RATE_LIMIT, 1)
    assert left(two) == 1
    clock.now += 1
    assert await one.claim("a")
    one.let_go("a")
    assert await one.claim("a")
    one.failed("a", ErrorClass.RATE_LIMIT, 2)
    clock.now += 2

    assert not await two.claim("a")
    assert await one.claim("a")


async def test_a_probe_is_not_lost_with_a_client_that_goes_while_it_is_claimed(clock: Clock) -> None:
    """The claim may take a round trip, and nobody else of this process may probe meanwhile."""
    told = Told(clock)
    cooling = Cooling(told, clock=clock, chance=lambda: 0.0)
    cooling.failed("a", ErrorClass.CONNECTION)
    clock.now += 10
    gone = asyncio.ensure_future(cooling.claim("a"))
    await asyncio.sleep(0)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    told.claimed.clear()

    assert cooling.may_try("a")
    assert await cooling.claim("a")


async def test_a_name_that_becomes_well_while_a_probe_is_claimed_may_be_used(clock: Clock) -> None:
    """By a call that began before: then there is nothing to probe, and the call need not go without."""
    told = Told(clock)
    cooling = Cooling(told, clock=clock, chance=lambda: 0.0)
    cooling.failed("a", ErrorClass.CONNECTION)
    clock.now += 10
    told.claimed.add("a")
    claiming = asyncio.ensure_future(cooling.claim("a"))
    await asyncio.sleep(0)
    cooling.succeeded("a")

    assert await claiming
    assert cooling.left("a") is None


def test_a_call_from_before_does_not_end_a_cool_down(cooling: Cooling) -> None:
    """A long answer that began before the rate limit was met says nothing about it."""
    cooling.failed("a", ErrorClass.RATE_LIMIT)

    cooling.succeeded("a")

    assert left(cooling) == 60


def test_others_hear_of_it(clock: Clock) -> None:
    """The second replica need not learn what the first has learnt."""
    told = Told(clock)
    one, two = (Cooling(told, clock=clock, chance=lambda: 0.0) for _ in range(2))

    one.failed("a", ErrorClass.AUTHORIZATION)

    assert left(two) == 10
    assert two.kind("a") is ErrorClass.AUTHORIZATION
    assert two.left("b") is None


def test_others_hear_of_a_longer_wait_and_what_it_is_for(clock: Clock) -> None:
    """The last word of the provider holds for all replicas; a rate limit is not over before its time."""
    told = Told(clock)
    one, two = (Cooling(told, clock=clock, chance=lambda: 0.0) for _ in range(2))
    one.failed("a", ErrorClass.CONNECTION)

    one.failed("a", ErrorClass.RATE_LIMIT, 30)
    one.failed("a", ErrorClass.UNAVAILABLE, 20)

    assert [left(each) for each in (one, two)] == [30, 30]
    assert [each.kind("a") for each in (one, two)] == [ErrorClass.RATE_LIMIT] * 2


async def test_of_several_processes_one_probes(clock: Clock) -> None:
    """A provider that comes back meets one call, not one of each replica."""
    told = Told(clock)
    every = [Cooling(told, clock=clock, chance=lambda: 0.0) for _ in range(5)]
    every[0].failed("a", ErrorClass.CONNECTION)
    assert [left(each) for each in every] == [10] * 5
    clock.now += 10

    claimed = await asyncio.gather(*(each.claim("a") for each in every for _ in range(3)))

    assert sum(claimed) == 1
    every[[any(claimed[n : n + 3]) for n in range(0, 15, 3)].index(True)].succeeded("a")
    assert told.cooled == {}


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (InvokeRateLimitError(), "rate-limit"),
        (InvokeAuthorizationError(), "authorization"),
        (InvokeConnectionError(), "connection"),
        (InvokeServerUnavailableError(), "unavailable"),
        (InvokeBadRequestError(), "bad-request"),
    ],
)
def test_the_classes_of_errors(error: InvokeError, expected: str) -> None:
    """Their names are written into routes, records and headers."""
    assert class_of(error) == expected
