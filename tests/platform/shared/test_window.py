"""The minute that slides, on both places, against a list of what was taken and when."""

from __future__ import annotations

import asyncio
from math import floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.platform.redis import RedisServer

from modelbay.platform.shared import Ask, Kind, Refused
from modelbay.platform.shared.local import LocalStore
from modelbay.platform.shared.redis import RedisStore
from modelbay.platform.shared.stores import News, Store, Wanted

LIMIT = 10
Steps = list[tuple[float, int]]
# Quarters of seconds are exact in binary, so that the last moment of a wait can be told from the one before.
STEPS = st.lists(st.tuples(st.integers(0, 100).map(lambda n: n / 4), st.integers(1, 12)), max_size=25)


class Clock:
    """Time that passes when told."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


async def one(store: Store, amount: int, kind: Kind = Kind.TOKENS, limit: int = LIMIT) -> int | Refused:
    """Take from one limit; return in which second, or why not."""
    [taken] = await store.take([Wanted("t", [Ask("one", kind, limit, amount)])])
    return taken


async def follow(store: Store, clock: Clock, steps: Steps) -> None:
    """Take at some times; compare each answer with what was taken before."""
    passed: list[tuple[float, int]] = []
    clock.now += 1000.0  # what an example before has taken is over
    for pause, amount in steps:
        clock.now += pause
        counting = [(at, each) for at, each in passed if floor(at) >= floor(clock.now) - 60]
        fits = sum(each for _, each in counting) + amount <= LIMIT
        answer = await one(store, amount)
        if not isinstance(answer, Refused):
            assert fits
            passed.append((clock.now, amount))
            continue
        assert not fits
        if amount > LIMIT:
            assert answer.retry_after is None
            continue
        assert answer.retry_after is not None
        moment = clock.now + answer.retry_after
        clock.now = moment - 0.25
        assert isinstance(await one(store, amount), Refused)
        clock.now = moment
        assert not isinstance(await one(store, amount), Refused)
        passed.append((moment, amount))
    for at, _ in passed:
        assert sum(each for later, each in passed if at <= later <= at + 60) <= LIMIT


@given(STEPS)
def test_a_minute_never_has_more_than_the_limit_on_one_machine(steps: Steps) -> None:
    """Whenever it begins; and a refusal tells the first moment at which the same is allowed."""
    clock = Clock()
    asyncio.run(follow(LocalStore(None, clock=clock), clock, steps))


def test_a_minute_never_has_more_than_the_limit_in_redis(redis: RedisServer) -> None:
    """The script says the same as the code."""
    clock = Clock()
    with asyncio.Runner() as runner:
        store = RedisStore(redis.url, clock=clock)

        @settings(max_examples=60)
        @given(STEPS)
        def check(steps: Steps) -> None:
            runner.run(follow(store, clock, steps))

        try:
            check()
        finally:
            runner.run(store.close())


@pytest.fixture(params=["file", "redis"])
def both(request: pytest.FixtureRequest) -> tuple[Store, Clock]:
    """Each place, with a clock that is told."""
    clock = Clock()
    if request.param == "file":
        return LocalStore(None, clock=clock), clock
    server: RedisServer = request.getfixturevalue("redis")
    return RedisStore(server.url, clock=clock), clock


async def test_what_was_used_takes_the_place_of_what_was_reserved(both: tuple[Store, Clock]) -> None:
    """Less frees the second in which it was reserved; more counts from now."""
    store, clock = both
    second = await one(store, 10)
    assert isinstance(second, int)
    clock.now += 30
    await store.exchange(News(spent=[("one", second, -4)]))
    assert await one(store, 4) == second + 30
    await store.exchange(News(spent=[("one", second + 30, +3)]))
    refused = await one(store, 1)
    clock.now += 31
    later = await one(store, 4)
    await store.close()

    assert isinstance(refused, Refused)
    assert refused.retry_after == 31.0
    assert isinstance(later, Refused), "6 of the first are over; 4 and the 3 more are not"
    assert later.retry_after == 30.0


async def test_what_is_over_is_not_given_back_twice(both: tuple[Store, Clock]) -> None:
    """A long call ends after its minute: nothing of it counts that could be freed."""
    store, clock = both
    second = await one(store, 10)
    assert isinstance(second, int)
    clock.now += 61
    assert isinstance(await one(store, 10), int)
    await store.exchange(News(spent=[("one", second, -10)]))
    refused = await one(store, 1)
    await store.close()

    assert isinstance(refused, Refused)


async def test_a_clock_that_is_set_back_closes_nothing_for_good(both: tuple[Store, Clock]) -> None:
    """What was taken in a future that has not come is forgotten."""
    store, clock = both
    await one(store, 10)
    await store.take([Wanted("t", [Ask("slots", Kind.PARALLEL, 1)])])
    clock.now -= 3600
    allowed = await one(store, 10)
    await store.close()

    assert isinstance(allowed, int)
