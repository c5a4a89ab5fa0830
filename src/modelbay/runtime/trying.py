"""One call's attempts: over the models that its name means, and the credentials of each, in order."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from modelbay.entities import Credentials, ModelType
from modelbay.errors import (
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeConnectionError,
    InvokeError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
)
from modelbay.runtime.accounts import LimitReachedError, RateReachedError
from modelbay.runtime.balancing import Candidate, Candidates, Strategy, Turns, Weighed
from modelbay.runtime.cooling import Cooling, ErrorClass, class_of
from modelbay.runtime.names import ModelName
from modelbay.runtime.ports import Using
from modelbay.runtime.routing import Ordering, Planned, Step
from modelbay.runtime.tried import Tried
from modelbay.wires.allowance import OURS

MOST: Final = 8
"""Attempts of one call."""
_CURABLE: Final = frozenset({ErrorClass.CONNECTION, ErrorClass.UNAVAILABLE})
"""What may be over before its time: worth a try where nothing else is left."""
_SWITCHED_OFF: Final = "disabled"  # the code of the error of a model that is switched off in a workspace
_ERRORS: Final[dict[ErrorClass | None, type[InvokeError]]] = {
    ErrorClass.AUTHORIZATION: InvokeAuthorizationError,
    ErrorClass.CONNECTION: InvokeConnectionError,
    ErrorClass.UNAVAILABLE: InvokeServerUnavailableError,
}

CandidatesOf = Callable[[ModelName, ModelType], Candidates]


class Balancer:
    """What one process remembers of turns and failures, for all its calls."""

    def __init__(self, cooling: Cooling | None = None) -> None:
        self.turns = Turns()
        self.ordering = Ordering(self.turns)
        self.cooling = Cooling() if cooling is None else cooling


class Attempt(NamedTuple):
    """A model, and the credentials to call it with; or the `refusal` that is told where it has none."""

    name: ModelName
    using: Using
    step: Step
    why: str
    key: str = ""
    group: tuple[str, ...] = ()
    probe: bool = False
    refusal: InvokeError | None = None


class Trying:
    """The attempts of one call, one after the other; `error` is the last one's.

    Whoever calls takes the `next` attempt, and says what came of it: `began` or `failed`; and `close`s at the
    end of the call, whichever end that is.
    """

    __slots__ = (
        "_at",
        "_balancer",
        "_candidates",
        "_clock",
        "_current",
        "_left",
        "_may_leave",
        "_planned",
        "_since",
        "_tried",
        "_type",
        "_workspace",
        "alone",
        "count",
        "error",
    )

    def __init__(
        self,
        workspace: str,
        planned: Sequence[Planned],
        model_type: ModelType,
        candidates: CandidatesOf,
        balancer: Balancer,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._workspace = workspace
        self._planned = planned
        self._type = model_type
        self._candidates = candidates
        self._balancer = balancer
        self._clock = clock
        self._at = 0
        self._left: list[Candidate] | None = None
        self._current: Attempt | None = None
        self._may_leave = True
        self._tried = Tried()
        self._since = 0.0
        self.count = 0
        self.error: InvokeError | None = None
        self.alone = False

    async def next(self) -> Attempt | None:
        """Return what to try now; None if nothing is left, and then `error` is what to tell."""
        if self.count >= MOST:
            return None
        attempt = self._only() if not self.count else None
        if attempt is None and not self.alone:
            attempt = await self._following()
        if attempt is None:
            self._tell_when()
            return None
        if attempt.group and not self._balancer.turns.begin(attempt.group, attempt.using.id):
            attempt = attempt._replace(group=())  # it was taken out while it was claimed
        self.count += 1
        self._current = attempt
        self._since = self._clock()
        return attempt

    def failed(self, error: InvokeError, *, blame: bool = True, late: bool = False) -> None:
        """Note that the attempt failed, before anything of an answer was sent.

        Args:
            blame: Whether the upstream failed, so that it is left alone; it may not have been asked at all.
            late: Whether the call's own time is up: then nothing else is tried, and nobody is to blame.
        """
        attempt, kind = self._current, class_of(error)
        assert attempt is not None
        self.error = error
        self._note(attempt, kind.value, error.status)
        self._finish(attempt)
        if self.alone:
            return
        if blame and not late and attempt.key and may_go_on(error) and not _is_ours(error):
            self._balancer.cooling.failed(attempt.key, kind, error.retry_after)
        if attempt.probe:
            self._balancer.cooling.let_go(attempt.key)
        if late:
            self._at, self._left = len(self._planned), None
        else:
            self._turn_to(attempt, error, kind)

    def began(self) -> None:
        """Note that the attempt answers: what comes after is no matter of other attempts."""
        attempt = self._current
        if attempt is None or self.alone:
            return
        self._note(attempt, "", 200)
        self._balancer.cooling.succeeded(attempt.key)
        if attempt.probe:
            self._balancer.cooling.let_go(attempt.key)
            self._current = attempt._replace(probe=False)

    def close(self) -> None:
        """End the call: its credentials are free, and a probe of which nothing came is given back."""
        attempt = self._current
        if attempt is not None:
            self._finish(attempt)
            if attempt.probe:
                self._balancer.cooling.let_go(attempt.key)

    @property
    def notes(self) -> Sequence[dict[str, Any]]:
        """What was tried and passed over, in order; nothing where there was no choice."""
        return self._tried.notes

    def summary(self) -> str:
        """Return what was tried in one line: names, and after which class of error each was left."""
        return self._tried.summary()

    def _only(self) -> Attempt | None:
        """Return the one attempt of a call that has no choice: such a call is never held back."""
        if len(self._planned) != 1:
            return None
        [planned] = self._planned
        try:
            entries = self._candidates(planned.name, self._type).entries
        except InvokeError as error:
            self.alone = True
            return _refused(planned, error)
        if len(entries) != 1:
            return None
        self.alone = True
        return Attempt(planned.name, entries[0].using, planned.step, planned.why)

    async def _following(self) -> Attempt | None:
        while self._at < len(self._planned) and (self._may_leave or self._left):
            planned = self._planned[self._at]
            if self._left is None:
                try:
                    self._left = list(self._candidates(planned.name, self._type).entries)
                except InvokeError as error:
                    self._left = []
                    return _refused(planned, error)
            attempt = await self._pick(planned, self._left)
            if attempt is not None:
                return attempt
            self._leave()
        return self._last_resort() if not self.count else None

    async def _pick(self, planned: Planned, left: list[Candidate]) -> Attempt | None:
        """Return an attempt with credentials that are not left alone, in the way the model is balanced."""
        cooling = self._balancer.cooling
        while left:
            ready = [each for each in left if cooling.may_try(self._key(planned, each.using))]
            if not ready:
                for each in left:
                    self._note_passed(planned, each.using)
                left.clear()
                return None
            chosen, group, why = self._turn(planned, ready)
            if len(ready) < len(left):
                self._pass_over(planned, left, ready, chosen)
            left.remove(chosen)
            key = self._key(planned, chosen.using)
            if not await cooling.claim(key):
                self._note_passed(planned, chosen.using)
                continue
            probe = cooling.left(key) is not None
            if probe:
                why = _and(why, "a probe, now that its cool-down is over")
            return Attempt(planned.name, chosen.using, planned.step, why, key, group, probe)
        return None

    def _pass_over(
        self, planned: Planned, left: list[Candidate], ready: Sequence[Candidate], chosen: Candidate
    ) -> None:
        """Note who might have been chosen, had it not failed before; this call tries it no more."""
        first, among = left[: left.index(chosen)], chosen.shared
        for each in [each for each in left if each not in ready]:
            if each in first or (among and each.shared):
                left.remove(each)
                self._note_passed(planned, each.using)

    def _turn(self, planned: Planned, ready: Sequence[Candidate]) -> tuple[Candidate, tuple[str, ...], str]:
        if not ready[0].shared:
            return ready[0], (), planned.why
        turns, found = self._balancer.turns, self._candidates(planned.name, self._type)
        group, members = (self._workspace, self._type.value, *planned.name), found.members
        shared = [each for each in ready if each.shared]
        among = members
        if len(shared) < len(members):
            among = tuple(Weighed(each.using.id, each.weight) for each in shared)
        picked = turns.pick(group, found.strategy, members, among).id
        chosen = next(each for each in shared if each.using.id == picked)
        return chosen, group, _and(planned.why, self._why(found.strategy, group, chosen, members))

    def _why(
        self, strategy: Strategy, group: tuple[str, ...], chosen: Candidate, members: Sequence[Weighed]
    ) -> str:
        if strategy is Strategy.LEAST_BUSY:
            busy = self._balancer.turns.busy(group, chosen.using.id)
            return f"the least busy key, with {busy} calls under way"
        if strategy is Strategy.WEIGHTED:
            return f"the key's turn, by weight {chosen.weight} of {sum(each.weight for each in members)}"
        return f"the key's turn, 1 of {len(members)}"

    def _turn_to(self, attempt: Attempt, error: InvokeError, kind: ErrorClass) -> None:
        """Decide what may be tried after an error: other credentials, the next model, or nothing."""
        others, is_wrong = may_go_on(error), kind is ErrorClass.BAD_REQUEST
        self._may_leave = error.code == _SWITCHED_OFF or (
            kind in attempt.step.goes_on and (others or is_wrong)
        )
        if self._left is None:
            return
        if not others or isinstance(error, RateReachedError):
            self._left.clear()
        elif isinstance(error, LimitReachedError) and attempt.group:  # it limits all that share the calls
            self._left[:] = [each for each in self._left if not each.shared]
        elif error.code == OURS:  # it limits all that go the same way
            lent = bool(attempt.using.hosted)
            self._left[:] = [each for each in self._left if bool(each.using.hosted) is not lent]

    def _leave(self) -> None:
        self._at += 1
        self._left = None

    def _last_resort(self) -> Attempt | None:
        """Return what is ready soonest if only a connection or an outage keeps from it."""
        waiting = [row for row in self._waiting() if self._balancer.cooling.kind(row[2]) in _CURABLE]
        if not waiting:
            return None
        _, planned, key, using = min(waiting, key=lambda row: row[0])
        why = _and(planned.why, "tried before its cool-down is over, since nothing else is left")
        self._at, self._left = len(self._planned), None
        return Attempt(planned.name, using, planned.step, why, key)

    def _waiting(self) -> list[tuple[float, Planned, str, Using]]:
        found = []
        for planned in self._planned:
            try:
                entries = self._candidates(planned.name, self._type).entries
            except InvokeError:
                continue
            for each in entries:
                key = self._key(planned, each.using)
                left = self._balancer.cooling.left(key)
                if left is not None:
                    found.append((left, planned, key, each.using))
        return found

    def _tell_when(self) -> None:
        """Have the error tell when it is worth to try again: when the first of all is ready."""
        if self.alone or _is_of_caller(self.error):
            return
        waiting = self._waiting()
        if not waiting:
            return
        seconds, planned, key, _ = min(waiting, key=lambda row: row[0])
        if self.error is None:
            kind = self._balancer.cooling.kind(key)
            self.error = _ERRORS.get(kind, InvokeRateLimitError)(
                f"all that could be tried cools down after failures ({kind}): try again in {seconds:.0f} s",
                retryable=True,
            )
            self.error.located(*planned.name)
        if isinstance(self.error, InvokeBadRequestError):
            return
        told = self.error.retry_after if _is_ours(self.error) else None
        self.error.retry_after = seconds if told is None else min(told, seconds)

    def _key(self, planned: Planned, using: Using) -> str:
        return f"{self._workspace}/{using.id}/{self._type.value}/{planned.name}"

    def _finish(self, attempt: Attempt) -> None:
        if attempt.group:
            self._balancer.turns.end(attempt.group, attempt.using.id)
        self._current = None

    def _note(self, attempt: Attempt, error: str, status: int | None) -> None:
        if not self.alone:
            seconds = self._clock() - self._since
            self._tried.attempted(
                attempt.name, attempt.using, why=attempt.why, error=error, status=status, seconds=seconds
            )

    def _note_passed(self, planned: Planned, using: Using) -> None:
        cooling, key = self._balancer.cooling, self._key(planned, using)
        self._tried.passed(planned.name, using, cooling.kind(key), cooling.left(key))


def may_go_on(error: InvokeError) -> bool:
    """Whether another model or other credentials may succeed where one failed so."""
    if _is_of_caller(error):
        return False
    return error.retryable or isinstance(error, InvokeAuthorizationError | LimitReachedError)


def _is_ours(error: InvokeError) -> bool:
    """Whether we have refused, so that nobody was asked and nobody is to blame."""
    return isinstance(error, LimitReachedError | RateReachedError) or error.code == OURS


def _is_of_caller(error: InvokeError | None) -> bool:
    """Whether we have refused whoever calls, whatever is tried."""
    return isinstance(error, RateReachedError) and not error.of_model


def _refused(planned: Planned, error: InvokeError) -> Attempt:
    return Attempt(planned.name, Using(Credentials()), planned.step, planned.why, refusal=error)


def _and(first: str, second: str) -> str:
    return f"{first}; {second}" if first and second else first or second
