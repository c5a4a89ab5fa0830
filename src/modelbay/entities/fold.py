"""Folding the chunks of a stream into the whole answer."""

from __future__ import annotations

from collections.abc import Iterable

from modelbay.entities.llm import LLMResult, LLMResultChunk
from modelbay.entities.messages import (
    AssistantPromptMessage,
    MessageContent,
    PromptMessageContentUnionTypes,
    TextPromptMessageContent,
    ToolCall,
)
from modelbay.entities.usage import LLMUsage


class ChunkFolder:
    """Collects the chunks of one answer; `result()` is the answer so far."""

    def __init__(self) -> None:
        self._model = ""
        self._fingerprint: str | None = None
        self._parts: list[MessageContent] = []
        self._reasoning: list[str] = []
        self._calls: list[ToolCall] = []
        self._opaque: AssistantPromptMessage | None = None
        self._extra: dict[str, object] = {}
        self._result_extra: dict[str, object] = {}
        self._notices: list[str] = []
        self.usage: LLMUsage | None = None
        self.finish_reason: str | None = None

    def add(self, chunk: LLMResultChunk) -> None:
        """Take in the next chunk."""
        delta, message = chunk.delta, chunk.delta.message
        self._model = chunk.model or self._model
        self._fingerprint = chunk.system_fingerprint or self._fingerprint
        if message.content:
            self._parts.append(message.content)
        if message.reasoning_content:
            self._reasoning.append(message.reasoning_content)
        if message.tool_calls:
            merge_tool_calls(self._calls, message.tool_calls)
        if message.opaque_body is not None:
            self._opaque = message
        if message.unknown_fields:
            self._extra |= message.unknown_fields
        self._notices += chunk.notices
        if chunk.unknown_fields:
            self._result_extra |= chunk.unknown_fields
        self.usage = delta.usage or self.usage
        self.finish_reason = delta.finish_reason or self.finish_reason

    def result(self) -> LLMResult:
        """Return what the chunks add up to. Without a usage chunk the usage is empty."""
        message = AssistantPromptMessage(
            content=join_content(self._parts),
            reasoning_content="".join(self._reasoning) or None,
            tool_calls=[call.model_copy(update={"index": None}) for call in self._calls],
            opaque_body=self._opaque.opaque_body if self._opaque else None,
            **self._extra,
        )
        return LLMResult(
            model=self._model,
            message=message,
            usage=self.usage or LLMUsage.empty_usage(),
            system_fingerprint=self._fingerprint,
            finish_reason=self.finish_reason,
            notices=self._notices,
            **self._result_extra,
        )


def fold(chunks: Iterable[LLMResultChunk]) -> LLMResult:
    """Return the whole answer that `chunks` add up to."""
    folder = ChunkFolder()
    for chunk in chunks:
        folder.add(chunk)
    return folder.result()


def join_content(parts: list[MessageContent]) -> MessageContent:
    """Return the contents as one: a string if all are strings, else one list of parts."""
    texts = [part for part in parts if isinstance(part, str)]
    if len(texts) == len(parts):
        return "".join(texts)
    joined: list[PromptMessageContentUnionTypes] = []
    for part in parts:
        joined.extend([TextPromptMessageContent(data=part)] if isinstance(part, str) else part)
    return joined


def merge_tool_calls(calls: list[ToolCall], pieces: Iterable[ToolCall]) -> None:
    """Merge pieces of tool calls into `calls`, in place.

    A piece belongs to the call of its `index`, else of its id; a piece with neither continues the last call.
    """
    for piece in pieces:
        call = _call_of(calls, piece)
        if call is None:
            calls.append(piece.model_copy(deep=True))
            continue
        call.id = call.id or piece.id
        call.type = call.type or piece.type
        call.function.name = call.function.name or piece.function.name
        call.function.arguments += piece.function.arguments


def _call_of(calls: list[ToolCall], piece: ToolCall) -> ToolCall | None:
    if piece.index is not None:
        return next((call for call in calls if call.index == piece.index), None)
    if piece.id:
        return next((call for call in calls if call.id == piece.id), None)
    return calls[-1] if calls and not piece.function.name else None
