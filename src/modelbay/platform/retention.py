"""How long single calls are kept; of older ones the totals of each day stay, to the last digit."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

import orjson

from modelbay.platform.people.refusals import invalid
from modelbay.platform.people.workspaces import get_workspace
from modelbay.store import Database, audit
from modelbay.store import retention as queries
from modelbay.store.corrections import FACTS
from modelbay.store.exact import EXACT
from modelbay.store.retention import COUNTS, EXACT_SUMS, Keep
from modelbay.store.totals import TOKENS

DAY: Final = 86_400.0
_LOCK: Final = "retention"
_AT_ONCE: Final = 200  # calls a transaction: a few milliseconds for which others wait
LONGEST: Final = 100 * 366 * DAY


def retain(database: Database, seconds: float | None, *, workspace: str = "default", actor: str) -> None:
    """Keep single calls of a workspace for so many seconds; None keeps them for good.

    Gateways remove older ones in the background, a whole day at a time. What is gone does not come back.

    Raises:
        InvokeBadRequestError: It is less than a day, or there is no such workspace.
    """
    check_keep(seconds)
    with database.transaction():
        get_workspace(database, workspace)
        if seconds is None:
            queries.forget_keep(database, workspace)
        else:
            queries.set_keep(database, workspace, seconds)
        audit.record(database, workspace, actor, "usage.retain", workspace, {"keep": seconds})


def check_keep(seconds: float | None) -> None:
    """Refuse a time for which single calls cannot be kept.

    Raises:
        InvokeBadRequestError: It is less than a day, or more than a hundred years.
    """
    if seconds is not None and not DAY <= seconds <= LONGEST:
        raise invalid("keep", "single calls are kept for a day at least, and a hundred years at most")


def retained(database: Database, workspace: str) -> float | None:
    """Return for how many seconds a workspace keeps single calls; None for good."""
    keep = queries.keep_of(database, workspace)
    return None if keep is None else keep.seconds


def sweep(
    database: Database,
    *,
    now: float | None = None,
    rest: Callable[[], None] = lambda: None,
    parts: int = 2**62,
) -> int:
    """Remove the calls that are kept no longer, in small parts; return how many that were.

    Each part is one transaction that adds the calls to their days: whoever dies in between loses nothing.

    Args:
        now: Seconds since 1970; without it, the time.
        rest: Called between parts, to let somebody else have the processor.
        parts: How many parts at most.
    """
    moment, count = time.time() if now is None else now, 0
    for keep in queries.all_keeps(database):
        while parts > 0 and (taken := _sweep_part(database, keep, moment)):
            count, parts = count + taken, parts - 1
            rest()
    return count


def _sweep_part(database: Database, keep: Keep, now: float) -> int:
    before = (now - keep.seconds) // DAY * DAY  # whole days: or the totals of one would be in two places
    if not queries.has_calls(database, keep.workspace, before):
        return 0
    with database.transaction(_LOCK):
        calls = queries.take_calls(database, keep.workspace, before, _AT_ONCE)
        found: dict[str, dict[str, Any]] = {}
        for call in calls:
            _merge(found, _as_total(call))
        for total in queries.take_totals(database, keep.workspace, sorted(found)) if found else ():
            _merge(found, total)
        for part in _chunks([found[name] for name in sorted(found)]):
            queries.insert_totals(database, part)
    return len(calls)


def _chunks(totals: list[dict[str, Any]], size: int = 25) -> list[list[dict[str, Any]]]:
    return [totals[start : start + size] for start in range(0, len(totals), size)]


def _as_total(call: Mapping[str, Any]) -> dict[str, Any]:
    """Return one call as the total of its day."""
    facts = {name: call[name] for name in FACTS}
    if call["model"]:
        facts["asked_model"] = ""  # one of many names for the model that was called
    day = call["at"] // DAY * DAY
    content = orjson.dumps([day, *facts.values()])
    return {
        "workspace": call["workspace"],
        "id": sha256(content).hexdigest()[:40],
        "at": day,
        **facts,
        "calls": 1,
        "errors": int(call["status"] >= 400),
        **{name: call[name] for name in TOKENS},
        **{name: call[name] for name in EXACT_SUMS},
        "unpriced": int(call["price"] is None and _has_used(call)),
    }


def _has_used(call: Mapping[str, Any]) -> bool:
    tokens = call["prompt_tokens"] + call["completion_tokens"]
    return bool(call["status"] < 400 or tokens > 0 or call["quantity"] is not None)


def _merge(found: dict[str, dict[str, Any]], other: dict[str, Any]) -> None:
    total = found.setdefault(other["id"], other)
    if total is other:
        return
    for name in COUNTS:
        total[name] += other[name]
    for name in EXACT_SUMS:
        total[name] = _added(total[name], other[name])


def _added(one: str | None, other: str | None) -> str | None:
    if one is None or other is None:
        return other if one is None else one
    return f"{EXACT.add(Decimal(one), Decimal(other)):f}"
