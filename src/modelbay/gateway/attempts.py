"""Trying the models that a name means, each with its credentials, until one begins to answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from modelbay.entities import ModelType
from modelbay.errors import InvokeBadRequestError, InvokeConnectionError, InvokeError
from modelbay.gateway.call import Call
from modelbay.runtime.opened import Opened
from modelbay.runtime.trying import Attempt
from modelbay.wires.places import Place, at_place
from modelbay.wires.request import upstream_limits
from modelbay.wires.serving import Wishes

T = TypeVar("T")


async def first_answer(
    call: Call,
    model: str,
    model_type: ModelType,
    wishes: Wishes,
    begin: Callable[[Opened], Awaitable[T]],
    places: Sequence[Place] = (),
) -> tuple[Opened, T]:
    """Return the first model that begins to answer, and what `begin` gave.

    Mistakes in messages are told at the client's `places` for them. Attempts that the fast lane has begun are
    gone on with.

    Raises:
        InvokeError: No model answered; the error is the last one's.
    """
    trying = call.begin_trying(model, model_type)
    while (attempt := call.pending or await trying.next()) is not None:
        call.pending = None
        call.tries(attempt, trying.count)
        upstream_limits.set(call.limits_told)  # for this task, which serves nothing else
        try:
            opened = await _opened(call, attempt, model_type, wishes)
            begun = await in_time(attempt, _begin(call, attempt, opened, wishes, begin))
        except InvokeError as error:
            call.failed(error)
        else:
            call.answering()
            return opened, begun
    last = call.given_up()
    if last.status is None and isinstance(last, InvokeBadRequestError):
        last.description = at_place(last.description, places)
    raise last


async def _opened(call: Call, attempt: Attempt, model_type: ModelType, wishes: Wishes) -> Opened:
    """Return the attempt's model, fitted with what the client asks."""
    if attempt.refusal is not None:
        raise attempt.refusal
    opened = await call.bay.way(attempt.using).engine.open(
        attempt.name, model_type, wishes, credentials=attempt.using.credentials, drop=call.drop
    )
    call.priced(opened.pricing)
    return opened


async def in_time(attempt: Attempt, begun: Awaitable[T]) -> T:
    """Return what begins within the time that the route gives this model.

    Raises:
        InvokeConnectionError: It took longer.
    """
    seconds = attempt.step.timeout
    if seconds is None:
        return await begun
    try:
        async with asyncio.timeout(seconds):
            return await begun
    except TimeoutError:
        raise too_slow(attempt, seconds) from None


def too_slow(attempt: Attempt, seconds: float) -> InvokeConnectionError:
    """Return the error of an attempt that did not begin to answer in its time."""
    text = f"no answer within {seconds:g} seconds (the route's timeout of this model)"
    return InvokeConnectionError(text, provider=attempt.name.provider, model=attempt.name.model)


async def _begin(
    call: Call,
    attempt: Attempt,
    opened: Opened,
    wishes: Wishes,
    begin: Callable[[Opened], Awaitable[T]],
) -> T:
    while True:  # without a parameter that is dropped the answer may be longer: more is held
        call.is_asking = False
        await call.hold(attempt.name, attempt.using, opened.schema, lambda: opened.parameters)
        call.is_asking = True
        try:
            begun = await begin(opened)
        except InvokeBadRequestError as error:
            if not call.drop or not opened.drop(error, wishes):
                raise
        else:
            call.dropped = [*opened.dropped, *opened.notices]
            return begun
