"""Many parts of one call at once: bounded, in order, a failed part tried again alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from modelbay.errors import ModelbayError

T = TypeVar("T")
R = TypeVar("R")


async def each(
    parts: Sequence[T], work: Callable[[T], Awaitable[R]], *, at_once: int, attempts: int = 1
) -> list[R]:
    """Do `work(part)` for every part, at most `at_once` at a time; return the results in order.

    A part that fails with a retryable error is tried again alone, up to `attempts` times in all. The first
    final failure cancels the rest and is raised.
    """
    if len(parts) == 1:
        return [await _persist(work, parts[0], attempts)]
    room = asyncio.Semaphore(max(at_once, 1))

    async def one(part: T) -> R:
        async with room:
            return await _persist(work, part, attempts)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(part)) for part in parts]
    except BaseExceptionGroup as failures:
        raise _first(failures) from None
    return [task.result() for task in tasks]


async def _persist(work: Callable[[T], Awaitable[R]], part: T, attempts: int) -> R:
    for _ in range(attempts - 1):
        try:
            return await work(part)
        except ModelbayError as error:
            if not error.retryable:
                raise
    return await work(part)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
