"""Prices and calls for tests about money."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from modelbay.entities import PriceConfig
from modelbay.platform.fold import FOLDER, fold
from modelbay.platform.prices.book import Place
from modelbay.platform.records import HEADER, to_line
from modelbay.platform.usage import totals_of
from modelbay.runtime.accounts import CallRecord
from modelbay.store import Database
from modelbay.store.journal import Journal, frame
from modelbay.store.selection import Selection

LARGE = Place("acme", "large", "llm")
DAY = 86_400.0
ALL = Selection(workspace="default")


def price(**facts: Any) -> PriceConfig:
    """Return a price per million; what is not said is ordinary."""
    ordinary = {"input": "3", "output": "15", "unit": "0.000001", "currency": "USD"}
    return PriceConfig.model_validate(ordinary | facts)


def written(database: Database, data_dir: Path, *calls: CallRecord) -> None:
    """Write calls down and fold them."""
    journal = Journal.create(data_dir / FOLDER, HEADER)
    journal.append(b"".join(frame(to_line(call)) for call in calls))
    journal.close()
    fold(database, data_dir)


def spent(database: Database, chosen: Selection = ALL) -> dict[str, Decimal]:
    """Return what everything came to, by currency."""
    total = totals_of(database, chosen, ()).get(())
    return total.prices if total else {}


def never_declared(*_: str) -> PriceConfig | None:
    """Know no declared price."""
    return None


def amounts(database: Database) -> Sequence[tuple[str, str]]:
    """Return what was corrected: amounts and currencies, in order."""
    return [
        (f"{Decimal(amount):f}", str(currency))
        for amount, currency in database.rows("SELECT price, currency FROM corrections ORDER BY call, number")
    ]
