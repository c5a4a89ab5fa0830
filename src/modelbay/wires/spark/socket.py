"""Conversations over the websocket: one frame there, and frames with pieces of the answer back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from modelbay.entities import (
    AssistantPromptMessage,
    FinishReason,
    LLMResult,
    LLMResultChunk,
    PromptMessage,
    PromptMessageRole,
    fold,
)
from modelbay.errors import InvokeBadRequestError, InvokeConnectionError, InvokeServerUnavailableError
from modelbay.wires.chunks import last_chunk, reasoning_chunk, text_chunk, tool_chunk
from modelbay.wires.family import ChatCall, Endpoint, Framing
from modelbay.wires.json_text import frame_object, to_json
from modelbay.wires.openai.parts import to_content
from modelbay.wires.openai.reading import no_usage, usage_of
from modelbay.wires.openai.shapes import object_of, objects_of, text_of
from modelbay.wires.openai.tools import checked_choice, function_of
from modelbay.wires.request import Event, Request
from modelbay.wires.spark.conversation import checked
from modelbay.wires.spark.errors import raise_error_in
from modelbay.wires.spark.presenting import signed_only

_PASSED = ("temperature", "top_k", "max_tokens", "auditing", "chat_id")
_LONGEST_USER = 32
_LAST = 2


class SocketChat:
    """Speaks of conversations over a websocket, one for each turn."""

    name = "spark.socket"
    framing: Framing = "websocket"
    client_side_stop = True

    def to_request(self, call: ChatCall, endpoint: Endpoint) -> Request:
        """Return the request, which says its one frame when the socket has opened."""
        frame = to_json(_frame(checked(call)))
        url = endpoint.url(str(call.options.get("socket") or "v3.5/chat"))
        request = endpoint.request("GET", url, replies=lambda heard: (frame,) if heard is None else ())
        return replace(signed_only(request), url=url.replace("http", "ws", 1))

    def to_result(self, call: ChatCall, body: Any) -> LLMResult:
        """Return the whole answer of all its frames."""
        reader = FrameReader(call)
        return fold([chunk for frame in body for chunk in reader.read(frame)] + reader.close())

    def to_chunks(self, call: ChatCall) -> FrameReader:
        """Return a reader for one answer."""
        return FrameReader(call)


class FrameReader:
    """Reads the frames of one answer; the upstream may leave the connection open after the last."""

    def __init__(self, call: ChatCall) -> None:
        self._model = call.model
        self._limit = _limit(call)
        self._calls = 0
        self.done = False

    def read(self, frame: Event | bytes) -> list[LLMResultChunk]:
        """Return what a frame adds; one with an error raises it."""
        body = frame_object(frame.data if isinstance(frame, Event) else frame)
        header = body.get("header")
        if not isinstance(header, Mapping):
            raise InvokeServerUnavailableError("the provider's frame has no 'header'")
        raise_error_in(header)
        payload = object_of(body.get("payload"))
        choices = object_of(payload.get("choices"))
        chunks = [chunk for text in objects_of(choices.get("text")) for chunk in self._said(text)]
        if _LAST not in (choices.get("status"), header.get("status")):
            return chunks
        self.done = True
        return [*chunks, self._last(object_of(payload.get("usage")).get("text"))]

    def close(self) -> list[LLMResultChunk]:
        """Check that the answer came to its end."""
        if not self.done:
            raise InvokeConnectionError("the provider's answer broke off (no last frame)")
        return []

    def _said(self, text: Mapping[str, Any]) -> Iterable[LLMResultChunk]:
        if thought := text_of(text.get("reasoning_content")):
            yield reasoning_chunk(self._model, thought)
        called = object_of(text.get("function_call"))
        if called:
            yield self._call(called)
        elif said := text_of(text.get("content")):
            yield text_chunk(self._model, said)

    def _call(self, called: Mapping[str, Any]) -> LLMResultChunk:
        number, self._calls = self._calls, self._calls + 1
        arguments = called.get("arguments") or "{}"
        return tool_chunk(
            self._model,
            number,
            call_id=f"call_{number}",
            name=text_of(called.get("name")),
            arguments=arguments if isinstance(arguments, str) else to_json(arguments),
        )

    def _last(self, usage: Any) -> LLMResultChunk:
        counted = usage_of(usage) or no_usage()
        reason = FinishReason.TOOL_CALLS if self._calls else FinishReason.STOP
        # The upstream does not say why it stopped: an answer as long as it may be was cut.
        if self._limit and counted.completion_tokens >= self._limit:
            reason = FinishReason.LENGTH
        return last_chunk(self._model, counted, reason.value)


def _frame(call: ChatCall) -> dict[str, Any]:
    header: dict[str, Any] = {"app_id": call.options.get("app_id", "")}
    if call.user:
        header["uid"] = call.user[:_LONGEST_USER]
    chat = {"domain": call.options.get("domain", call.model)}
    chat |= {name: call.parameters[name] for name in _PASSED if call.parameters.get(name) is not None}
    if limit := _limit(call):
        chat["max_tokens"] = limit
    thinking = call.parameters.get("thinking")
    if thinking is not None and call.options.get("thinking"):
        chat["thinking"] = {"type": "enabled" if thinking else "disabled"}
    payload: dict[str, Any] = {"message": {"text": _texts(call)}}
    if functions := _functions(call):
        payload["functions"] = {"text": functions}
    return {"header": header, "parameter": {"chat": chat}, "payload": payload}


def _limit(call: ChatCall) -> Any:
    return call.parameters.get("max_tokens") or call.options.get("max_tokens")


def _functions(call: ChatCall) -> list[dict[str, Any]]:
    choice = checked_choice(call, call.parameters)
    if choice not in (None, "auto", "none"):
        raise InvokeBadRequestError(
            f"tool_choice: {choice!r} was asked for, but this model chooses by itself"
        )
    return [function_of(tool) for tool in call.tools] if choice != "none" else []


def _texts(call: ChatCall) -> list[dict[str, str]]:
    """Return the turns, neighbours of one role joined: the upstream wants user and assistant to alternate."""
    texts: list[dict[str, str]] = []
    for place, message in enumerate(call.messages):
        role, content = _turn(message, place, call)
        if texts and texts[-1]["role"] == role:
            texts[-1]["content"] = f"{texts[-1]['content']}\n\n{content}"
        elif content:
            texts.append({"role": role, "content": content})
    return texts


def _turn(message: PromptMessage, place: int, call: ChatCall) -> tuple[str, str]:
    """Return who says what. There is no role for tools: calls are words of the model, results of the user."""
    said = to_content(message.content, f"messages[{place}]", {**call.options, "content": "text"})
    text = said if isinstance(said, str) else ""
    if message.role == PromptMessageRole.TOOL:
        return "user", f"[tool result] {text}"
    if message.role == PromptMessageRole.DEVELOPER:
        return "system", text
    if isinstance(message, AssistantPromptMessage) and message.tool_calls:
        calls = [f"[tool call] {one.function.name} {one.function.arguments}" for one in message.tool_calls]
        text = "\n".join(filter(None, [text, *calls]))
    return message.role.value, text
