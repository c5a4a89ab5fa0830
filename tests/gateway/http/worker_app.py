"""An application for worker processes: it says who it is, waits, dies or fails as it is asked."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from typing import Any

from modelbay.errors import ModelbayError
from modelbay.gateway.http.exchange import Exchange
from modelbay.gateway.http.settings import ServerSettings
from modelbay.gateway.http.worker import Plan
from modelbay.gateway.http.workers import run


class WorkerApp:
    def __init__(self, options: Mapping[str, Any], worker: int) -> None:
        self._options = options
        self._worker = worker

    async def startup(self) -> None:
        if self._options.get("fails") == self._worker:
            raise ModelbayError("fails: as it was told")

    async def __call__(self, exchange: Exchange) -> None:
        if exchange.path == "/die":
            os._exit(9)
        exchange.begin(200, b"")
        exchange.send(b"%d %d" % (self._worker, os.getpid()))
        if exchange.path == "/wait":
            await asyncio.Event().wait()
        if exchange.path == "/body":
            exchange.send(await exchange.body(100))
        exchange.end()

    def draining(self) -> None:
        self._say("draining")

    async def shutdown(self) -> None:
        self._say("shutdown")

    def _say(self, word: str) -> None:
        sys.stdout.write(f"{word} {self._worker}\n")
        sys.stdout.flush()


def _announce(addresses: object) -> None:
    sys.stdout.write(f"{addresses}\n")
    sys.stdout.flush()


def _main(workers: int, options: dict[str, Any], settings: dict[str, Any]) -> int:
    plan = Plan("tests.gateway.http.worker_app:WorkerApp", options, ServerSettings(**settings))
    return run(plan, workers=workers, announce=_announce)


if __name__ == "__main__":
    import orjson

    sys.exit(_main(int(sys.argv[1]), orjson.loads(sys.argv[2]), orjson.loads(sys.argv[3])))
