"""A fake of MiniMax's API: Anthropic's messages below `/anthropic`, vectors and speech of its own.

Source: the provider sheet of 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from modelbay.sdk.testing import Answer, Complaint, Request, json_answer, sse
from modelbay.sdk.testing.faults import Fault
from modelbay.sdk.testing.http import SSE
from modelbay.sdk.testing.upstream import Handler

from . import anthropic_rules as anthropic
from .anthropic import AnthropicUpstream
from .conversation import words_in
from .described import Body, Rule, required
from .made_up import sound, vector

MESSAGES, VECTORS, SPEECH = "/v1/messages", "/v1/embeddings", "/v1/t2a_v2"
CODES = {400: 2013, 401: 1004, 403: 1004, 404: 2013, 422: 2013, 429: 1002}
DIMENSIONS = 1536
MODELS = frozenset(
    {"MiniMax-M3", "MiniMax-M2.7", "MiniMax-M2.7-highspeed", "MiniMax-M2.5", "MiniMax-M2.5-highspeed"}
    | {"MiniMax-M2.1", "MiniMax-M2.1-highspeed", "MiniMax-M2", "M2-her"}
)
FORMATS = frozenset({"mp3", "pcm", "flac", "wav"})
FIELDS: Mapping[str, frozenset[str]] = {
    VECTORS: frozenset({"model", "texts", "type"}),
    SPEECH: frozenset({"model", "text", "stream", "voice_setting", "audio_setting"})
    | {"pronunciation_dict", "language_boost"},
    "voice_setting": frozenset({"voice_id", "speed", "vol", "pitch"}),
    "audio_setting": frozenset({"sample_rate", "bitrate", "format", "channel"}),
}
_PIECE = 512


class MiniMaxUpstream(AnthropicUpstream):
    """A fake `https://api.minimaxi.com`; `group` is the id that its vectors and speech want in the query."""

    def __init__(self, *, group: str | None = None, **options: Any) -> None:
        self.group = group
        self._own = False  # whether the request at hand is for MiniMax's own endpoints
        super().__init__(**options)

    def routes(self) -> Mapping[str, Handler]:
        """Map the endpoints."""
        return {
            f"POST {MESSAGES}": self._message,
            f"POST {VECTORS}": self._embed,
            f"POST {SPEECH}": self._speak,
        }

    def serve(self, request: Request, *, used: bool) -> tuple[Answer, Fault | None]:
        """Serve Anthropic's paths below their prefix."""
        self._own = not request.path.startswith("/anthropic/")
        if self._own and request.path == MESSAGES:
            request.path = "/elsewhere"
        request.path = request.path.removeprefix("/anthropic")
        return super().serve(request, used=used)

    def rules(self, path: str) -> Sequence[Rule]:
        """Return the sheet's rules."""
        return RULES.get(path, ())

    def fields(self, request: Request) -> Any:
        """Return the body as Anthropic's description knows it, without films."""
        body = super().fields(request)
        if request.path != MESSAGES or not isinstance(body, dict):
            return body
        return body | {"messages": [_without_films(message) for message in body.get("messages", ())]}

    def unauthorised(self, request: Request) -> Answer | None:
        """Ask for the key, and at MiniMax's own endpoints for the group."""
        if self._own and request.headers.get("authorization") != f"Bearer {self.key}":
            return self.error(401, "login fail: Please carry the API secret key in the 'Authorization' field")
        if self._own and self.group and request.query.get("GroupId") != self.group:
            return self.error(401, "token not match group")
        return None if self._own else super().unauthorised(request)

    def complain(self, request: Request) -> Complaint | None:
        """Check a body; MiniMax's own endpoints know nothing of Anthropic's version."""
        if not self._own:
            return super().complain(request)
        return next(filter(None, (rule(request.body) for rule in self.rules(request.path))), None)

    def error(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> Answer:
        """Write `base_resp` with status 200 at MiniMax's own endpoints, else Anthropic's error."""
        if not self._own:
            return super().error(status, message, code=code, param=param)
        told = {"status_code": CODES.get(status, 1000), "status_msg": message}
        return json_answer({"trace_id": "trace-1", "base_resp": told})

    def _embed(self, request: Request) -> Answer:
        texts = request.body["texts"]
        vectors = [vector(text, DIMENSIONS) for text in texts]
        return json_answer({"vectors": vectors, "total_tokens": words_in(texts), "base_resp": _fine()})

    def _speak(self, request: Request) -> Answer:
        body = request.body
        audio = sound(body["text"], body["audio_setting"]["format"])
        if body["stream"]:
            return Answer(content_type=SSE, events=_spoken(audio, len(body["text"])))
        return json_answer(_ended(audio, len(body["text"])))


def _spoken(audio: bytes, characters: int) -> Iterator[bytes]:
    for start in range(0, len(audio), _PIECE):
        piece = audio[start : start + _PIECE].hex()
        yield sse({"data": {"audio": piece, "status": 1}, "trace_id": "trace-1", "base_resp": _fine()})
    yield sse(_ended(audio, characters))


def _ended(audio: bytes, characters: int) -> dict[str, Any]:
    """Write the end of a speech, which has the whole audio once more."""
    told = {"usage_characters": characters, "audio_size": len(audio)}
    return {"data": {"audio": audio.hex(), "status": 2}, "extra_info": told, "base_resp": _fine()}


def _fine() -> dict[str, Any]:
    return {"status_code": 0, "status_msg": "success"}


def _without_films(message: Any) -> Any:
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, list):
        return message
    return message | {"content": [block for block in content if block.get("type") != "video"]}


