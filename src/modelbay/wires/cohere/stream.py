"""Streamed answers of the chat API."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from modelbay.entities import LLMResultChunk
from modelbay.errors import InvokeConnectionError, InvokeServerUnavailableError
from modelbay.wires.chunks import last_chunk, reasoning_chunk, text_chunk, tool_chunk
from modelbay.wires.cohere.answer import finish_reason_of, usage_of
from modelbay.wires.cohere.state import opaque_body_of
from modelbay.wires.family import ChatCall
from modelbay.wires.json_text import frame_object, reads_answer
from modelbay.wires.request import Event

Chunks = Iterable[LLMResultChunk]
_DONE = b"[DONE]"


class ChatReader:
    """Reads the events of one answer and keeps what its state (`opaque_body`) is made of."""

    def __init__(self, call: ChatCall) -> None:
        self._model = call.model
        self._blocks: dict[int, tuple[str, list[str]]] = {}
        self._plan: list[str] = []
        self._citations: list[Any] = []
        self._tools: dict[int, int] = {}
        self._ended = False
        self._handlers: dict[str, Callable[[dict[str, Any]], Chunks]] = {
            "content-start": self._content,
            "content-delta": self._content,
            "tool-plan-delta": self._tool_plan,
            "tool-call-start": self._tool_call,
            "tool-call-delta": self._tool_call,
            "citation-start": self._citation,
            "message-end": self._end,
        }

    @reads_answer
    def read(self, frame: Event | bytes) -> Chunks:
        """Return what the event adds; events of unknown types add nothing."""
        data = frame if isinstance(frame, bytes) else frame.data
        if data == _DONE:
            return ()
        event = frame_object(data)
        handler = self._handlers.get(event.get("type", ""))
        if handler is not None:
            return handler(event)
        if "type" not in event and "message" in event:  # the shape of the API's errors
            raise InvokeServerUnavailableError(str(event["message"]))
        return ()

    def close(self) -> Chunks:
        """Check that the answer came to its end."""
        if not self._ended:
            raise InvokeConnectionError("the provider's stream ended before the answer did (no message-end)")
        return ()

    def _content(self, event: dict[str, Any]) -> Chunks:
        content = _message(event).get("content") or {}
        kind = "thinking" if content.get("thinking") or content.get("type") == "thinking" else "text"
        _, pieces = self._blocks.setdefault(event.get("index") or 0, (kind, []))
        piece = content.get(kind)
        if not piece:
            return ()
        pieces.append(piece)
        chunk = reasoning_chunk if kind == "thinking" else text_chunk
        return (chunk(self._model, piece),)

    def _tool_plan(self, event: dict[str, Any]) -> Chunks:
        piece = _message(event).get("tool_plan")
        if not piece:
            return ()
        self._plan.append(piece)
        return (text_chunk(self._model, piece),)

    def _tool_call(self, event: dict[str, Any]) -> Chunks:
        call = _message(event).get("tool_calls") or {}  # one object here, a list elsewhere
        function = call.get("function") or {}
        index = self._tools.setdefault(event.get("index") or 0, len(self._tools))
        return (
            tool_chunk(
                self._model,
                index,
                call_id=call.get("id") or "",
                name=function.get("name") or "",
                arguments=function.get("arguments") or "",
            ),
        )

    def _citation(self, event: dict[str, Any]) -> Chunks:
        citation = _message(event).get("citations")
        self._citations += citation if isinstance(citation, list) else [citation] if citation else []
        return ()

    def _end(self, event: dict[str, Any]) -> Chunks:
        ending = event.get("delta") or {}
        reason = finish_reason_of(ending)
        self._ended = True
        content = [
            {"type": kind, kind: "".join(pieces)} for _, (kind, pieces) in sorted(self._blocks.items())
        ]
        message = {"content": content, "tool_plan": "".join(self._plan), "citations": self._citations}
        usage = usage_of(ending.get("usage") or {})
        return (last_chunk(self._model, usage, reason, opaque_body_of(message)),)


def _message(event: dict[str, Any]) -> dict[str, Any]:
    message = (event.get("delta") or {}).get("message")
    return message if isinstance(message, dict) else {}
