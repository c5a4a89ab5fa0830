"""What all scenarios share: sizes, servers, requests, and how CPU is taken around a load."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field

import orjson

from benchmarks.gateway.load import Outcome
from benchmarks.gateway.process import resident
from benchmarks.gateway.report import Quantity, Report
from benchmarks.gateway.servers import Cores, Server

CHAT_PATH, MESSAGES_PATH, EMBEDDINGS_PATH = "/v1/chat/completions", "/v1/messages", "/v1/embeddings"
CONNECTIONS = 16
BURST = 100  # pieces of a stream that comes as fast as it goes
_SETTLE = 0.1  # seconds after a load in which what a server puts off is still counted


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured.

    `seconds` is how long wrk runs; 0 has the own client make `calls` calls. `slow_pieces` is how many pieces
    a stream of 200 ms a chunk has; 0 leaves these out. `many` is how many streams the large scenarios hold at
    once. One is begun every `ramp_ms`: a thousand calls in one moment would delay the first chunks, which is
    another question.
    """

    rounds: int
    seconds: float
    calls: int
    single_calls: int
    large_calls: int
    bursts: int
    paced_pieces: int
    ramp_ms: float
    slow_pieces: int
    many: int
    idle: int
    idle_seconds: float
    calls_before: int
    calls_after: int


FULL = Scale(3, 3, 20_000, 3_000, 1_000, 500, 200, 1, 25, 1_000, 5_000, 10, 20_000, 200_000)
QUICK = Scale(3, 0, 3_000, 300, 100, 60, 30, 0.3, 0, 1_000, 1_000, 0.5, 500, 2_000)


@dataclass(slots=True)
class Bench:
    """One run."""

    scale: Scale
    report: Report
    servers: Sequence[Server]
    upstream: tuple[int, int]
    cores: Cores
    tick: Callable[[], object] = lambda: None
    _memory: dict[str, int] = field(default_factory=dict)

    def rounds(self) -> Iterator[int]:
        """Count the rounds and tell about each that is done."""
        for number in range(self.scale.rounds):
            yield number
            self.tick()

    def having(self, *models: str) -> list[Server]:
        """Return the servers that have all these models."""
        return [server for server in self.servers if all(model in server.subject.models for model in models)]

    async def measured(
        self, scenario: str, server: Server, work: Awaitable[Outcome]
    ) -> tuple[Outcome, float | None] | None:
        """Do the work; gives what it saw and the server's CPU seconds, or None and a note if calls failed."""
        before = server.cpu()
        outcome = await work
        await asyncio.sleep(_SETTLE)
        cpu = server.spent(before) if before else None
        if outcome.failed or not outcome.answered:
            self.report.note(f"{scenario}, {server.name}: {outcome.failed or 'nothing was answered'}")
            return None
        return outcome, cpu

    def memory_before(self, server: Server) -> int:
        """Return the resident bytes before the first streams: what some have taken is kept for the next."""
        if server.pid and server.name not in self._memory:
            self._memory[server.name] = resident(server.pid)
        return self._memory.get(server.name, 0)

    def add(self, quantity: Quantity, server: Server, value: float | None) -> None:
        """Add a value, if there is one."""
        if value is not None:
            self.report.add(quantity, server.name, value)

    def ratio(self, quantity: Quantity, of: Quantity, to: str = "nginx") -> None:
        """Add, for each subject and round, how many times another's value it has."""
        rows = self.report.rows
        row = rows.get((of.scenario, of.name))
        for name, values in list(row.values.items()) if row else []:
            for mine, theirs in zip(values, row.values.get(to, ()) if row else (), strict=False):
                if name not in {to, "direct"} and theirs:
                    self.report.add(quantity, name, mine / theirs)


def chat(model: str, wish: str, *, stream: bool = False, padding: int = 0) -> bytes:
    """Return the body of a chat completion that asks the upstream for `wish`."""
    question = f"{wish}: say something of twenty-nine tokens. {_prose(padding)}"
    body = {"model": model, "messages": [{"role": "user", "content": question}], "stream": stream}
    return orjson.dumps(body)


def messages(model: str, wish: str) -> bytes:
    """Return the body of a streamed answer by Anthropic's messages."""
    question = [{"role": "user", "content": f"{wish}: say something of twenty-nine tokens."}]
    return orjson.dumps({"model": model, "max_tokens": 1024, "messages": question, "stream": True})


def embed(model: str, texts: int, encoding: str) -> bytes:
    """Return the body of a request for vectors."""
    rows = [f"Text number {number} of the texts that are embedded." for number in range(texts)]
    return orjson.dumps({"model": model, "input": rows, "encoding_format": encoding})


def _prose(size: int) -> str:
    """Return text with what JSON has to escape, as real prompts have it."""
    line = 'He said: "the quick brown fox jumps over the lazy dog", and went on.\n'
    return (line * (size // len(line) + 1))[:size]
