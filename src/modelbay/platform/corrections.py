"""Correcting what calls cost: entries with an amount and a reason; what was recorded is never changed."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from modelbay.platform.limits.booking import Books
from modelbay.platform.limits.charges import Corrected
from modelbay.platform.people.refusals import conflict, invalid, not_found
from modelbay.platform.people.tokens import new_id
from modelbay.platform.people.workspaces import get_workspace
from modelbay.store import Database, audit, calls, spending
from modelbay.store import corrections as queries
from modelbay.store.failures import ConflictError

_LARGEST: Final = Decimal(10) ** 12
_DIGITS: Final = 18  # after the point: what an export can hold
_LONGEST: Final = 500
_CURRENCY = re.compile(r"[A-Z]{3}")
_NOWHERE: Final[Mapping[str, Any]] = {**dict.fromkeys(queries.FACTS, ""), "status": 200, "currency": "USD"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """An amount that is added to what a call cost, or to what a workspace has spent.

    Attributes:
        call: The call, "" if it belongs to none.
        at: The time that it counts for: the call's.
        unpriced: -1 if it gives a price to a call that had none.
        price_version: The prices by which a call was reckoned again; "" if a person has said the amount.
    """

    id: str
    call: str
    at: float
    amount: Decimal
    currency: str
    reason: str
    actor: str
    unpriced: int = 0
    unit_prices: str = ""
    price_version: str = ""


def correct(
    database: Database,
    call: str,
    amount: Decimal,
    *,
    reason: str,
    actor: str,
    workspace: str = "default",
    currency: str = "",
    now: float | None = None,
) -> Correction:
    """Add an amount, which may be below 0, to what a call cost; with the call "" to what was spent now.

    The budgets that count the call count it too; without a call those of the workspace as a whole.

    Raises:
        InvokeBadRequestError: There is no such call or workspace, or a value is none.
    """
    _check(amount, reason, currency)
    made = time.time() if now is None else now
    with database.transaction(spending.FOLDING):
        get_workspace(database, workspace)
        facts = _facts(database, workspace, call)
        entry = Correction(
            id=new_id("cor"),
            call=call,
            at=facts.get("at", made),
            amount=amount,
            currency=currency or facts["currency"],
            reason=reason.strip(),
            actor=actor,
        )
        enter(database, workspace, [(entry, facts)], created=made)
        detail = {"id": entry.id, "amount": f"{amount:f}", "currency": entry.currency, "reason": entry.reason}
        audit.record(database, workspace, actor, "usage.correct", call or workspace, detail)
    return entry


def enter(
    database: Database,
    workspace: str,
    entries: Sequence[tuple[Correction, Mapping[str, Any]]],
    *,
    created: float,
) -> None:
    """Write entries down, each with the facts of its call, and count them in budgets.

    Inside a transaction under the lock `spending.FOLDING`, as budgets begin to count under it.

    Raises:
        InvokeBadRequestError: Somebody has corrected the same call at the same moment.
    """
    if not entries:
        return
    books = Books(database)
    numbers = queries.last_numbers(database, workspace, {entry.call for entry, _ in entries})
    for entry, facts in entries:
        numbers[entry.call] = numbers.get(entry.call, 0) + 1
        _insert(database, workspace, entry, facts, numbers[entry.call], created)
        books.correct(_seen(workspace, entry, facts))
    books.close()


def _seen(workspace: str, entry: Correction, facts: Mapping[str, Any]) -> Corrected:
    return Corrected(
        workspace=workspace,
        at=entry.at,
        key=facts["key_id"],
        member=facts["member"],
        provider=facts["provider"],
        model=facts["model"],
        amount=entry.amount,
        currency=entry.currency,
        unpriced=entry.unpriced,
    )


def _insert(
    database: Database,
    workspace: str,
    entry: Correction,
    facts: Mapping[str, Any],
    number: int,
    created: float,
) -> None:
    row = {name: facts[name] for name in queries.FACTS} | {
        "workspace": workspace,
        "id": entry.id,
        "call": entry.call,
        "number": number,
        "at": entry.at,
        "currency": entry.currency,
        "price": f"{entry.amount:f}",
        "unpriced": entry.unpriced,
        "reason": entry.reason,
        "actor": entry.actor,
        "created": created,
        "unit_prices": entry.unit_prices,
        "price_version": entry.price_version,
    }
    try:
        queries.insert(database, row)
    except ConflictError:
        raise conflict("call", "somebody has corrected it at the same moment: look again") from None


def _facts(database: Database, workspace: str, call: str) -> Mapping[str, Any]:
    if not call:
        return _NOWHERE
    found = calls.one(database, workspace, call)
    if found is None:
        raise not_found(
            "call", f"there is no call {call[:60]!r} in this workspace; modelbay usage calls shows them"
        )
    return found


def _check(amount: Decimal, reason: str, currency: str) -> None:
    if not amount.is_finite() or abs(amount) > _LARGEST or not amount:
        raise invalid("amount", "it must be a number other than 0")
    exponent = amount.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > _DIGITS:
        raise invalid("amount", f"it has more than {_DIGITS} digits after the point")
    if not reason.strip() or len(reason) > _LONGEST or not reason.isprintable():
        raise invalid("reason", f"say why, in at most {_LONGEST} characters of one line")
    if currency and not _CURRENCY.fullmatch(currency):
        raise invalid("currency", f"{currency[:40]!r} is none; write its three letters, such as USD")
