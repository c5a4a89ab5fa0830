"""`modelbay serve` as its users run it: a process, its output, its signals."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.gateway.client import Answer, fetch
from tests.gateway.installation import recorded
from tests.gateway.serving import credentials_for

from modelbay.sdk.testing import FakeUpstream

_ROOT = Path(__file__).parents[2]
_START = "import sys; from modelbay.cli import main; sys.exit(main())"


@dataclass
class Running:
    """A started command. Without an address it has ended before it served."""

    process: asyncio.subprocess.Process
    folder: Path
    said: list[str] = field(default_factory=list)
    address: str = ""
    key: str = ""

    @property
    def place(self) -> tuple[str, int]:
        """Where it listens."""
        host, _, port = self.address.rpartition(":")
        return host.rpartition("/")[2], int(port)

    async def call(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send one request on a connection of its own and return the whole answer."""
        named = {"authorization": f"Bearer {self.key}", **(headers or {})}
        return await fetch(self.place, method, path, body, named)

    async def ready(self) -> Answer:
        """Ask whether it is ready."""
        return await self.call("GET", "/readyz")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process that was started."""
        self.process.send_signal(number)

    async def ended(self) -> tuple[int, str]:
        """Wait until it has ended; return its exit code and what it wrote to stderr."""
        code = await self.process.wait()
        return code, await asyncio.to_thread((self.folder / "stderr").read_text)

    async def gone(self) -> None:
        """Wait until nobody listens any more."""
        with contextlib.suppress(ConnectionError):
            while True:
                _, writer = await asyncio.open_connection(*self.place)
                writer.close()
                await asyncio.sleep(0.01)

    def workers(self) -> set[int]:
        """Return the numbers of the worker processes."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return {int(number) for number in children.read_text().split()}

    async def records(self) -> list[dict[str, Any]]:
        """Return the ledger."""
        return await asyncio.to_thread(recorded, self.folder / "data")


def _prepared(folder: Path, upstreams: Mapping[str, FakeUpstream]) -> Path:
    folder.mkdir(exist_ok=True)
    given = folder / "credentials.json"
    given.write_text(json.dumps(credentials_for(upstreams)))
    return given


@asynccontextmanager
async def running(
    folder: Path,
    upstreams: Mapping[str, FakeUpstream],
    *options: str,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Running]:
    """Start `modelbay serve` in front of fakes, and give it out once it serves or has ended."""
    given = _prepared(folder, upstreams)
    command = [sys.executable, "-c", _START, "serve", "--port", "0", "--data-dir", str(folder / "data")]
    with (folder / "stderr").open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *[*command, "--credentials", str(given), *options],
            cwd=folder,
            env=_environment() | dict(environment or {}),
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )
    started = Running(process, folder)
    try:
        await _read_welcome(started)
        yield started
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()  # workers end with the one who started them


def _environment() -> dict[str, str]:
    names = ("PATH", "HOME", "LANG", "TMPDIR", "MODELBAY_DATABASE_URL")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return {**kept, "PYTHONPATH": f"{_ROOT / 'src'}{os.pathsep}{_ROOT}", "NO_COLOR": "1"}


async def _read_welcome(started: Running) -> None:
    assert started.process.stdout is not None
    while line := (await started.process.stdout.readline()).decode():
        started.said.append(line)
        if found := re.search(r"gateway +(\S+)|listens on (\S+)", line):
            started.address = found[1] or found[2]
        if found := re.match(r"Key +(\S+)", line):
            started.key = found[1]
        if started.key or "listens on" in line:
            return
