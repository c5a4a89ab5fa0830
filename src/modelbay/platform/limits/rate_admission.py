"""Letting calls in: every limit that a call has to keep is taken from at once, or the call is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from modelbay.errors import InvokeServerUnavailableError
from modelbay.platform.background import BackgroundDatabase
from modelbay.platform.limits.rates import limits_of
from modelbay.platform.limits.remembered import INTERVAL, Remembered
from modelbay.platform.limits.scopes import EACH, Limits, Scope
from modelbay.platform.shared import Ask, Kind, Refused, Shared, Ticket
from modelbay.runtime.accounts import RateReachedError
from modelbay.store import Database, StoreError
from modelbay.store import rates as queries

_COUNTED: Final = {
    Kind.REQUESTS: "requests a minute",
    Kind.TOKENS: "tokens a minute",
    Kind.PARALLEL: "calls at once",
}


@dataclass(frozen=True, slots=True)
class Table:
    """The rates of a workspace, as they were read."""

    workspace: str
    limits: Mapping[tuple[str, str], Limits]

    def of(self, scope: Scope, scope_id: str) -> Limits | None:
        """Return the limits of a member, key or model: its own; where they say nothing, those of each."""
        own, each = self.limits.get((scope, scope_id)), self.limits.get((scope, EACH))
        return own.over(each) if own and each else own or each

    def asks(self, scope: Scope, scope_id: str, tokens: int) -> Iterator[Ask]:
        """Yield what a call needs of the limits of one."""
        limits = self.of(scope, scope_id)
        if limits is None:
            return
        name = f"{self.workspace}/{scope.value}/{scope_id}"
        if limits.requests is not None:
            yield Ask(f"{name}:requests", Kind.REQUESTS, limits.requests)
        if limits.tokens is not None:
            yield Ask(f"{name}:tokens", Kind.TOKENS, limits.tokens, max(1, tokens))
        if limits.parallel is not None:
            yield Ask(f"{name}:parallel", Kind.PARALLEL, limits.parallel)


class Rates:
    """Lets the calls of one process of a gateway in; where nothing is limited, without asking anybody."""

    def __init__(self, database: BackgroundDatabase, shared: Shared, *, interval: float = INTERVAL) -> None:
        self._tables = Remembered(database, queries.KIND, _read, interval=interval)
        self._shared = shared

    @property
    def failure(self) -> str:
        """Why changes of rates are not seen; "" if they are."""
        return self._tables.failure

    def is_unlimited(self, workspace: str) -> bool:
        """Whether a workspace is known to limit nothing; without I/O."""
        found = self._tables.known(workspace)
        return found is not None and not found.limits

    def admission(self, workspace: str, *, member: str = "", keys: Sequence[str] = ()) -> RateAdmission:
        """Return what lets one call in, and keeps what it has taken.

        Args:
            keys: The key of the call, its parents behind it: all of them have to keep their limits.
        """
        return RateAdmission(self, workspace, member, keys)

    async def admit(
        self, workspace: str, *, member: str = "", keys: Sequence[str] = (), model: str = "", tokens: int = 0
    ) -> RateAdmission:
        """As `admission`, let in already."""
        admission = self.admission(workspace, member=member, keys=keys)
        await admission.admit(model, tokens)
        return admission

    async def table(self, workspace: str) -> Table:
        """Return the rates of a workspace; without I/O from its second call on."""
        found = self._tables.known(workspace)
        if found is not None:
            return found
        try:
            return await self._tables.of(workspace)
        except StoreError:  # its words name files of this machine, and are for who runs it
            raise InvokeServerUnavailableError("rates cannot be looked up now; try again") from None

    async def take(self, asks: Sequence[Ask]) -> Ticket:
        """Take what a call needs, all or nothing.

        Raises:
            RateReachedError: A limit does not allow it; it says which, and when to try again.
        """
        taken = await self._shared.take(asks)
        if isinstance(taken, Refused):
            raise _refusal(taken)
        return taken

    async def look(self) -> None:
        """See now what has changed; it is done every 0.4 s anyway."""
        await self._tables.look()

    async def close(self) -> None:
        """End the looking."""
        await self._tables.close()


class RateAdmission:
    """One call's way in. Its caller is counted once, however many models are tried."""

    __slots__ = ("_keys", "_member", "_model", "_rates", "_tickets", "_workspace")

    def __init__(self, rates: Rates, workspace: str, member: str, keys: Sequence[str]) -> None:
        self._rates = rates
        self._workspace = workspace
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
        table = await self._rates.table(self._workspace)
        if not table.limits:
            self._tickets = self._tickets or []
            return
        asked = list(table.asks(Scope.MODEL, model, tokens)) if model else []
        caller = list(self._of_caller(table, tokens)) if self._tickets is None else []
        ticket = await self._rates.take([*caller, *asked]) if caller or asked else None
        self._model = asked
        self._tickets = [*(self._tickets or ()), *([ticket] if ticket is not None else ())]

    def settle(self, tokens: int | None = None) -> None:
        """Say that the call has ended. Only the first time counts.

        Args:
            tokens: What it used; None if that is not known.
        """
        for ticket in self._tickets or ():
            ticket.settle(tokens)

    def _of_caller(self, table: Table, tokens: int) -> Iterator[Ask]:
        yield from table.asks(Scope.WORKSPACE, "", tokens)
        if self._member:
            yield from table.asks(Scope.MEMBER, self._member, tokens)
        for key in self._keys:
            yield from table.asks(Scope.KEY, key, tokens)

    def _leave_model(self) -> None:
        if self._tickets and self._model:
            self._tickets[-1].settle(0, asks=self._model)
        self._model = []


def _read(database: Database, workspace: str) -> Table:
    rows = queries.listed(database, workspace)
    return Table(workspace, {(row.scope, row.scope_id): limits_of(row) for row in rows})


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
