"""Places that processes share: a file of the data directory, and Redis. Every test here runs on both."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from tests.platform.redis import RedisServer

from modelbay.platform.shared.local import LocalStore
from modelbay.platform.shared.redis import RedisStore
from modelbay.platform.shared.sharing import Sharing
from modelbay.platform.shared.stores import Store

PATIENCE = 60.0  # seconds: a slow machine must not look like a store that is away


class Place:
    """A place to share; its clock is the machine's, `ahead` seconds later."""

    def __init__(self, data_dir: Path, url: str) -> None:
        self.data_dir = data_dir
        self.url = url
        self.ahead = 0.0
        self._opened: list[Sharing] = []

    def store(self, clock: Callable[[], float] | None = None) -> Store:
        """Return the place as one process opens it."""
        own = clock or (lambda: (time.time if self.url else time.monotonic)() + self.ahead)
        if self.url:
            return RedisStore(self.url, patience=PATIENCE, clock=own)
        return LocalStore(self.data_dir, patience=PATIENCE, clock=own)

    def process(self, *, renewal: float = 5.0) -> Sharing:
        """Return what another process has of it; it looks all the time."""
        shared = Sharing(self.store(), interval=0.01, renewal=renewal)
        self._opened.append(shared)
        return shared

    async def close(self) -> None:
        """End all processes."""
        for shared in self._opened:
            await shared.close()


@pytest.fixture(params=["file", "redis"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """A place that holds nothing."""
    server: RedisServer | None = request.getfixturevalue("redis") if request.param == "redis" else None
    place = Place(tmp_path, server.url if server else "")
    yield place
    await place.close()
