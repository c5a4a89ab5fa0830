"""A fake of Zhipu's API: OpenAI's dialect with rules of its own.

Source: the provider sheet of 2026-11-21; a fact the sheet calls unverified is not a rule here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import orjson

from modelbay.sdk.testing import Answer, Complaint, Request, json_answer, sse
from modelbay.sdk.testing.faults import Fault

from .described import Body, Rule, required
from .openai import OpenAIUpstream
from .openai_rules import answered_tools, some_messages

PREFIX = "/api/paas/v4"
KEY = "0123456789abcdef.a-secret-of-a-key"
CODES = {
    400: "1210",
    401: "1000",
    403: "1220",
    404: "1211",
    422: "1214",
    429: "1302",
    500: "500",
    503: "1234",
}
FIELDS: Mapping[str, frozenset[str]] = {
    "/v1/chat/completions": frozenset(
        [
            "model",
            "messages",
            "temperature",
            "top_p",
            "max_tokens",
            "do_sample",
            "stop",
            "seed",
            "request_id",
            "user_id",
            "response_format",
            "tools",
            "tool_choice",
            "thinking",
            "reasoning_effort",
            "tool_stream",
            "stream",
            "sensitive_word_check",
            "meta",
        ]
    ),
    "/v1/embeddings": frozenset({"model", "input", "dimensions", "encoding_format"}),
    "/v1/rerank": frozenset(
        {
            "model",
            "query",
            "documents",
            "top_n",
            "return_documents",
            "return_raw_scores",
            "user_id",
            "request_id",
        }
    ),
    "/v1/audio/speech": frozenset(
        {"model", "input", "voice", "response_format", "speed", "volume", "stream"}
    ),
    "/v1/audio/transcriptions": frozenset({"model", "file", "stream", "user_id", "request_id"}),
}
VOICES = frozenset({"tongtong", "xiaochen", "chuichui", "jam", "kazi", "douji", "luodo"})
ALWAYS_THINKS = frozenset({"glm-5.3", "glm-5.3-flash", "glm-5.3-flashx"})


class ZhipuUpstream(OpenAIUpstream):
    """A fake `https://open.bigmodel.cn`, with `base_url` for a client; it takes the key or a token of it."""

    schemas: Mapping[str, str] = {}  # type: ignore[misc]  # its own sheet, not OpenAI's description

    def __init__(self, **options: Any) -> None:
        options.setdefault("key", KEY)
        super().__init__(compatible=True, quirks={"usage-with-finish", "whole-tool-call"}, **options)
        self.clock = time.time
        self.found: list[dict[str, str]] = []  # on the web

    @property
    def base_url(self) -> str:
        """What a client is given as its base."""
        return f"{self.url}{PREFIX}"

    def serve(self, request: Request, *, used: bool) -> tuple[Answer, Fault | None]:
        """Serve the paths of OpenAI's dialect below the prefix of this API."""
        if request.path.startswith(PREFIX):
            request.path = "/v1" + request.path.removeprefix(PREFIX)
        else:
            request.path = f"/elsewhere{request.path}"
        return super().serve(request, used=used)

    def rules(self, path: str) -> Sequence[Rule]:
        """Return the sheet's rules."""
        return (_known_fields(path), *RULES.get(path, ()))

    def unauthorised(self, request: Request) -> Answer | None:
        """Take the raw key, or a token that it signed and whose time is not over."""
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self.key is None or given == self.key:
            return None
        complaint = _wrong_token(given, self.key, self.clock()) if given.count(".") == 2 else "invalid key"
        if complaint is None:
            return None
        return self.error(401, f"Authentication failed: {complaint}", code="1001")

    def error(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> Answer:
        """Write `{"error": {code, message}}`; codes are strings of digits."""
        number = code if code and code.isdigit() else CODES.get(status, "500")
        return json_answer({"error": {"code": number, "message": message}}, status)

    def error_event(self, message: str) -> bytes:
        """Write the error as an event of a stream."""
        return sse({"error": {"code": "1234", "message": message}})

    def _chat(self, request: Request) -> Answer:
        answer = super()._chat(request)
        tools = request.body.get("tools") or ()
        if not self.found or not any(tool["type"] == "web_search" for tool in tools):
            return answer
        if answer.events is not None:
            return Answer(content_type=answer.content_type, events=_with_found(answer.events, self.found))
        return json_answer(orjson.loads(answer.body) | {"web_search": self.found})


def _with_found(events: Any, found: list[dict[str, str]]) -> Iterator[bytes]:
    for place, event in enumerate(events):
        yield (
            sse(orjson.loads(event.removeprefix(b"data: ")) | {"web_search": found}) if place == 0 else event
        )


def _wrong_token(token: str, key: str, now: float) -> str | None:
    name, _, secret = key.partition(".")
    signed, _, mark = token.rpartition(".")
    head, told = (orjson.loads(base64.urlsafe_b64decode(part + "==")) for part in signed.split("."))
    right = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    if head != {"alg": "HS256", "sign_type": "SIGN"} or told["api_key"] != name:
        return "not a token of this key"
    if base64.urlsafe_b64decode(mark + "==") != right:
        return "wrong signature"
    if not told["timestamp"] - 60_000 <= now * 1000 < told["exp"]:
        return "the token is expired or not yet valid"
    return None


def _bad(message: str, param: str, code: str = "1214") -> Complaint:
    return Complaint(message, param, code)


def _known_fields(path: str) -> Rule:
    def rule(body: Body) -> Complaint | None:
        unknown = sorted(body.keys() - FIELDS.get(path, body.keys()))
        return _bad(f"unknown parameter {unknown[0]}", unknown[0]) if unknown else None

    return rule


def _in_range(name: str, least: float, most: float) -> Rule:
    def rule(body: Body) -> Complaint | None:
        value = body.get(name)
        if value is None or least <= value <= most:
            return None
        return _bad(f"{name} must be in [{least}, {most}]", name)

    return rule


def _chosen_by_the_model(body: Body) -> Complaint | None:
    """The only choice of tools is `auto`."""
    return (
        None if body.get("tool_choice") in {None, "auto"} else _bad("tool_choice: only auto", "tool_choice")
    )


def _identified(body: Body) -> Complaint | None:
    """A user has 6 to 128 characters."""
    user = body.get("user_id")
    return None if user is None or 6 <= len(user) <= 128 else _bad("user_id: 6 to 128 characters", "user_id")


def _thinks(body: Body) -> Complaint | None:
    """The newest models think always."""
    if body["model"] in ALWAYS_THINKS and body.get("thinking") != {"type": "enabled"}:
        return _bad("thinking must be enabled for this model", "thinking")
    return None


def _no_neighbours(body: Body) -> Complaint | None:
    """Nobody speaks twice in a row, and no system message is empty."""
    messages = body["messages"]
    roles = [message["role"] for message in messages if "tool_calls" not in message]
    for one, other in pairwise(roles):
        if one == other and one in {"user", "assistant"}:
            return _bad(f"two messages of {one} in a row", "messages")
    empty = any(message["role"] == "system" and not message["content"] for message in messages)
    return _bad("an empty system message", "messages") if empty else None


def _bare_pictures(body: Body) -> Complaint | None:
    """Pictures and films come as an address or as bare base64."""
    for message in body["messages"]:
        for part in message["content"] if isinstance(message.get("content"), list) else ():
            kind = part["type"]
            if kind != "text" and part[kind]["url"].startswith("data:"):
                return _bad("base64 has to be sent without its prefix", "messages", "1210")
    return None


def _few(name: str, most: int) -> Rule:
    def rule(body: Body) -> Complaint | None:
        return _bad(f"{name}: at most {most}", name) if len(body[name]) > most else None

    return rule


def _spoken(body: Body) -> Complaint | None:
    """Speech has a known voice and is wav or pcm."""
    if body["voice"] not in VOICES:
        return _bad(f"unknown voice {body['voice']}", "voice")
    return (
        None
        if body.get("response_format", "pcm") in {"wav", "pcm"}
        else _bad("wav or pcm", "response_format")
    )


RULES: Mapping[str, Sequence[Rule]] = {
    "/v1/chat/completions": (
        *(required("model", "messages"), some_messages, answered_tools, _no_neighbours, _bare_pictures),
        *(_in_range("temperature", 0, 1), _in_range("top_p", 0.01, 1), _in_range("max_tokens", 1, 131072)),
        *(_chosen_by_the_model, _identified, _thinks),
    ),
    "/v1/embeddings": (required("model", "input"), _few("input", 64)),
    "/v1/rerank": (required("model", "query", "documents"), _few("documents", 128)),
    "/v1/audio/speech": (required("model", "input", "voice"), _spoken),
    "/v1/audio/transcriptions": (required("model", "file"),),
}
