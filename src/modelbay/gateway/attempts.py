"""Trying the models that a name means, in order, until one begins to answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from modelbay.entities import ModelType
from modelbay.errors import InvokeAuthorizationError, InvokeBadRequestError, InvokeError
from modelbay.gateway.call import Call
from modelbay.runtime.accounts import LimitReachedError
from modelbay.runtime.names import ModelName
from modelbay.runtime.opened import Opened
from modelbay.runtime.ports import Using
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

    Mistakes in messages are told at the client's `places` for them.

    A route goes on to its next model where the one before is not to be had; what the client did wrong is
    wrong for all of them.

    Raises:
        InvokeError: No model answered; the error is the last one's.
    """
    ways = _ways(call, call.bay.choices.of(model, model_type, call.caller), model_type)
    for attempt, (name, using) in enumerate(ways, start=1):
        call.tries(name, attempt)
        call.limits_told = {}
        upstream_limits.set(call.limits_told)  # for this task, which serves nothing else
        try:
            return await _try(call, name, using, model_type, wishes, begin)
        except InvokeError as error:
            if attempt == len(ways) or not may_go_on(error):
                if error.status is None and isinstance(error, InvokeBadRequestError):
                    error.description = at_place(error.description, places)
                raise
    raise AssertionError("a name means at least one model")


def may_go_on(error: InvokeError) -> bool:
    """Whether another model or other credentials may succeed where one failed so."""
    return error.retryable or isinstance(error, InvokeAuthorizationError | LimitReachedError)


def _ways(
    call: Call, names: Sequence[ModelName], model_type: ModelType
) -> list[tuple[ModelName, Using | InvokeError]]:
    """Return what to try, in order: models with credentials, or why a model has none."""
    ways: list[tuple[ModelName, Using | InvokeError]] = []
    for name in names:
        try:
            ways += [(name, using) for using in call.bay.usable(name, model_type)]
        except InvokeError as error:
            ways.append((name, error))
    return ways


async def _try(
    call: Call,
    name: ModelName,
    using: Using | InvokeError,
    model_type: ModelType,
    wishes: Wishes,
    begin: Callable[[Opened], Awaitable[T]],
) -> tuple[Opened, T]:
    if isinstance(using, InvokeError):
        raise using
    opened = await call.bay.way(using).engine.open(
        name, model_type, wishes, credentials=using.credentials, drop=call.drop
    )
    call.priced(opened.pricing)
    while True:  # without a parameter that is dropped the answer may be longer: more is held
        await call.hold(name, using, opened.schema, lambda: opened.parameters)
        try:
            begun = await begin(opened)
        except InvokeBadRequestError as error:
            if not call.drop or not opened.drop(error, wishes):
                raise
        else:
            call.dropped = [*opened.dropped, *opened.notices]
            return opened, begun
