"""The ways that a conversation takes through the gateway: passed on, taken apart, or translated."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.gateway.client import Answer, encode, read_answer
from tests.gateway.serving import Served, serving

from modelbay.gateway.app import Gateway
from modelbay.runtime.accounts import Accountant, CallRecord
from modelbay.sdk.testing import FakeUpstream, Gate

WORDS = [f"word{place} " for place in range(20)]


@dataclass(frozen=True)
class Way:
    """A dialect in front, a provider behind, and whether bytes may pass as they are."""

    name: str
    path: str
    model: str
    lanes: bool = True

    @property
    def family(self) -> str:
        """The provider behind."""
        return self.model.partition("/")[0]

    def body(self, *, stream: bool = False, **more: Any) -> dict[str, Any]:
        """Return a request."""
        asked = [{"role": "user", "content": "Count to twenty"}]
        return {"model": self.model, "messages": asked, "max_tokens": 200, "stream": stream, **more}

    def serving(self, folder: Path, **settings: Any) -> AbstractAsyncContextManager[Served]:
        """Run a gateway for it."""
        return serving(folder, self.family, lanes=self.lanes, **settings)

    def upstream(self, served: Served) -> FakeUpstream:
        """Return the fake behind it."""
        return served.upstreams[self.family]

    def is_error(self, value: Any) -> bool:
        """Whether a body or an event is an error as the dialect writes it."""
        if not isinstance(value, dict) or not isinstance(value.get("error"), dict):
            return False
        told = {"message", "type"} <= value["error"].keys()
        return told and (self.path != "/v1/messages" or value.get("type") == "error")

    def is_end(self, event: Any) -> bool:
        """Whether an event says that the answer is complete."""
        return event == "[DONE]" or (isinstance(event, dict) and event.get("type") == "message_stop")


_CHAT, _MESSAGES = "/v1/chat/completions", "/v1/messages"
_GPT, _CLAUDE = "openai/gpt-4o-mini", "anthropic/claude-haiku-4-5"
WAYS = [
    Way("chat-passed-on", _CHAT, _GPT),
    Way("chat-taken-apart", _CHAT, _GPT, lanes=False),
    Way("chat-to-claude", _CHAT, _CLAUDE),
    Way("messages-passed-on", _MESSAGES, _CLAUDE),
    Way("messages-taken-apart", _MESSAGES, _CLAUDE, lanes=False),
    Way("messages-to-gpt", _MESSAGES, _GPT),
]
EITHER_LANE = [WAYS[0], WAYS[2]]
"""One that is passed on and one that is translated: enough where the dialect makes no difference."""


class Client:
    """A client that takes an answer as slowly as a test wants."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.seen = b""

    async def until(self, mark: bytes) -> bytes:
        """Read until a mark; return all that has been read so far."""
        while mark not in self.seen:
            more = await self.reader.read(65536)
            assert more, self.seen
            self.seen += more
        return self.seen

    async def rest(self) -> Answer:
        """Read to the end of the connection; return the whole answer."""
        self.seen += await self.reader.read()
        return read_answer(self.seen)

    def leave(self) -> None:
        """Go away without a word."""
        self.writer.transport.abort()


@asynccontextmanager
async def asking(served: Served, way: Way, *, limit: int = 2**16, **more: Any) -> AsyncIterator[Client]:
    """Send one request, and give out the client that waits for its answer."""
    client = Client(*await asyncio.open_connection(*served.place, limit=limit))
    client.writer.write(encode("POST", way.path, way.body(**more), {"authorization": f"Bearer {served.key}"}))
    try:
        yield client
    finally:
        client.leave()


async def until(condition: Callable[[], object], *, pause: float = 0) -> None:
    """Let everything else go on until a condition holds, of something that tells nobody when it does."""
    while not condition():  # noqa: ASYNC110 - see above
        await asyncio.sleep(pause)


def gated(upstream: FakeUpstream, open_for: int = 0) -> Gate:
    """Have the upstream wait before each event, after some."""
    gate = upstream.gate = Gate()
    gate.let(open_for)
    return gate


class Watched:
    """An accountant that tells when calls are written down, and can be told to wait or to fail before it."""

    def __init__(self, gateway: Gateway) -> None:
        self._ledger: Accountant = gateway.platform.accountant
        self._changed = asyncio.Condition()
        self.open = asyncio.Event()
        self.open.set()
        self.asked: list[CallRecord] = []
        self.written: list[CallRecord] = []
        self.failure: OSError | None = None
        gateway.accountant = self  # type: ignore[assignment]  # the port is what calls use

    async def record(self, record: CallRecord) -> None:
        """Write the call down."""
        async with self._changed:
            self.asked.append(record)
            self._changed.notify_all()
        await self.open.wait()
        if self.failure is not None:
            raise self.failure
        await self._ledger.record(record)
        async with self._changed:
            self.written.append(record)
            self._changed.notify_all()

    async def until(self, *, asked: int = 0, written: int = 0) -> CallRecord:
        """Wait until so many calls are to be, or have been, written; return the last."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.asked) >= asked and len(self.written) >= written)
        return (self.written or self.asked)[-1]