def _bad(message: str, param: str) -> Complaint:
    return Complaint(message, param, "invalid_request_error")


def _known_fields(path: str) -> Rule:
    def rule(body: Body) -> Complaint | None:
        inner = {name: body[name] for name in ("voice_setting", "audio_setting") if name in body}
        for place, fields in {path: body, **inner}.items():
            if unknown := sorted(fields.keys() - FIELDS[place]):
                return _bad(f"invalid params: unknown {unknown[0]}", unknown[0])
        return None

    return rule


def _known_model(body: Body) -> Complaint | None:
    """The names of models are told apart by capital letters."""
    return None if body["model"] in MODELS else _bad(f"unknown model '{body['model']}'", "model")


def _own_thinking(body: Body) -> Complaint | None:
    """M3 thinks adaptively; the M2 family by a budget, and never not at all."""
    thinking = body.get("thinking")
    if thinking is None:
        return None
    if body["model"] == "MiniMax-M3":
        return None if thinking == {"type": "adaptive"} else _bad("thinking: only adaptive", "thinking")
    budget = thinking.get("budget_tokens", 0) if thinking.get("type") == "enabled" else 0
    return None if 1024 <= budget < body["max_tokens"] else _bad("thinking: budget_tokens", "thinking")


def _own_temperature(body: Body) -> Complaint | None:
    """The temperature of the M2 family is above 0 and at most 1."""
    value = body.get("temperature")
    if value is None or body["model"] == "MiniMax-M3" or 0 < value <= 1:
        return None
    return _bad("temperature: must be in (0, 1]", "temperature")


def _not_ignored(body: Body) -> Complaint | None:
    """What the service would ignore is refused here, so that nobody relies on it."""
    name = next((name for name in ("stop_sequences", "top_k") if body.get(name)), None)
    return _bad(f"{name} is ignored by the service", name) if name else None


def _kind_of_text(body: Body) -> Complaint | None:
    """Texts are to be stored or to search by."""
    return None if body["type"] in {"db", "query"} else _bad("invalid params: type", "type")


def _sayable(body: Body) -> Complaint | None:
    """A speech has a voice, a known format and at most 10,000 characters; a wav file is not streamed."""
    kind = body["audio_setting"].get("format")
    if not body["voice_setting"].get("voice_id") or len(body["text"]) > 10_000 or kind not in FORMATS:
        return _bad("invalid params", "voice_setting")
    return (
        _bad("invalid params: wav cannot be streamed", "stream") if kind == "wav" and body["stream"] else None
    )


RULES: Mapping[str, Sequence[Rule]] = {
    MESSAGES: (
        *(required("model", "max_tokens", "messages"), _known_model, _own_thinking, _own_temperature),
        *(_not_ignored, anthropic.positive_limit, anthropic.no_empty_text, anthropic.answered_tools),
        anthropic.replayed_thinking,
    ),
    VECTORS: (required("model", "texts", "type"), _known_fields(VECTORS), _kind_of_text),
    SPEECH: (
        *(required("model", "text", "voice_setting", "audio_setting"), _known_fields(SPEECH)),
        _sayable,
    ),
}
