"""What a benchmark gives: figures, each with its values by round and the most it may be."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured quantity. Without `goal` it is there to compare with; without `values` it was skipped."""

    name: str
    unit: str
    values: tuple[float, ...]
    goal: float | None = None
    note: str = ""

    @property
    def median(self) -> float | None:
        """The value that counts."""
        return statistics.median(self.values) if self.values else None

    @property
    def met(self) -> bool | None:
        """Whether the median is within the goal; None where there is no goal, or nothing was measured."""
        return None if self.median is None or self.goal is None else self.median <= self.goal

    def plain(self) -> dict[str, Any]:
        """Return the figure as JSON can hold it."""
        return {**asdict(self), "median": self.median, "met": self.met}


@dataclass(frozen=True, slots=True)
class Rounds:
    """How often to measure; iterating tells `tick` about each round that is done."""

    count: int
    tick: Callable[[], object]

    def __iter__(self) -> Iterator[int]:
        for number in range(self.count):
            yield number
            self.tick()


def scaled(values: list[float], factor: float) -> tuple[float, ...]:
    """Return the values in another unit."""
    return tuple(value * factor for value in values)


def differences(ours: list[float], bare: list[float], factor: float = 1.0) -> tuple[float, ...]:
    """Return, round by round, how much more ours is than the bare one."""
    return tuple((mine - theirs) * factor for mine, theirs in zip(ours, bare, strict=True))
