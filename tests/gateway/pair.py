"""Two servers of one installation, asked by turns: on PostgreSQL and Redis, each with its own data directory.

For tests of what a gateway does, all of which has to hold whichever server is asked. What is about servers as
such, with several processes each, is in `replicas`.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.gateway.forking import DONE
from tests.gateway.installation import Installation

from modelbay.gateway.settings import GatewaySettings
from modelbay.sdk.testing import FakeUpstream

FORKS = "MODELBAY_TEST_FORKS"
"""In the environment: where servers are forked. Two of them then serve instead of the test's own process."""
_ROOT = Path(__file__).parents[2]
_PATIENCE = 60.0


@contextmanager
def forking(folder: Path) -> Iterator[Path]:
    """Run the process that forks servers; give out where it is asked for them."""
    path = folder / "forks"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.gateway.forking", path],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{_ROOT / 'src'}{os.pathsep}{_ROOT}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # whoever interrupts the tests interrupts only them
    )
    with process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == DONE
            yield path
        finally:
            process.communicate()  # its stdin ends, and with it the process


@dataclass
class Forked:
    """One server, and the connection on which it is told what to do."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    process: int
    place: tuple[str, int]

    @classmethod
    async def start(cls, forks: str, plan: Mapping[str, Any]) -> Forked:
        """Have a server forked; wait until it serves."""
        reader, writer = await asyncio.open_unix_connection(forks)
        try:
            writer.write(json.dumps(plan).encode() + b"\n")
            told = await asyncio.wait_for(reader.readline(), _PATIENCE)
            assert told, "the server has ended: what it wrote to stderr says why"
        except BaseException:
            writer.close()
            raise
        process, _, address = told.decode().strip().partition(" ")
        host, _, port = address.rpartition(":")
        return cls(reader, writer, int(process), (host.strip("[]"), int(port)))

    async def do(self, order: str) -> None:
        """Have it do something; wait until that is done."""
        self.writer.write(order.encode() + b"\n")
        assert await asyncio.wait_for(self.reader.readline(), _PATIENCE) == DONE, order

    async def end(self) -> None:
        """Have it end; wait until it has."""
        try:
            self.writer.write_eof()
            async with asyncio.timeout(_PATIENCE):
                await self.reader.read()
        except TimeoutError:
            os.kill(self.process, signal.SIGKILL)
            raise
        finally:
            self.writer.close()


@dataclass(kw_only=True)
class Pair(Installation):
    """Two servers; every connection goes to the other one than the last."""

    servers: Sequence[Forked]
    data: Sequence[Path]
    _turns: Iterator[Forked] = field(init=False)

    def __post_init__(self) -> None:
        self._turns = itertools.cycle(self.servers)

    @property
    def place(self) -> tuple[str, int]:
        """Where the server listens whose turn it is."""
        return next(self._turns).place

    @property
    def folders(self) -> Sequence[Path]:
        """The data directories of both."""
        return self.data

    async def look(self) -> None:
        """Have both see what has been changed."""
        await asyncio.gather(*(server.do("look") for server in self.servers))

    async def tell(self) -> None:
        """Have each tell its news, and the first hear those of the second."""
        for server in (*self.servers, self.servers[0]):
            await server.do("tell")

    async def reckon(self) -> None:
        """Wait for the figures of both."""
        await asyncio.gather(*(server.do("reckon") for server in self.servers))


@asynccontextmanager
async def pair(
    settings: GatewaySettings, key: str, upstreams: dict[str, FakeUpstream], *, steady: bool
) -> AsyncIterator[Pair]:
    """Run two servers: what the data directory of the settings holds is also in the other's.

    Args:
        steady: Whether nothing rests for longer than it has to, by chance.
    """
    first = Path(settings.data_dir)
    second = first.with_name(f"{first.name}-2")
    shutil.copytree(first, second)
    plans = [
        {
            "environment": dict(os.environ),
            "settings": asdict(replace(settings, data_dir=str(each))),
            "steady": steady,
        }
        for each in (first, second)
    ]
    starting = [asyncio.create_task(Forked.start(os.environ[FORKS], plan)) for plan in plans]
    try:
        servers = await asyncio.gather(*starting)
        yield Pair(settings=settings, key=key, upstreams=upstreams, servers=servers, data=(first, second))
    finally:
        started = await asyncio.gather(*starting, return_exceptions=True)
        await asyncio.gather(*(each.end() for each in started if isinstance(each, Forked)))
