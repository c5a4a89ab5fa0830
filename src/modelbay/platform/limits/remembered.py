"""Something of each workspace that calls need: in memory, and never older than a second."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final, Generic, TypeVar

from modelbay.errors import ModelbayError
from modelbay.platform.background import BackgroundDatabase
from modelbay.store import Database, marks

T = TypeVar("T")

INTERVAL: Final = 0.4  # seconds between two looks at what has changed
_MOST: Final = 1_000  # workspaces remembered


class Remembered(Generic[T]):
    """What `read` returns for a workspace, for one process of a gateway.

    A workspace is read at its first call. From then on a look every 0.4 s, beside the calls, tells whether
    any process has raised its mark, and only then it is read again. While the database is away the answers
    stay as they were, and `failure` says so.
    """

    def __init__(
        self,
        database: BackgroundDatabase,
        kind: str,
        read: Callable[[Database, str], T],
        *,
        interval: float = INTERVAL,
    ) -> None:
        """Remember.

        Args:
            kind: Of the marks that rise with every change, and for people what cannot be read.
        """
        self.failure = ""
        self._database = database
        self._kind = kind
        self._read = read
        self._interval = interval
        self._known: OrderedDict[str, tuple[int, T]] = OrderedDict()
        self._reading: dict[str, asyncio.Task[T]] = {}
        self._mark = -1
        self._looking: asyncio.Task[None] | None = None

    def known(self, workspace: str) -> T | None:
        """Return what a workspace has, without I/O; None if `of` has to read it."""
        found = self._known.get(workspace)
        if found is None:
            return None
        self._known.move_to_end(workspace)
        return found[1]

    async def of(self, workspace: str) -> T:
        """Return what a workspace has.

        Raises:
            StoreError: The database cannot be read.
        """
        found = self._known.get(workspace)
        if found is not None:
            return found[1]
        if workspace not in self._reading:
            task = asyncio.get_running_loop().create_task(self._first(workspace))
            self._reading[workspace] = task
            task.add_done_callback(lambda _: self._reading.pop(workspace, None))
        return await asyncio.shield(self._reading[workspace])

    async def look(self) -> None:
        """Read again what has changed since the last look; it is done every 0.4 s anyway."""
        seen = {workspace: mark for workspace, (mark, _) in self._known.items()}
        self._mark, changed = await self._database.run(self._changed, self._mark, seen)
        for workspace, read in changed.items():
            if workspace in self._known:
                self._known[workspace] = read

    async def close(self) -> None:
        """End the looking."""
        tasks = [task for task in (self._looking, *self._reading.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._looking = None

    async def _first(self, workspace: str) -> T:
        self._known[workspace] = read = await self._database.run(self._marked, workspace)
        if len(self._known) > _MOST:
            self._known.popitem(last=False)
        if self._looking is None:
            self._looking = asyncio.get_running_loop().create_task(self._keep_looking())
        return read[1]

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(self._interval)
            try:
                await self.look()
            except ModelbayError as error:
                self.failure = f"{self._kind} cannot be read: {error}"
            except Exception as error:  # noqa: BLE001 - whatever it is, the next look may succeed
                self.failure = f"{self._kind} cannot be read: unexpected {type(error).__name__}"
            else:
                self.failure = ""

    # on the database's thread

    def _marked(self, database: Database, workspace: str) -> tuple[int, T]:
        mark = marks.mark(database, self._kind, workspace)  # first: what changes meanwhile raises it beyond
        return mark, self._read(database, workspace)

    def _changed(
        self, database: Database, last: int, seen: Mapping[str, int]
    ) -> tuple[int, dict[str, tuple[int, T]]]:
        mark = marks.mark(database, self._kind)
        now = marks.marks(database, self._kind) if mark != last else seen
        names = [name for name, known in seen.items() if now.get(name, 0) != known]
        return mark, {name: self._marked(database, name) for name in names}
