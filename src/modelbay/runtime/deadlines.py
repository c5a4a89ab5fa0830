"""One deadline for a whole call, from the caller down to the socket."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from typing import TypeVar

from modelbay.errors import InvokeConnectionError
from modelbay.sdk.mapping import close
from modelbay.wires.request import call_deadline

T = TypeVar("T")


Place = tuple[str | None, str | None]
"""Provider and model, for the error."""


async def within(timeout: float | None, work: Awaitable[T], place: Place = (None, None)) -> T:
    """Return what `work` gives; InvokeConnectionError if it takes more than `timeout` seconds."""
    if timeout is None:
        return await work
    token = call_deadline.set(time.monotonic() + timeout)
    try:
        async with asyncio.timeout(timeout):
            return await work
    except TimeoutError:
        raise too_late(timeout, place) from None
    finally:
        call_deadline.reset(token)


async def before(
    timeout: float | None, items: AsyncIterator[T], place: Place = (None, None)
) -> AsyncIterator[T]:
    """Yield the items; InvokeConnectionError if they are not all here after `timeout` seconds."""
    if timeout is None:
        try:
            async for item in items:
                yield item
        finally:
            await close(items)
        return
    deadline = time.monotonic() + timeout
    try:
        while True:
            token = call_deadline.set(deadline)
            try:
                async with asyncio.timeout(deadline - time.monotonic()):
                    item = await anext(items)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise too_late(timeout, place) from None
            finally:
                call_deadline.reset(token)
            yield item
    finally:
        await close(items)


def too_late(timeout: float, place: Place) -> InvokeConnectionError:
    """Return the error of a call that was not complete in time."""
    text = f"no complete answer within {timeout:g} seconds (the call's timeout)"
    return InvokeConnectionError(text, provider=place[0], model=place[1])
