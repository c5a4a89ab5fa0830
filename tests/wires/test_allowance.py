"""How much a provider may be asked: in order, never more than allowed, as long as a call may take."""

from __future__ import annotations

import asyncio
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay.errors import InvokeRateLimitError
from modelbay.wires.allowance import Allowance, Turn


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def allowed(
    *, rpm: int | None = None, tpm: int | None = None, parallelism: int | None = None
) -> tuple[Allowance, Clock]:
    """Return an allowance and its clock."""
    clock = Clock()
    return Allowance(ticks=clock).adjust(rpm=rpm, tpm=tpm, parallelism=parallelism), clock


async def settled() -> None:
    """Let every task go on until it waits."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_what_is_allowed_does_not_wait() -> None:
    """It is the usual case."""
    allowance, _ = allowed(rpm=3, tpm=100, parallelism=3)
    turns = [await allowance.enter(30, 0.0) for _ in range(3)]

    assert sum(turn.tokens for turn in turns) == 90


async def test_the_next_minute_has_room_again() -> None:
    """The window slides: a request counts for sixty seconds from when it went out."""
    allowance, clock = allowed(rpm=2)
    await allowance.enter(0, 1)
    clock.now += 20
    await allowance.enter(0, 1)
    waiting = asyncio.create_task(allowance.enter(0, 50))
    await settled()
    assert not waiting.done()
    clock.now += 39
    allowance.look()
    await settled()
    assert not waiting.done()
    clock.now += 1.1
    allowance.look()

    assert isinstance(await waiting, Turn)


@pytest.mark.parametrize(
    ("limits", "tokens", "what"),
    [({"rpm": 1}, 0, "1 requests a minute"), ({"tpm": 100}, 80, "100 tokens a minute")],
)
async def test_who_cannot_have_a_turn_in_time_is_told_at_once_and_when(
    limits: dict[str, int], tokens: int, what: str
) -> None:
    """Waiting for nothing helps nobody."""
    allowance, clock = allowed(**limits)
    await allowance.enter(tokens, 1)
    clock.now += 10
    with pytest.raises(InvokeRateLimitError, match=what) as raised:
        await allowance.enter(tokens, 49)

    assert (raised.value.retry_after, raised.value.code) == (50.0, "network_limit")


async def test_who_waits_for_others_to_end_waits_as_long_as_the_call_may_take() -> None:
    """Nobody knows when they will."""
    allowance = Allowance().adjust(rpm=None, tpm=None, parallelism=1)
    await allowance.enter(0, 1)
    with pytest.raises(InvokeRateLimitError, match="1 requests at once") as raised:
        await allowance.enter(0, 0.1)

    assert raised.value.retry_after == 1.0


async def test_too_many_do_not_wait() -> None:
    """A queue without end is memory without end, and answers that nobody waits for."""
    allowance = Allowance(most_waiting=2).adjust(rpm=None, tpm=None, parallelism=1)
    turn = await allowance.enter(0, 1)
    waiting = [asyncio.create_task(allowance.enter(0, math.inf)) for _ in range(2)]
    await settled()
    with pytest.raises(InvokeRateLimitError, match="2 calls wait already"):
        await allowance.enter(0, math.inf)
    turn.leave()
    (await waiting[0]).leave()

    assert isinstance(await waiting[1], Turn)


async def test_who_goes_away_while_waiting_leaves_no_gap() -> None:
    """A client that hangs up must not hold up those behind it."""
    allowance, _ = allowed(parallelism=1)
    turn = await allowance.enter(0, 1)
    first, second = (asyncio.create_task(allowance.enter(0, math.inf)) for _ in range(2))
    await settled()
    first.cancel()
    turn.leave()
    turn.leave()

    (await second).leave()
    assert isinstance(await allowance.enter(0, 0.0), Turn)


async def test_a_guess_gives_way_to_what_was_used() -> None:
    """Room that was held for nothing is free, and what was more than guessed is taken."""
    allowance, clock = allowed(tpm=100)
    turn = await allowance.enter(90, 1)
    waiting = asyncio.create_task(allowance.enter(50, 90))
    await settled()
    assert not waiting.done()
    turn.add(-60)
    await waiting
    turn.add(100)
    with pytest.raises(InvokeRateLimitError):
        await allowance.enter(1, 1)
    clock.now += 61
    turn.add(-1000)  # of a minute that is over
    await allowance.enter(100, 1)
    with pytest.raises(InvokeRateLimitError):
        await allowance.enter(1, 1)


async def test_a_request_larger_than_a_minutes_tokens_goes_alone() -> None:
    """Else it would never go."""
    allowance, clock = allowed(tpm=100)
    await allowance.enter(5000, 0.0)
    with pytest.raises(InvokeRateLimitError):
        await allowance.enter(1, 1)
    clock.now += 60.1

    assert isinstance(await allowance.enter(5000, 0.0), Turn)


async def test_a_larger_allowance_lets_go_who_waits() -> None:
    """A change of the settings is for the queue too."""
    allowance, _ = allowed(rpm=1, parallelism=1)
    await allowance.enter(0, 1)
    waiting = [asyncio.create_task(allowance.enter(0, math.inf)) for _ in range(3)]
    await settled()
    allowance.adjust(rpm=None, tpm=None, parallelism=None)

    assert len(await asyncio.gather(*waiting)) == 3


@given(
    parallelism=st.integers(1, 4),
    lengths=st.lists(st.integers(0, 5), min_size=1, max_size=20),
    gone=st.sets(st.integers(0, 19)),
)
def test_turns_come_in_order_and_never_too_many(parallelism: int, lengths: list[int], gone: set[int]) -> None:
    """Whoever takes how long, and whoever goes away."""

    async def play() -> None:
        allowance, _ = allowed(parallelism=parallelism)
        begun: list[int] = []
        busy = most = 0

        async def one(place: int) -> None:
            nonlocal busy, most
            turn = await allowance.enter(0, math.inf)
            begun.append(place)
            busy += 1
            most = max(most, busy)
            try:
                for _ in range(lengths[place]):
                    await asyncio.sleep(0)
            finally:
                busy -= 1
                turn.leave()

        tasks = [asyncio.create_task(one(place)) for place in range(len(lengths))]
        await asyncio.sleep(0)
        for place in gone & set(range(len(lengths))):
            tasks[place].cancel()
        await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
        assert begun == sorted(begun)
        assert set(range(len(lengths))) - set(begun) <= gone
        assert most <= parallelism

    asyncio.run(play())
