"""Step control: a test decides when the fake upstream may write its next event, so that no test sleeps."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from threading import Lock


class Gate:
    """A gate that each write waits at. Safe to use from any thread and any event loop.

    Set it as `upstream.gate`; then `gate.let(1)` lets one event pass and `gate.open()` all of them.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._permits = 0
        self._is_open = False
        self._waiting: list[Future[None]] = []
        self._watchers: list[tuple[int, Future[None]]] = []
        self._arrived = 0

    def let(self, count: int = 1) -> None:
        """Let `count` writes pass, now or when they come."""
        with self._lock:
            self._permits += count
            self._release()

    def open(self) -> None:
        """Let everything pass from now on."""
        with self._lock:
            self._is_open = True
            self._release()

    async def passed(self) -> None:
        """Wait until a write may pass; the fake upstream calls this."""
        future: Future[None] = Future()
        with self._lock:
            self._arrived += 1
            self._waiting.append(future)
            self._release()
            self._tell_watchers()
        await asyncio.wrap_future(future)

    async def reached(self, count: int = 1) -> None:
        """Wait until `count` writes in all have come to the gate, passed or not."""
        future: Future[None] = Future()
        with self._lock:
            self._watchers.append((count, future))
            self._tell_watchers()
        await asyncio.wrap_future(future)

    def _release(self) -> None:
        while self._waiting and (self._is_open or self._permits > 0):
            waiting = self._waiting.pop(0)
            # A client that hung up has cancelled its wait; its permit stays for the next.
            if waiting.set_running_or_notify_cancel():
                self._permits -= 0 if self._is_open else 1
                waiting.set_result(None)

    def _tell_watchers(self) -> None:
        due = [future for count, future in self._watchers if count <= self._arrived]
        self._watchers = [watcher for watcher in self._watchers if watcher[0] > self._arrived]
        for future in due:
            if future.set_running_or_notify_cancel():
                future.set_result(None)
