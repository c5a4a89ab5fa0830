"""A fake of iFLYTEK Spark: the signed websocket, the HTTP interface at its bases, and signed vectors.

Source: the provider sheet of 2026-11-21.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from email.utils import formatdate, parsedate_to_datetime
from functools import partial
from typing import Any

import orjson

from modelbay.sdk.testing import Answer, Complaint, Reply, Request, json_answer, sse
from modelbay.sdk.testing.faults import Fault
from modelbay.sdk.testing.http import SSE
from modelbay.sdk.testing.upstream import Handler, Refusal

from .conversation import Asked, reply_to, words_in
from .described import Body, Rule
from .made_up import as_base64, vector
from .openai import OpenAIUpstream
from .spark_rules import BASES, FRAME_RULES, HTTP_RULES, SOCKETS, VECTOR_RULES
from .spark_socket import FramedConnection, framed, refusal

KEY, SECRET, PASSWORD = "spark-key-0123", "spark-secret-0123", "spark-password-0123"
CHAT = "/chat/completions"
MOST_SKEW = 300  # seconds
DIMENSIONS = 2560


class SparkUpstream(OpenAIUpstream):
    """A fake of all of Spark's hosts in one; `clock` is its time."""

    schemas: Mapping[str, str] = {}  # type: ignore[misc]  # its own sheet, not OpenAI's description

    def __init__(self, **options: Any) -> None:
        options.setdefault("key", PASSWORD)
        self.clock = time.time
        self._base = ""  # of the HTTP request at hand
        super().__init__(compatible=True, quirks={"usage-with-finish", "whole-tool-call"}, **options)

    def routes(self) -> Mapping[str, Handler]:
        """Map the endpoints."""
        sockets = {f"GET {path}": self._talk for path in SOCKETS}
        return {**sockets, "POST /v1/chat/completions": self._chat, "POST /": self._vector}

    def serve(self, request: Request, *, used: bool) -> tuple[Answer, Fault | None]:
        """Serve the HTTP interface of each base under one path."""
        self._base = request.path.removesuffix(CHAT) if request.path.endswith(CHAT) else ""
        if self._base:
            request.path = f"/v1{CHAT}" if self._base in BASES else f"/elsewhere{request.path}"
        return super().serve(request, used=used)

    def rules(self, path: str) -> Sequence[Rule]:
        """Return the sheet's rules."""
        return (*HTTP_RULES, self._at_its_base) if path.endswith(CHAT) else VECTOR_RULES

    def unauthorised(self, request: Request) -> Answer | None:
        """Ask the HTTP interface's password, and a signature elsewhere."""
        if self._base:
            signed = "authorization" in request.query
            return self.error(401, "signed twice") if signed else super().unauthorised(request)
        if "authorization" in request.headers:
            return refusal(401, "unexpected password", self._date())
        found = self._wrong_signature(request)
        return refusal(*found, self._date()) if found else None

    def _date(self) -> str:
        return formatdate(self.clock(), usegmt=True)

    def _wrong_signature(self, request: Request) -> tuple[int, str] | None:
        query = request.query
        host = request.headers["host"].partition(":")[0]
        lines = f"host: {host}\ndate: {query.get('date')}\n{request.method} {request.path} HTTP/1.1"
        mark = hmac.new(SECRET.encode(), lines.encode(), hashlib.sha256).digest()
        right = (
            f'api_key="{KEY}", algorithm="hmac-sha256", headers="host date request-line", '
            f'signature="{base64.b64encode(mark).decode()}"'
        )
        given = query.get("authorization", "")
        if given != base64.b64encode(right.encode()).decode() or query.get("host") != host:
            return 401, "HMAC signature cannot be verified"
        told = parsedate_to_datetime(query["date"]).timestamp()
        return (
            None if abs(told - self.clock()) <= MOST_SKEW else (403, "HMAC signature: clock skew too great")
        )

    def _at_its_base(self, body: Body) -> Complaint | None:
        """Each base has its own models."""
        known = body["model"] in BASES[self._base]
        return None if known else Complaint(f"no model {body['model']} at {self._base}", "model", "10404")

    # The websocket.

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(
            partial(FramedConnection, self), "127.0.0.1", self.port, backlog=1024
        )
        self.port = self._listener.sockets[0].getsockname()[1]

    def _talk(self, request: Request) -> Answer:
        return framed(partial(self._frames, request, self._without, self._error_after))

    _error_after: tuple[int, str] | None = None

    def _failing(self, request: Request, fault: Fault) -> Answer:
        """Fail as told; over the websocket an error in a good answer is the first frame."""
        if fault.error_in_body and request.path in SOCKETS:
            self._error_after = (0, fault.message)
            answer = self._talk(request)
            self._error_after = None
            return answer
        return super()._failing(request, fault)

    def _spoilt(self, request: Request, fault: Fault) -> Answer:
        self._error_after = None if fault.error_after is None else (fault.error_after, fault.message)
        try:
            return super()._spoilt(request, fault)
        finally:
            self._error_after = None

    def _frames(
        self, request: Request, without: frozenset[str], error: tuple[int, str] | None, heard: bytes
    ) -> Iterable[str]:
        request.raw = heard
        frame = orjson.loads(heard)
        complaint = next(filter(None, (rule(frame, request.path) for rule in FRAME_RULES)), None)
        if complaint is not None:
            self.refused.append(Refusal(request, complaint))
            return [_frame({"code": int(complaint.code or 10003), "message": complaint.message})]
        reply = replace(self.reply_for(request, lambda: reply_to(_asked(frame))), without=without)
        said = _said(reply, frame)
        return said if error is None else _first(said, *error)

    # The HTTP interface and vectors.

    def _chat(self, request: Request) -> Answer:
        answer = super()._chat(request)
        listed = bool(request.body.get("tool_calls_switch"))
        if answer.events is None:
            return json_answer(_in_its_words(orjson.loads(answer.body), listed))
        return Answer(content_type=SSE, events=_events_in_its_words(answer.events, listed))

    def _vector(self, request: Request) -> Answer:
        told = orjson.loads(base64.b64decode(request.body["payload"]["messages"]["text"]))
        packed = as_base64(vector(told["messages"][0]["content"], DIMENSIONS))
        feature = {"encoding": "utf8", "text": packed}
        return json_answer({"header": {"code": 0, "sid": "emb-1"}, "payload": {"feature": feature}})


