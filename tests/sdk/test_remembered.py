"""Facts that upstreams tell of themselves are asked for once, and again when they are old."""

from __future__ import annotations

import pytest

from modelbay.errors import InvokeConnectionError
from modelbay.sdk.remembered import Remembered


class Upstream:
    """Tells how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.fails = False

    async def tell(self) -> int:
        """Answer, or fail."""
        self.asked += 1
        if self.fails:
            raise InvokeConnectionError("it is away")
        return self.asked


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_a_fact_is_asked_for_once_until_it_is_old() -> None:
    """A model's inputs change with its version, which is seldom."""
    clock, upstream = Clock(), Upstream()
    known: Remembered[int] = Remembered(10.0, ticks=clock)

    assert [await known.get("a", upstream.tell) for _ in range(3)] == [1, 1, 1]
    clock.now = 10.0
    assert await known.get("a", upstream.tell) == 2
    assert await known.get("b", upstream.tell) == 3


async def test_a_failure_is_not_remembered() -> None:
    """The next call may be luckier."""
    upstream, known = Upstream(), Remembered[int]()
    upstream.fails = True
    with pytest.raises(InvokeConnectionError):
        await known.get("a", upstream.tell)
    upstream.fails = False

    assert await known.get("a", upstream.tell) == 2


async def test_what_was_told_otherwise_counts_and_what_was_forgotten_is_asked_again() -> None:
    """A check asks anew and tells the others."""
    upstream, known = Upstream(), Remembered[int]()

    assert known.put("a", 7) == 7
    assert await known.get("a", upstream.tell) == 7
    known.forget("a")
    known.forget("never known")
    assert await known.get("a", upstream.tell) == 1


async def test_only_so_many_facts_are_kept_and_those_in_use_longest() -> None:
    """Names of models come from callers, without end."""
    upstream = Upstream()
    known: Remembered[int] = Remembered(most=2)
    for key in ("a", "b", "a", "c"):
        await known.get(key, upstream.tell)

    assert await known.get("a", upstream.tell) == 1
    assert await known.get("b", upstream.tell) == 4
