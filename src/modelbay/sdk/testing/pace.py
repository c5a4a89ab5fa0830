"""How fast and in which pieces an answer leaves: latency, delay, gate, boundary."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal

from .gate import Gate

Boundary = int | Literal["random"] | None


@dataclass(slots=True)
class Pace:
    """The speed of one upstream.

    Attributes:
        boundary: Bytes in a write: a number, `random` (1 to 16, by `seed`), or None for one write an event.
        delay: Seconds between writes.
        latency: Seconds before an answer begins.
        gate: When set, each event waits at it.
    """

    boundary: Boundary = None
    delay: float = 0.0
    latency: float = 0.0
    gate: Gate | None = None
    seed: int = 0

    @property
    def at_once(self) -> bool:
        """Whether a whole answer may be written in one go."""
        return self.boundary is None and self.gate is None and not self.delay and not self.latency

    def cut(self, events: Iterable[bytes]) -> Iterator[bytes]:
        """Cut a body into the pieces that are written, wherever characters and events begin."""
        if self.boundary is None:
            yield from (event for event in events if event)
            return
        sizes = self._sizes()
        size, rest = next(sizes), b""
        for event in events:
            rest += event
            while len(rest) >= size:
                yield rest[:size]
                rest, size = rest[size:], next(sizes)
            if rest and self.gate is not None:  # what waits behind the gate must not hold back what passed it
                yield rest
                rest = b""
        if rest:
            yield rest

    async def before_write(self, *, first: bool) -> None:
        """Wait as long as the next write has to."""
        if self.gate is not None:
            await self.gate.passed()
        # Even without a delay the client gets its turn, or the kernel would join the pieces again.
        await asyncio.sleep(0 if first else self.delay)

    def _sizes(self) -> Iterator[int]:
        random = Random(self.seed)  # noqa: S311 - a reproducible cut, not a secret
        while True:
            yield random.randint(1, 16) if self.boundary == "random" else int(self.boundary or 1)
