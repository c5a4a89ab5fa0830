"""What a test tells a fake upstream to do next: answers, replies of a model, faults."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import orjson

from .faults import Fault
from .http import JSON, SSE, Answer, Request
from .reply import Reply, to_tool_call

T = TypeVar("T")


@dataclass(slots=True)
class _Entry(Generic[T]):
    what: T
    path: str | None
    times: int | None  # None: for ever
    skip: int = 0

    def concerns(self, path: str) -> bool:
        return self.path is None or self.path == path


class _Queue(Generic[T]):
    """Entries in the order given; each is used up by the requests to its path."""

    def __init__(self) -> None:
        self._entries: list[_Entry[T]] = []

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, what: T, path: str | None, times: int | None, skip: int = 0) -> None:
        self._entries.append(_Entry(what, path, times, skip))

    def peek(self, path: str) -> T | None:
        entry = self._front(path)
        return None if entry is None or entry.skip else entry.what

    def take(self, path: str) -> T | None:
        entry = self._front(path)
        if entry is None:
            return None
        if entry.skip:
            entry.skip -= 1
            return None
        if entry.times is not None:
            entry.times -= 1
            if entry.times <= 0:
                self._entries.remove(entry)
        return entry.what

    def _front(self, path: str) -> _Entry[T] | None:
        return next((entry for entry in self._entries if entry.concerns(path)), None)

    def clear(self) -> None:
        self._entries.clear()


class Script:
    """The scripted part of a fake upstream. With nothing scripted it answers by itself."""

    reply: Reply | None = None  # what every chat says when nothing is scripted; None: an echo

    def __init__(self) -> None:
        self._answers: _Queue[Answer] = _Queue()
        self._replies: _Queue[Reply] = _Queue()
        self._faults: _Queue[Fault] = _Queue()
        self._without: frozenset[str] = frozenset()

    def will_answer(
        self,
        json: Any = None,
        *,
        body: bytes | None = None,
        events: Iterable[bytes] | None = None,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        content_type: str | None = None,
        path: str | None = None,
        times: int | None = 1,
    ) -> None:
        """Answer the next request (to `path`, when given) with exactly this, whatever the family.

        Args:
            json: The body as a value.
            body: The body as bytes.
            events: A streamed body, one write for each.
            times: For how many requests; None for all that follow.
        """
        kind = content_type or (JSON if events is None else SSE)
        raw = body if body is not None else b"" if events is not None else orjson.dumps(json)
        kept = None if events is None else list(events)
        self._answers.add(Answer(status, raw, kind, headers or {}, kept), path, times)

    def will_stream(
        self,
        *pieces: str,
        usage: Mapping[str, Any] | None = None,
        finish_reason: str | None = None,
        tool_calls: Sequence[Mapping[str, Any]] = (),
        reasoning: Sequence[str] = (),
        refusal: str | None = None,
        path: str | None = None,
        times: int | None = 1,
    ) -> None:
        """Let the model say `pieces` in the next chat; a request without streaming gets them joined.

        Args:
            usage: Tokens in our words (`in`, `out`, `cached`, `reasoning`), or fields of the family's object.
            finish_reason: In the family's own words.
            tool_calls: `{"name", "arguments", "id"?}`; `arguments` a value, JSON text or fragments.
            reasoning: The pieces of the reasoning, which come first.
        """
        calls = tuple(to_tool_call(call, place) for place, call in enumerate(tool_calls))
        reply = Reply(pieces, calls, tuple(reasoning), refusal, finish_reason, dict(usage or {}))
        self._replies.add(reply, path, times)

    def will_fail(
        self, fault: Fault, *, times: int | None = 1, after: int = 0, path: str | None = None
    ) -> None:
        """Inject a fault into the next `times` requests, after `after` good ones; `times=None` for all."""
        self._faults.add(fault, path, times, after)

    def forget_script(self) -> None:
        """Drop everything that was scripted and not used yet."""
        for queue in (self._answers, self._replies, self._faults):
            queue.clear()

    def next_fault(self, request: Request, *, used: bool) -> Fault | None:
        """Take the fault due for this request; `used` says that its connection has served before."""
        if not self._faults:
            return None
        due = self._faults.peek(request.path)
        if due is not None and due.stale and not used:
            return None
        return self._faults.take(request.path)

    def reply_for(self, request: Request, own: Callable[[], Reply]) -> Reply:
        """Return what the model says in a chat: the scripted reply, else the standing one, else its `own`."""
        reply = (self._replies.take(request.path) if self._replies else None) or self.reply or own()
        return replace(reply, without=self._without) if self._without else reply
