"""A fake of Mistral's API: OpenAI's dialect with fields of its own, and none besides.

Source: the published OpenAPI file (2026-08-21), and the provider sheet of 2026-11-21.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import orjson

from modelbay.sdk.testing import Answer, Complaint, Request, json_answer, sse
from modelbay.sdk.testing.upstream import Handler

from .described import Body, Rule, required
from .made_up import flagged
from .openai import OpenAIUpstream

CATEGORIES = (
    *("sexual", "hate_and_discrimination", "violence_and_threats", "dangerous_and_criminal_content"),
    *("selfharm", "health", "financial", "law", "pii"),
)
_OURS = {"violence": "violence_and_threats", "hate": "hate_and_discrimination"}
_TOOL_ID = re.compile(r"[a-zA-Z0-9]{9}")
_LAST = frozenset({"user", "tool"})
MODELS = {
    "mistral-medium-latest": {"completion_chat": True, "function_calling": True, "vision": True},
    "mistral-embed": {},
    "mistral-moderation-latest": {"moderation": True},
    "mistral-ocr-latest": {"ocr": True, "vision": True},
    "voxtral-mini-latest": {"audio_transcription": True},
}


class MistralUpstream(OpenAIUpstream):
    """A fake `https://api.mistral.ai`; its `base_url` is `upstream.url + "/v1"`."""

    file = "mistral.openapi.json"
    schemas: ClassVar[Mapping[str, str]] = {
        "/v1/chat/completions": "ChatCompletionRequest",
        "/v1/embeddings": "EmbeddingRequest",
        "/v1/moderations": "ClassificationRequest",
        "/v1/audio/transcriptions": "AudioTranscriptionRequest",
    }
    request_id_header = "mistral-correlation-id"

    def __init__(self, **options: Any) -> None:
        super().__init__(compatible=True, quirks=("usage-with-finish",), **options)
        self.extensions = frozenset()

    def routes(self) -> Mapping[str, Handler]:
        """Map the endpoints."""
        inner = super().routes()
        return {
            "POST /v1/chat/completions": self._chat,
            "POST /v1/embeddings": inner["POST /v1/embeddings"],
            "POST /v1/moderations": self._moderate,
            "POST /v1/audio/transcriptions": inner["POST /v1/audio/transcriptions"],
            "GET /v1/models": lambda _: json_answer({"object": "list", "data": list(map(_card, MODELS))}),
        }

    def rules(self, path: str) -> Sequence[Rule]:
        """Return what the description does not say."""
        return _RULES.get(path, ())

    def complain(self, request: Request) -> Complaint | None:
        """Refuse what the description does not know with the status that its framework has for it."""
        complaint = super().complain(request)
        return complaint and replace(complaint, status=422 if complaint.status == 400 else complaint.status)

    def error(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> Answer:
        """Write the framework's list of what is wrong, or Mistral's own object."""
        if status == 422:
            place = ["body", *(param or "").split(".")]
            return json_answer(
                {"detail": [{"loc": place, "msg": message, "type": code or "invalid"}]}, status
            )
        kind = {401: "unauthorized", 429: "rate_limited"}.get(status, "internal_server_error")
        return json_answer({"object": "error", "message": message, "type": kind, "code": code or "0"}, status)

    def error_event(self, message: str) -> bytes:
        """Write the same object as an event."""
        return sse({"object": "error", "message": message, "type": "internal_server_error", "code": "1"})

    def _chat(self, request: Request) -> Answer:
        answer = super()._chat(request)
        if answer.events is not None:
            return replace(answer, events=_with_parts(answer.events))
        body = orjson.loads(answer.body)
        for choice in body["choices"]:
            choice["message"] = _message(choice["message"])
            del choice["logprobs"]
        return json_answer(body)

    def _moderate(self, request: Request) -> Answer:
        given = request.body["input"]
        texts = [given] if isinstance(given, str) else given
        results = [_judged({_OURS[name] for name in flagged(text)}) for text in texts]
        return json_answer({"id": "mod-1", "model": request.body["model"], "results": results})


def _judged(found: set[str]) -> dict[str, Any]:
    return {
        "categories": {name: name in found for name in CATEGORIES},
        "category_scores": {name: 0.98 if name in found else 0.01 for name in CATEGORIES},
    }


def _card(name: str) -> dict[str, Any]:
    can = {"completion_chat": False, "function_calling": False, "vision": False, **MODELS[name]}
    return {"id": name, "object": "model", "type": "base", "capabilities": can, "max_context_length": 32768}


def _message(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message, or a delta, with its thoughts as a part of the content."""
    message = {name: value for name, value in said.items() if name not in ("refusal", "reasoning_content")}
    thought = said.get("reasoning_content")
    if not thought:
        return message
    parts: list[dict[str, Any]] = [{"type": "thinking", "thinking": [{"type": "text", "text": thought}]}]
    if message.get("content"):
        parts.append({"type": "text", "text": message["content"]})
    return message | {"content": parts}


def _with_parts(events: Any) -> Iterator[bytes]:
    for event in events:
        data = event.partition(b"data: ")[2]
        if not data.startswith(b"{"):
            yield event
            continue
        chunk = orjson.loads(data)
        for choice in chunk.get("choices") or ():
            choice["delta"] = _message(choice["delta"])
            choice.pop("logprobs", None)
        yield sse(chunk)


def _good_order(body: Body) -> Complaint | None:
    """Instructions stand first, tools are answered before the user speaks again, and he speaks last."""
    before = "system"
    for place, message in enumerate(body["messages"]):
        role = message["role"]
        if (role == "system" and before != "system") or (role == "user" and before == "tool"):
            return Complaint(f"Unexpected role '{role}' after role '{before}'", f"messages.{place}.role")
        before = role
    last = body["messages"][-1]
    if last["role"] in _LAST or last.get("prefix"):
        return None
    return Complaint(f"Expected last role User or Tool but got {last['role']}", "messages")


def _good_ids(body: Body) -> Complaint | None:
    """Ids of tool calls are nine letters or digits, and results are of calls that were made."""
    known: set[str] = set()
    for place, message in enumerate(body["messages"]):
        ids = [call["id"] for call in message.get("tool_calls") or ()]
        known.update(ids)
        answered = [message["tool_call_id"]] if message["role"] == "tool" else []
        wrong = [each for each in (*ids, *answered) if not _TOOL_ID.fullmatch(each) or each not in known]
        if wrong:
            said = f"Tool call id was {wrong[0]} but must be a-z, A-Z, 0-9, with a length of 9."
            return Complaint(said, f"messages.{place}", "invalid_function_call")
    return None


_RULES: Mapping[str, Sequence[Rule]] = {
    "/v1/chat/completions": (required("model", "messages"), _good_order, _good_ids),
    "/v1/embeddings": (required("model", "input"),),
    "/v1/moderations": (required("model", "input"),),
    "/v1/audio/transcriptions": (required("model", "file"),),
}
