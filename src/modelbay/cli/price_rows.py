"""How prices and their differences look."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

from modelbay.cli.listing import Column, write_list, write_table
from modelbay.cli.output import day_text, dim, time_text, write_json, write_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from modelbay.platform.prices.reprice import Difference, Repricing
    from modelbay.store.prices import PriceRow

DECLARED = "declared"


def plain_entry(row: PriceRow) -> dict[str, Any]:
    """Return an entry as JSON can hold it; `price` is null where what the plugin declares holds again."""
    return {
        "version": f"workspace:{row.number}",
        "model": f"{row.provider}/{row.model}",
        "type": row.model_type,
        "valid_from": time_text(row.valid_from),
        "price": json.loads(row.content) if row.content else None,
        "entered": time_text(row.created),
        "actor": row.actor,
    }


def plain_difference(row: Difference) -> dict[str, Any]:
    """Return a difference as JSON can hold it."""
    return {
        "model": row.model,
        "currency": row.currency,
        "calls": row.calls,
        "recorded": f"{row.recorded:f}",
        "repriced": f"{row.repriced:f}",
        "difference": f"{row.difference:f}",
        "unknown": row.unknown,
    }


def write_prices(rows: Sequence[PriceRow], *, as_json: bool) -> None:
    """Write entries."""
    write_list(
        rows,
        _PRICES,
        plain=plain_entry,
        as_json=as_json,
        empty="no prices of the workspace's own; those declared hold: modelbay models",
        line=lambda row: [column.cell(row) for column in _PRICES],
    )


def write_differences(result: Repricing, *, written: bool, as_json: bool) -> None:
    """Write differences; a person is shown their totals, and told how to write them."""
    if as_json:
        rows = [plain_difference(row) for row in result.rows]
        counts = {"looked_at": result.looked_at, "corrections": result.corrections, "written": written}
        write_json({"rows": rows, "total": result.total(), **counts})
        return
    write_table(
        result.rows,
        _DIFFERENCES,
        line=lambda row: plain_difference(row).values(),
        empty="no calls that cost anything in this time",
        totals=(
            ("total", "", "", "", _money(amount, currency), "") for currency, amount in result.total().items()
        ),
    )
    if sys.stdout.isatty() and result.rows:
        write_text(dim(_next(result.corrections, written=written)) + "\n")


def _next(corrections: int, *, written: bool) -> str:
    if not corrections:
        return "nothing to correct"
    return (
        f"{corrections:,} corrections are written" if written else f"--write adds {corrections:,} corrections"
    )


def _money(amount: Decimal, currency: str) -> str:
    from modelbay.cli.figures import money  # start-up time: with it come the entities

    return money(amount, currency)


def _price(row: PriceRow, name: str) -> str:
    """Return a part of what an entry says."""
    if not row.content:
        return DECLARED if name == "input" else ""
    return str(json.loads(row.content).get(name, ""))


_PRICES: Final[Sequence[Column[PriceRow]]] = (
    Column("MODEL", lambda row: f"{row.provider}/{row.model}", wrap=True),
    Column("TYPE", lambda row: row.model_type, spare=True),
    Column("INPUT", lambda row: _price(row, "input"), right=True),
    Column("OUTPUT", lambda row: _price(row, "output"), right=True),
    Column("UNIT", lambda row: _price(row, "unit"), right=True, spare=True),
    Column("CURRENCY", lambda row: _price(row, "currency")),
    Column("FROM", lambda row: day_text(row.valid_from)),
    Column("VERSION", lambda row: f"workspace:{row.number}", spare=True),
)
_DIFFERENCES: Final[Sequence[Column[Difference]]] = (
    Column("MODEL", lambda row: row.model, wrap=True),
    Column("CALLS", lambda row: f"{row.calls:,}", right=True),
    Column("RECORDED", lambda row: _money(row.recorded, row.currency), right=True, spare=True),
    Column("REPRICED", lambda row: _money(row.repriced, row.currency), right=True, spare=True),
    Column("DIFFERENCE", lambda row: _money(row.difference, row.currency), right=True),
    Column("UNKNOWN", lambda row: f"{row.unknown:,}", right=True),
)
