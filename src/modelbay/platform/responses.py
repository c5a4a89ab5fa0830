"""Stored responses: answers of the responses API that a client may ask for again or go on from."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import orjson

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.background import BackgroundDatabase
from modelbay.store import Database
from modelbay.store import responses as queries

RETENTION: Final = 30 * 86_400.0  # seconds
LARGEST: Final = 16 * 1024 * 1024  # bytes of body and input together
_SWEEP_EVERY: Final = 3600.0
_SWEPT_AT_ONCE: Final = 500  # others wait for the database no longer than that takes


@dataclass(frozen=True, slots=True)
class KeptResponse:
    """A response and the items that were its input."""

    body: dict[str, object]
    input: list[object]


class StoredResponses:
    """A `ResponseStore` in the database of a data directory."""

    def __init__(
        self,
        database: BackgroundDatabase,
        *,
        retention: float = RETENTION,
        largest: int = LARGEST,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._retention = retention
        self._largest = largest
        self._now = now
        self._swept = float("-inf")

    async def put(
        self, workspace: str, response_id: str, body: dict[str, object], items: list[object]
    ) -> None:
        """Keep a response and its input items; durable when it returns.

        Raises:
            InvokeBadRequestError: It is too large to be kept.
            StoreError: It could not be made durable.
        """
        await self._database.run(self._put, workspace, response_id, body, items)

    async def get(self, workspace: str, response_id: str) -> KeptResponse | None:
        """Return a workspace's response; None if there is none, or it has expired."""
        return await self._database.run(self._get, workspace, response_id)

    async def delete(self, workspace: str, response_id: str) -> bool:
        """Forget a response; False if there was none."""
        return bool(await self._database.run(queries.delete, workspace, response_id, now=self._now()))

    def _put(
        self,
        database: Database,
        workspace: str,
        response_id: str,
        body: dict[str, object],
        items: list[object],
    ) -> None:
        now, content, sent = self._now(), orjson.dumps(body), orjson.dumps(items)
        if len(content) + len(sent) > self._largest:
            raise InvokeBadRequestError(
                f"store: the response and its input have {len(content) + len(sent):,} bytes, at most "
                f"{self._largest:,} are kept; send store: false"
            )
        expires = now + self._retention
        queries.put(database, workspace, response_id, created=now, expires=expires, body=content, items=sent)
        self._sweep(database, now)

    def _get(self, database: Database, workspace: str, response_id: str) -> KeptResponse | None:
        found = queries.get(database, workspace, response_id, now=self._now())
        return KeptResponse(*map(orjson.loads, found)) if found else None

    def _sweep(self, database: Database, now: float) -> None:
        """Remove what has expired, once an hour; what is left of a great deal goes with the next answers."""
        if now - self._swept >= _SWEEP_EVERY and not queries.sweep(database, now=now, limit=_SWEPT_AT_ONCE):
            self._swept = now
