"""Holding in the database: what a call may spend at most is taken from its limits before it is made.

What was spent is only ever added by the fold, in the transaction that moves a call into the ledger and lets
go of what it held. So the books are the ledger's sums at any moment, whoever is killed when.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from operator import attrgetter
from typing import NamedTuple, Protocol

from modelbay.errors import ModelbayError
from modelbay.platform.limits.charges import NOTHING
from modelbay.store import Database, spending
from modelbay.store.exact import EXACT
from modelbay.store.spending import Balance, HoldRow, Place


class Limit(Protocol):
    """Something that is not to be overspent."""

    @property
    def place(self) -> Place:
        """Where it is counted."""
        ...

    def spent_before(self, database: Database) -> Decimal:
        """Return what the ledger says was spent of it."""
        ...

    def refusal(self, balance: Balance, amount: Decimal) -> ModelbayError | None:
        """Return the error for a call that may spend so much; None if it may be made."""
        ...


class Ask(NamedTuple):
    """What a call may spend of a limit."""

    limit: Limit
    amount: Decimal


class Hold(NamedTuple):
    """A call that wants to be made. It lets go of what it held before."""

    workspace: str
    call: str
    asks: Sequence[Ask]


class Settlement(NamedTuple):
    """A call that has ended: what it did spend, by limit."""

    workspace: str
    call: str
    spent: Sequence[tuple[Place, Decimal]]


Answer = ModelbayError | Sequence[Balance]
"""Why a call may not be made; or what each of its limits stood at before."""


def settle(database: Database, settlements: Sequence[Settlement]) -> None:
    """Hold what calls did spend, no more, until they are in the ledger; inside a transaction."""
    for each in settlements:
        if not any(amount for _, amount in each.spent):
            spending.drop_holds(database, each.workspace, [each.call])
            continue
        for place, amount in each.spent:
            row = HoldRow(each.workspace, place.name, each.call, place.period, amount, "")
            spending.change_hold(database, row)


def hold(database: Database, holder: str, holds: Sequence[Hold]) -> list[Answer]:
    """Hold what calls of one workspace ask for, one after the other: each all of it or nothing.

    Inside a transaction under the workspace's lock, which is what keeps two from taking the same.
    """
    spending.drop_holds(database, holds[0].workspace, [each.call for each in holds])
    taken: dict[Place, Balance] = {}
    rows: list[HoldRow] = []
    answers: list[Answer] = []
    for each in holds:
        refused, before = _judge(database, each.asks, taken)
        answers.append(refused or before)
        if refused is None:
            rows += _take(each, holder, taken)
    spending.keep_holds(database, rows)
    return answers


def _judge(
    database: Database, asks: Sequence[Ask], taken: dict[Place, Balance]
) -> tuple[ModelbayError | None, list[Balance]]:
    before = []
    for ask in asks:
        place = ask.limit.place
        if place not in taken:
            taken[place] = spending.balance(database, place) or Balance(NOTHING, NOTHING)
        before.append(taken[place])
        refused = ask.limit.refusal(taken[place], ask.amount)
        if refused is not None:
            return refused, before
    return None, before


def _take(call: Hold, holder: str, taken: dict[Place, Balance]) -> list[HoldRow]:
    rows = []
    for limit, amount in call.asks:
        used, held = taken[limit.place]
        taken[limit.place] = Balance(used, EXACT.add(held, amount))
        rows.append(HoldRow(call.workspace, limit.place.name, call.call, limit.place.period, amount, holder))
    return rows


def begin_counting(
    database: Database, holds: Sequence[Hold], fold: Callable[[], object] = lambda: None
) -> None:
    """Begin to count what is not yet counted, with what the ledger has of it.

    No fold is under way meanwhile, so each call is counted once: here, or when it is folded.
    """
    limits = {ask.limit.place: ask.limit for each in holds for ask in each.asks}
    missing = [limit for place, limit in limits.items() if spending.balance(database, place) is None]
    if not missing:
        return
    fold()
    with database.transaction(spending.FOLDING):
        for limit in sorted(missing, key=attrgetter("place")):
            spending.begin(database, limit.place, limit.spent_before(database))
