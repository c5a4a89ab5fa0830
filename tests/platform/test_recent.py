"""Figures of the last hour: the median of each model, asked for once a minute and never waited for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.platform.calls import a_call
from tests.platform.databases import backend, postgres

from modelbay.entities import ModelType
from modelbay.platform.background import BackgroundDatabase
from modelbay.platform.recent import EVERY, RecentFigures
from modelbay.platform.records import HEADER, to_line, to_rows
from modelbay.runtime.names import ModelName
from modelbay.runtime.routing import Figure
from modelbay.store import Database, calls

__all__ = ["backend", "postgres"]

LARGE = (ModelName("acme", "large"), ModelType.LLM)
NOW = 1_700_000_000.0


class Counted(BackgroundDatabase):
    """A database that counts what it is asked."""

    asked = 0

    async def run(self, *args: Any, **kwargs: Any) -> Any:
        self.asked += 1
        return await super().run(*args, **kwargs)


class Clock:
    """A clock that stands still until it is told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def database(tmp_path: Path, backend: str) -> AsyncIterator[Counted]:
    database = Counted(tmp_path)
    yield database
    await database.close()


def keep(folder: Path, *facts: dict[str, Any]) -> None:
    """Write calls into the table."""
    lines = [to_line(a_call(f"c{n}", **{"at": NOW, **fact})) for n, fact in enumerate(facts)]
    with Database.open(folder) as database:
        calls.insert(database, to_rows(HEADER, lines))


async def test_the_median_tells_how_fast_a_model_is(database: Counted, tmp_path: Path) -> None:
    """One call that hung must not outweigh the others; failures and old calls say nothing."""
    keep(
        tmp_path,
        {"latency": 9.0, "first_token": 0.3, "prompt_tokens": 10, "completion_tokens": 2},
        {"latency": 0.5, "prompt_tokens": 20, "completion_tokens": 4},
        {"latency": 60.0},
        {"latency": 0.001, "status": 503},
        {"latency": 0.002, "at": NOW - 3_601},
        {"latency": 7.0, "model": "small"},
        {"latency": 8.0, "model": "small"},
        {"latency": 0.0, "workspace": "other"},
    )
    figures = RecentFigures(database, clock=Clock(), now=lambda: NOW)

    assert figures.of("default") == {}
    await figures.settled()

    assert figures.of("default") == {
        LARGE: Figure(3, 0.5, 30, 6),
        (ModelName("acme", "small"), ModelType.LLM): Figure(2, 7.0, 0, 0),
    }


async def test_the_ledger_is_asked_once_a_minute_for_workspaces_that_ask(database: Counted) -> None:
    """However many calls a route has; a table of millions of calls is not read for each."""
    clock = Clock()
    figures = RecentFigures(database, clock=clock, now=lambda: NOW)
    for _ in range(50):
        figures.of("default")
        await figures.settled()
    assert database.asked == 1

    clock.now += EVERY
    for _ in range(50):
        figures.of("default")
    figures.of("other")
    await figures.settled()
    assert database.asked == 3
