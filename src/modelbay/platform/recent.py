"""The ledger's figures of the last hour, for routes that choose by them: at most a minute old."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from modelbay.entities import ModelType
from modelbay.errors import ModelbayError
from modelbay.platform.background import BackgroundDatabase
from modelbay.runtime.names import ModelName
from modelbay.runtime.routing import Figure, Figures
from modelbay.store import Database
from modelbay.store import figures as queries

WINDOW: Final = 3_600.0  # seconds
EVERY: Final = 60.0
_MOST: Final = 1_000  # workspaces that are remembered


@dataclass(slots=True)
class _Kept:
    figures: Figures = field(default_factory=dict)
    asked: float = float("-inf")


class RecentFigures:
    """The figures of workspaces, for one process of a gateway.

    Asking starts the query that is due and does not wait for it: the first calls of a route are made as if
    nothing were known. Of a workspace that does not ask nothing is read.
    """

    def __init__(
        self,
        database: BackgroundDatabase,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._clock = clock
        self._now = now
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._reading: set[asyncio.Task[None]] = set()

    def of(self, workspace: str) -> Figures:
        """Return what is known of a workspace's models."""
        kept = self._kept.get(workspace)
        if kept is None:
            kept = self._kept[workspace] = _Kept()
            if len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        if self._clock() - kept.asked >= EVERY:
            kept.asked = self._clock()
            task = asyncio.get_running_loop().create_task(self._read(workspace, kept))
            self._reading.add(task)
            task.add_done_callback(self._reading.discard)
        return kept.figures

    async def settled(self) -> None:
        """Wait for the queries that are under way."""
        await asyncio.gather(*self._reading)

    async def _read(self, workspace: str, kept: _Kept) -> None:
        try:
            kept.figures = await self._database.run(read_figures, workspace, self._now() - WINDOW)
        except ModelbayError:
            return  # what is known stays, and the next minute asks again; readiness tells of the database


def read_figures(database: Database, workspace: str, since: float) -> Figures:
    """Return the figures of a workspace's calls since a time."""
    types = {kind.value: kind for kind in ModelType}
    return {
        (ModelName(row.provider, row.model), types[row.model_type]): Figure(*row[3:])
        for row in queries.figures(database, workspace, since=since)
        if row.model_type in types
    }
