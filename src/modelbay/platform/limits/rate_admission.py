"""Letting calls in: every limit that a call has to keep is taken from at once, or the call is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from modelbay.platform.limits.scopes import Rates, Scope
from modelbay.platform.shared import Ask, Kind, Refused, Shared, Ticket
from modelbay.runtime.accounts import RateReachedError

_COUNTED: Final = {
    Kind.REQUESTS: "requests a minute",
    Kind.TOKENS: "tokens a minute",
    Kind.PARALLEL: "calls at once",
}


class RateAdmission:
    """One call's way in. Its caller is counted once, however many models are tried."""

    __slots__ = ("_keys", "_member", "_model", "_rates", "_shared", "_tickets")

    def __init__(self, shared: Shared, rates: Rates, *, member: str = "", keys: Sequence[str] = ()) -> None:
        """Prepare to let a call in.

        Args:
            rates: Those of its workspace. Where they limit nothing, nobody is asked.
            keys: The key of the call, its parents behind it: all of them have to keep their limits.
        """
        self._shared = shared
        self._rates = rates
        self._member = member
        self._keys = keys
        self._tickets: list[Ticket] | None = None
        self._model: list[Ask] = []

    async def admit(self, model: str, tokens: int) -> None:
        """Let the call go to a model; one that it was let to before has failed, and is given back.

        Args:
            model: As `provider/model`; "" if there is none to limit.
            tokens: The most that it may use, prompt and answer: what it used is said by `settle`.

        Raises:
            RateReachedError: A limit does not allow it; nothing was taken of any.
        """
        self._leave_model()
        asked = list(self._asks(Scope.MODEL, model, tokens)) if model else []
        caller = list(self._of_caller(tokens)) if self._tickets is None else []
        ticket = await self._take([*caller, *asked]) if caller or asked else None
        self._model = asked
        self._tickets = [*(self._tickets or ()), *([ticket] if ticket is not None else ())]

    def settle(self, tokens: int | None = None) -> None:
        """Say that the call has ended. Only the first time counts.

        Args:
            tokens: What it used; None if that is not known.
        """
        for ticket in self._tickets or ():
            ticket.settle(tokens)

    async def _take(self, asks: Sequence[Ask]) -> Ticket:
        taken = await self._shared.take(asks)
        if isinstance(taken, Refused):
            raise _refusal(taken)
        return taken

    def _of_caller(self, tokens: int) -> Iterator[Ask]:
        yield from self._asks(Scope.WORKSPACE, "", tokens)
        if self._member:
            yield from self._asks(Scope.MEMBER, self._member, tokens)
        for key in self._keys:
            yield from self._asks(Scope.KEY, key, tokens)

    def _asks(self, scope: Scope, scope_id: str, tokens: int) -> Iterator[Ask]:
        """Yield what the call needs of the limits of one."""
        limits = self._rates.of(scope, scope_id)
        if limits is None:
            return
        name = f"{self._rates.workspace}/{scope.value}/{scope_id}"
        if limits.requests is not None:
            yield Ask(f"{name}:requests", Kind.REQUESTS, limits.requests)
        if limits.tokens is not None:
            yield Ask(f"{name}:tokens", Kind.TOKENS, limits.tokens, max(1, tokens))
        if limits.parallel is not None:
            yield Ask(f"{name}:parallel", Kind.PARALLEL, limits.parallel)

    def _leave_model(self) -> None:
        if self._tickets and self._model:
            self._tickets[-1].settle(0, asks=self._model)
        self._model = []


def _refusal(refused: Refused) -> RateReachedError:
    """Return a refusal for the client: what is limited, to how much, and what to do."""
    ask, wait = refused
    place = ask.name.partition("/")[2].rpartition(":")[0]
    scope, _, scope_id = place.partition("/")
    limited = f"{scope} {scope_id}".strip()
    allowed = f"{limited}: {ask.limit} {_COUNTED[ask.kind]} are allowed"
    of_model = scope == Scope.MODEL
    if wait is None:
        return RateReachedError(
            f"{allowed}, and this call may use {ask.amount}: ask for a shorter answer, or raise the limit",
            of_model=of_model,
            status=429,
            code="request_exceeds_rate",
            retryable=of_model,  # another model of a route may allow it
        )
    return RateReachedError(
        f"{allowed}; try again in {wait:.3g} s",
        of_model=of_model,
        status=429,
        code="rate_limit_exceeded",
        retry_after=wait,
    )