def _asked(frame: Body) -> Asked:
    texts, chat = frame["payload"]["message"]["text"], frame["parameter"]["chat"]
    functions = (frame["payload"].get("functions") or {}).get("text", ())
    tools = {function["name"]: function.get("parameters") for function in functions}
    return Asked(text=texts[-1]["content"], tools=tools, limit=chat.get("max_tokens"))


def _said(reply: Reply, frame: Body) -> Iterator[str]:
    """Write a reply as frames: each piece one, the last with the usage."""
    texts: list[dict[str, Any]] = [{"content": "", "reasoning_content": piece} for piece in reply.reasoning]
    texts += [{"content": piece} for piece in reply.pieces]
    calls = [{"name": call.name, "arguments": call.arguments} for call in reply.tool_calls]
    texts += [{"content": "", "function_call": call} for call in calls]
    for place, text in enumerate(texts):
        yield _frame(_fine(min(place, 1)), _choices(min(place, 1), place, text))
    if "end" in reply.without:
        return
    used = reply.tokens(words_in(frame["payload"]["message"]))
    if reply.finish_reason == "length":  # which an answer over this interface only tells by its length
        used["out"] = frame["parameter"]["chat"].get("max_tokens", used["out"])
    counts = {"question_tokens": 1, "prompt_tokens": used["in"], "completion_tokens": used["out"]}
    usage = {"usage": {"text": counts | {"total_tokens": used["in"] + used["out"]}}}
    payload = _choices(2, len(texts), {"content": ""}) | ({} if "usage" in reply.without else usage)
    yield _frame(_fine(2), payload)


def _fine(status: int) -> dict[str, Any]:
    return {"code": 0, "message": "Success", "sid": "cht-1", "status": status}


def _choices(status: int, place: int, text: dict[str, Any]) -> dict[str, Any]:
    told = {"role": "assistant", "index": 0, **text}
    return {"choices": {"status": status, "seq": place, "text": [told]}}


def _frame(header: Mapping[str, Any], payload: Mapping[str, Any] | None = None) -> str:
    return orjson.dumps({"header": header} | ({"payload": payload} if payload else {})).decode()


def _first(frames: Iterable[str], count: int, message: str) -> Iterator[str]:
    for place, frame in enumerate(frames):
        if place >= count:
            break
        yield frame
    yield _frame({"code": 10012, "message": message, "sid": "cht-1", "status": 2})


def _in_its_words(body: dict[str, Any], listed: bool) -> dict[str, Any]:
    for choice in body.get("choices") or ():
        said = choice.get("delta") or choice.get("message") or {}
        if said.get("tool_calls") and not listed:
            said["tool_calls"] = said["tool_calls"][0]
    return {"code": 0, "message": "Success", "sid": "cha-1"} | body


def _events_in_its_words(events: Iterable[bytes], listed: bool) -> Iterator[bytes]:
    for event in events:
        data = event.removeprefix(b"data: ").strip()
        yield event if data == b"[DONE]" else sse(_in_its_words(orjson.loads(data), listed))
