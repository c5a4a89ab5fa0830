"""A database on a thread of its own: the event loop never waits for a disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from modelbay.store import Database

P = ParamSpec("P")
T = TypeVar("T")


class BackgroundDatabase:
    """Runs functions that take a database, one after the other, away from the event loop."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="modelbay-database")
        self._database: Database | None = None

    async def run(
        self, function: Callable[Concatenate[Database, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return `function(database, …)`; the database is opened at the first.

        Raises:
            StoreError: The database cannot be used. The next call tries again.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._run, function, args, kwargs)

    def _run(self, function: Callable[..., T], args: Any, kwargs: Any) -> T:
        if self._database is None:
            self._database = Database.open(self._directory)
        return function(self._database, *args, **kwargs)

    async def close(self) -> None:
        """Finish what was asked for, then close the database."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)

    def _close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None
