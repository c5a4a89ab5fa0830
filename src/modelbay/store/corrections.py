"""Queries about corrections: amounts that are added to what calls cost, and never changed or removed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from modelbay.store.database import Database
from modelbay.store.selection import Selection

FACTS: Final = (
    "key_id",
    "surface",
    "model_type",
    "asked_model",
    "provider",
    "model",
    "status",
    "error",
    "meter",
    "tag",
    "member",
    "credential",
    "hosted",
    "route",
    "currency",
)
"""What a call is grouped by: a correction has it from its call, which may be kept for less long."""
COLUMNS: Final = (
    "workspace",
    "id",
    "call",
    "number",
    "at",
    *FACTS,
    "price",
    "unpriced",
    "reason",
    "actor",
    "created",
    "unit_prices",
    "price_version",
)
_NAMES = ", ".join(COLUMNS)


def insert(database: Database, row: Mapping[str, Any]) -> None:
    """Keep a correction; ConflictError if a call has one of this number already."""
    values = ", ".join(
        f"CAST(:{name} AS NUMERIC)" if name == "price" and database.dialect == "postgresql" else f":{name}"
        for name in COLUMNS
    )
    database.change(
        f"INSERT INTO corrections ({_NAMES}) VALUES ({values})",  # noqa: S608 - ours
        {name: row[name] for name in COLUMNS},
    )


def last_numbers(database: Database, workspace: str, calls: Collection[str]) -> dict[str, int]:
    """Return how many corrections some hundred calls have that have any; with "" how many belong to none."""
    names = ", ".join(f":call_{place}" for place in range(len(calls)))
    rows = database.rows(
        "SELECT call, max(number) FROM corrections"  # noqa: S608 - ours
        f" WHERE workspace = :workspace AND call IN ({names}) GROUP BY call",
        {"workspace": workspace, **{f"call_{place}": call for place, call in enumerate(calls)}},
    )
    return {str(call): int(number) for call, number in rows}


def of_calls(database: Database, workspace: str, calls: Sequence[str]) -> list[dict[str, Any]]:
    """Return the corrections of some hundred calls, in the order in which they were made."""
    names = ", ".join(f":call_{place}" for place in range(len(calls)))
    rows = database.rows(
        f"SELECT {_NAMES} FROM corrections WHERE workspace = :workspace AND call IN ({names})"  # noqa: S608 - ours
        " ORDER BY number",
        {"workspace": workspace, **{f"call_{place}": call for place, call in enumerate(calls)}},
    )
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def page(database: Database, chosen: Selection, after: tuple[float, str], limit: int) -> list[dict[str, Any]]:
    """Return corrections in order of time, from behind the `at` and `id` of one."""
    rows = database.rows(
        f"SELECT {_NAMES} FROM corrections WHERE {chosen.where()}"  # noqa: S608 - ours
        " AND (at > :after OR (at = :after AND id > :id)) ORDER BY at, id LIMIT :limit",
        {**chosen.parameters(), "after": after[0], "id": after[1], "limit": limit},
    )
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]
