"""A fake upstream: a real HTTP server that records, checks, answers (by script or itself) and fails."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from .faults import Fault
from .gate import Gate
from .http import Answer, Request, json_answer, sse
from .pace import Boundary
from .script import Script
from .server import Server

Handler = Callable[[Request], Answer]
_VERDICTS_KEPT = 512


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with a request: the field (dotted path) and why, and how the vendor would say it."""

    message: str
    param: str | None = None
    code: str | None = None
    status: int = 400


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that the description or the sheet of this upstream does not allow."""

    request: Request
    complaint: Complaint

    def __str__(self) -> str:
        return f"{self.request.method} {self.request.path}: {self.complaint.message}"


class FakeUpstream(Server, Script):
    """The base of every fake. On its own it answers only what was scripted.

    A family gives `routes`, and where it has them `unauthorised`, `complain`, `error` and `error_event`.

    Args:
        key: The credential it accepts; None for a server that asks for none.
        port: Where to listen on 127.0.0.1; 0 for a free port.
        keep: How many requests are remembered.
    """

    described = False  # whether requests are checked against a published description
    request_id_header: ClassVar[str | None] = (
        None  # where a family names its answers: req_000001, req_000002, …
    )

    def __init__(self, *, key: str | None = "test-key", port: int = 0, keep: int = 10_000) -> None:
        Server.__init__(self, port)
        Script.__init__(self)
        self.key = key
        self._received = 0
        self._watchers: list[tuple[int, Future[None]]] = []
        self.requests: deque[Request] = deque(maxlen=keep)
        self.refused: list[Refusal] = []
        self.on_refused: Callable[[Refusal], None] | None = None
        self._verdicts: dict[tuple[str, bytes], Complaint | None] = {}
        self._routes = dict(self.routes())

    # What a family says.

    def routes(self) -> Mapping[str, Handler]:
        """Map `POST /v1/thing` and `GET /v1/things/{id}` to what answers them."""
        return {}

    def unauthorised(self, request: Request) -> Answer | None:
        """Return the refusal of a request without the right key, None for a good one: a bearer token here."""
        if self.key is None or request.headers.get("authorization") == f"Bearer {self.key}":
            return None
        return self.error(401, "Incorrect API key provided.", code="invalid_api_key")

    def complain(self, request: Request) -> Complaint | None:
        """Return what the description and the sheet do not allow in this request."""
        return None

    def error(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> Answer:
        """Write an error in the family's own shape."""
        return json_answer({"error": {"message": message, "code": code, "param": param}}, status)

    def error_event(self, message: str) -> bytes:
        """Write the error that this family sends inside a stream."""
        return sse({"error": {"message": message}})

    # How it is paced.

    @property
    def boundary(self) -> Boundary:
        """Bytes that one TCP write carries: a number, `random`, or None for one write an event."""
        return self.pace.boundary

    @boundary.setter
    def boundary(self, value: Boundary) -> None:
        self.pace.boundary = value

    @property
    def delay(self) -> float:
        """Seconds between two writes of a stream."""
        return self.pace.delay

    @delay.setter
    def delay(self, seconds: float) -> None:
        self.pace.delay = seconds

    @property
    def latency(self) -> float:
        """Seconds before an answer begins."""
        return self.pace.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self.pace.latency = seconds

    @property
    def gate(self) -> Gate | None:
        """What each event waits at when set, so that a test steps through a stream without sleeping."""
        return self.pace.gate

    @gate.setter
    def gate(self, gate: Gate | None) -> None:
        self.pace.gate = gate

    # Serving.

    def will_fail(
        self, fault: Fault, *, times: int | None = 1, after: int = 0, path: str | None = None
    ) -> None:
        """Inject a fault into the next `times` requests, after `after` good ones; refusing begins at once."""
        if fault.refuse:
            self.stop_listening()
        else:
            super().will_fail(fault, times=times, after=after, path=path)

    def serve(self, request: Request, *, used: bool) -> tuple[Answer, Fault | None]:
        """Record, check, then answer: a fault that is due, what was scripted, or what the family says."""
        self._arrived(request)
        try:
            answer, fault = self._served(request, used)
        except Exception as error:  # noqa: BLE001 - a mistake of the fake fails the test, not the connection
            self.broke(error)
            answer, fault = self.error(500, f"the fake upstream is broken: {error!r}"), None
        if self.request_id_header is not None:
            names = {self.request_id_header: f"req_{self._received:06d}"}
            answer = replace(answer, headers=names | dict(answer.headers))
        return answer, fault

    async def received(self, number: int = 1) -> None:
        """Wait until `number` requests have come in all, so that a test need not poll."""
        future: Future[None] = Future()
        with self._lock:
            self._watchers.append((number, future))
            self._tell_watchers()
        await asyncio.wrap_future(future)

    def _arrived(self, request: Request) -> None:
        with self._lock:
            self.requests.append(request)
            self._received += 1
            self._tell_watchers()

    def _tell_watchers(self) -> None:
        due = [future for number, future in self._watchers if number <= self._received]
        if due:
            self._watchers = [watcher for watcher in self._watchers if watcher[0] > self._received]
        for future in due:
            if future.set_running_or_notify_cancel():
                future.set_result(None)

    def _served(self, request: Request, used: bool) -> tuple[Answer, Fault | None]:
        refusal = self.unauthorised(request) or self._refusal(request)
        if refusal is not None:
            return refusal, None
        fault = self.next_fault(request, used=used)
        return (self._answer(request), None) if fault is None else (self._failing(request, fault), fault)

    def _refusal(self, request: Request) -> Answer | None:
        complaint = self._verdict(request)
        if complaint is None:
            return None
        refusal = Refusal(request, complaint)
        self.refused.append(refusal)
        if self.on_refused is not None:
            self.on_refused(refusal)
        return self.error(complaint.status, complaint.message, code=complaint.code, param=complaint.param)

    def _verdict(self, request: Request) -> Complaint | None:
        # The same bytes get the same verdict: a benchmark pays for the check once.
        key = (request.path, request.raw)
        if key in self._verdicts:
            return self._verdicts[key]
        complaint = self.complain(request)
        if len(self._verdicts) < _VERDICTS_KEPT and len(request.raw) < 65_536:
            self._verdicts[key] = complaint
        return complaint

    def _answer(self, request: Request) -> Answer:
        if self._answers and (scripted := self._answers.take(request.path)) is not None:
            return scripted
        handler = self._routes.get(f"{request.method} {request.path}") or self._handler(request)
        if handler is not None:
            return handler(request)
        return self.error(404, f"Invalid URL ({request.method} {request.path})", code="not_found")

    def _handler(self, request: Request) -> Handler | None:
        method = "GET" if request.method == "HEAD" else request.method
        for route, handler in self._routes.items():
            verb, _, path = route.partition(" ")
            if verb == method and _fits(path, request.path):
                return handler
        return None

    def _failing(self, request: Request, fault: Fault) -> Answer:
        if fault.stale:
            return Answer()
        if fault.body is not None:
            return Answer(
                fault.status or 200, fault.body, fault.content_type or "application/json", fault.headers
            )
        if fault.error_in_body:
            return replace(self.error(500, fault.message), status=200)
        if fault.status is not None:
            return replace(self.error(fault.status, fault.message), headers=fault.headers)
        return self._spoilt(request, fault)

    def _spoilt(self, request: Request, fault: Fault) -> Answer:
        self._without = fault.without
        try:
            answer = self._answer(request)
        finally:
            self._without = frozenset()
        if fault.error_after is not None and answer.events is not None:
            events = _first(answer.events, fault.error_after, self.error_event(fault.message))
            answer = replace(answer, events=events)
        return replace(answer, content_type=fault.content_type) if fault.content_type else answer


def as_mapping(value: Any) -> Mapping[str, Any]:
    """Return a JSON object as it is, anything else as an empty one."""
    return value if isinstance(value, dict) else {}


def _fits(pattern: str, path: str) -> bool:
    if "{" not in pattern:
        return pattern == path
    start = pattern[: pattern.index("{")]
    return path.startswith(start) and len(path) > len(start)


def _first(events: Iterable[bytes], count: int, last: bytes) -> Iterator[bytes]:
    for place, event in enumerate(events):
        if place >= count:
            break
        yield event
    yield last
