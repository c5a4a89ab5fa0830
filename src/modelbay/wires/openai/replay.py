"""What an answer says beside its words, kept for the caller and for the provider's next turn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.wires.family import ChatCall
from modelbay.wires.openai.shapes import text_of

_READ = frozenset(
    {
        "role",
        "content",
        "tool_calls",
        "function_call",
        "reasoning",
        "reasoning_content",
        "reasoning_details",
        "refusal",
        "audio",
        "name",
        "opaque_body",
    }
)
_OF_THE_ANSWER = ("id", "system_fingerprint", "service_tier")
_IN_PIECES = ("text", "summary", "data")


class MessageState:
    """Collects the fields of one answer that are not its text, reasoning or tool calls.

    `message` and `answer` hold what goes on the message and on the result under the upstream's own names.
    """

    def __init__(self, call: ChatCall) -> None:
        self._replayed: tuple[str, ...] = tuple(call.options.get("replay", ()))
        self._cumulative = bool(call.options.get("cumulative"))
        self.kept: tuple[str, ...] = tuple(call.options.get("keep", ()))
        self._state: dict[str, Any] = {}
        self._audio: dict[str, Any] = {}
        self.message: dict[str, Any] = {}
        self.answer: dict[str, Any] = {}

    def keep_answer(self, body: Mapping[str, Any]) -> None:
        """Keep what the answer says of itself."""
        for name in _OF_THE_ANSWER:
            if body.get(name) is not None:
                self.answer[name] = str(body[name])
        if body.get("citations"):
            self.message["citations"] = body["citations"]

    def keep_beside(self, body: Mapping[str, Any]) -> None:
        """Keep what stands beside the choices, such as what was found on the web, with the message."""
        for name in self.kept:
            if value := body.get(name):
                self.message[name] = self._together(self.message.get(name), value)

    def keep_logprobs(self, logprobs: Any) -> None:
        """Add the log probabilities of a chunk: lists by token."""
        if not isinstance(logprobs, Mapping):
            return
        known = self.message.setdefault("logprobs", {})
        for name, values in logprobs.items():
            if isinstance(values, list):
                known[name] = [*(known.get(name) or []), *values]
            else:
                known.setdefault(name, values)

    def words_in(self, delta: Mapping[str, Any]) -> str:
        """Keep a refusal and a spoken answer, and return their words: they are the answer's text."""
        refusal, audio = delta.get("refusal"), delta.get("audio")
        words = ""
        if isinstance(refusal, str) and refusal:
            self.message["refusal"] = self.message.get("refusal", "") + refusal
            words = refusal
        return words + self._keep_audio(audio) if isinstance(audio, Mapping) else words

    def keep_message(self, delta: Mapping[str, Any]) -> None:
        """Keep the fields of a delta, or message, that no one else reads."""
        for name, value in delta.items():
            if value is None or name == "audio":
                continue
            if name in self._replayed:
                self._state[name] = self._together(self._state.get(name), value)
            elif name not in _READ:
                self.message[name] = self._together(self.message.get(name), value)

    def audio_data(self) -> str:
        """Return the spoken answer as base64; "" if there is none."""
        return str(self._audio.get("data") or "")

    def opaque_body(self) -> Any:
        """Return what must come back with the message; None if there is nothing."""
        return {"openai": self._state} if self._state else None

    def _keep_audio(self, audio: Mapping[str, Any]) -> str:
        words = audio.get("transcript") or ""
        self._audio["data"] = self._audio.get("data", "") + text_of(audio.get("data"))
        if "audio" in self._replayed and audio.get("id"):
            self._state["audio"] = {"id": audio["id"]}
        return str(words)

    def _together(self, known: Any, value: Any) -> Any:
        """Return what a field amounts to: lists grow, and their items with an `index` come in pieces."""
        if not isinstance(known, list) or not isinstance(value, list):
            return value
        together = list(known)
        for item in value:
            place = _place_of(together, item)
            if place is None:
                together.append(item)
            else:
                together[place] = item if self._cumulative else _longer(together[place], item)
        return together


def _place_of(items: list[Any], item: Any) -> int | None:
    if not isinstance(item, Mapping) or "index" not in item:
        return None
    key = (item["index"], item.get("type"))
    same = (
        n
        for n, one in enumerate(items)
        if isinstance(one, Mapping) and (one.get("index"), one.get("type")) == key
    )
    return next(same, None)


def _longer(item: Mapping[str, Any], piece: Mapping[str, Any]) -> dict[str, Any]:
    grown = {name: value for name, value in piece.items() if value is not None}
    for name in _IN_PIECES:
        if isinstance(item.get(name), str) and isinstance(piece.get(name), str):
            grown[name] = item[name] + piece[name]
    return {**item, **grown}
