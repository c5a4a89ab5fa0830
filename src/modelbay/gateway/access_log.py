"""The access log: one line of JSON a request, without a word of prompts, answers or keys."""

from __future__ import annotations

import os
import threading
from typing import Any

import orjson

from modelbay.runtime.accounts import CallRecord

_MOST = 50_000  # lines that wait for a slow reader of the log; more are counted and dropped


class AccessLog:
    """Collects calls and writes them down a few times a second, on a thread of its own."""

    def __init__(self, fd: int = 2, *, every: float = 0.1) -> None:
        self._fd = fd
        self._every = every
        self._entries: list[tuple[CallRecord, str]] = []
        self._lost = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="modelbay-access-log", daemon=True)
        self._thread.start()

    def write(self, record: CallRecord, peer: str) -> None:
        """Log one call, which changes no more."""
        if len(self._entries) < _MOST:
            self._entries.append((record, peer))
        else:
            self._lost += 1

    def close(self) -> None:
        """Write what is left."""
        self._stopping.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        while not self._stopping.wait(self._every):
            if self._entries or self._lost:
                self._flush()
        self._flush()

    def _flush(self) -> None:
        entries, self._entries = self._entries, []
        lines = [orjson.dumps(entry_of(*entry)) for entry in entries]
        if self._lost:
            lost, self._lost = self._lost, 0
            lines.append(orjson.dumps({"event": "log_lines_lost", "lines": lost}))
        data = memoryview(b"".join(line + b"\n" for line in lines))
        while data:
            try:
                data = data[os.write(self._fd, data) :]
            except OSError:
                return  # nobody reads the log any more; calls go on


def entry_of(record: CallRecord, peer: str) -> dict[str, Any]:
    """Return a call as the log tells of it."""
    entry: dict[str, Any] = {
        "at": round(record.at, 3),
        "id": record.id,
        "surface": record.surface,
        "status": record.status,
        "peer": peer,
        "key": record.key_id,
        "seconds": round(record.latency, 4),
    }
    if record.asked_model:
        entry |= {
            "asked": record.asked_model,
            "provider": record.provider,
            "model": record.model,
            "stream": record.stream,
            "attempts": record.attempts,
            "input_tokens": record.prompt_tokens,
            "output_tokens": record.completion_tokens,
            "price": None if record.price is None else format(record.price, "f"),
        }
    if record.first_token is not None:
        entry["first_token"] = round(record.first_token, 4)
    if record.error:
        entry["error"] = record.error
    return entry
