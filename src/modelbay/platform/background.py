"""A database on threads of its own: the event loop never waits for a disk or a server."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from modelbay.store import Database

P = ParamSpec("P")
T = TypeVar("T")


class BackgroundDatabase:
    """Runs functions that take a database, away from the event loop, each thread on its own connection."""

    def __init__(self, directory: Path, *, threads: int = 1) -> None:
        """Use the database of a data directory.

        Args:
            threads: How many functions run at once. With one they run in the order in which they were given.
        """
        self._directory = directory
        self._threads = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="modelbay-database")
        self._own = threading.local()
        self._opened: list[Database] = []

    async def run(
        self, function: Callable[Concatenate[Database, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return `function(database, …)`; the database is opened at the first.

        Raises:
            StoreError: The database cannot be used. The next call tries again.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._run, function, args, kwargs)

    def _run(self, function: Callable[..., T], args: Any, kwargs: Any) -> T:
        database: Database | None = getattr(self._own, "database", None)
        if database is None:
            database = self._own.database = Database.open(self._directory)
            self._opened.append(database)
        return function(database, *args, **kwargs)

    async def close(self) -> None:
        """Finish what was asked for, then close the connections."""
        await asyncio.get_running_loop().run_in_executor(None, self._close)

    def _close(self) -> None:
        self._threads.shutdown(wait=True)
        while self._opened:
            self._opened.pop().close()
