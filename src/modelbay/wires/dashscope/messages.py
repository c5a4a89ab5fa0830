"""Conversations: texts, or for multimodal models lists of `{text}`, `{image}`, `{video}`, `{audio}`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modelbay.entities import (
    AssistantPromptMessage,
    AudioPromptMessageContent,
    DocumentPromptMessageContent,
    PromptMessage,
    PromptMessageContent,
    PromptMessageRole,
    TextPromptMessageContent,
    ToolPromptMessage,
)
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.family import ChatCall
from modelbay.wires.media import media_of
from modelbay.wires.openai.messages import tool_loop_start
from modelbay.wires.openai.tools import CallIds, calls_of

Message = dict[str, Any]

_FILES = ("image", "video", "audio")
_SYSTEM = (PromptMessageRole.SYSTEM, PromptMessageRole.DEVELOPER)


def to_messages(call: ChatCall) -> list[Message]:
    """Return the conversation; InvokeBadRequestError, naming it, for a part that the model does not take."""
    writer = _Writer(call)
    written = [writer.message(place, message) for place, message in enumerate(call.messages)]
    if not writer.files:
        return written
    # Documents are named in a message of their own, behind the instructions and before the conversation.
    start = next((place for place, one in enumerate(written) if one["role"] != "system"), len(written))
    named = {"role": "system", "content": ",".join(f"fileid://{file}" for file in writer.files)}
    return [*written[:start], named, *written[start:]]


class _Writer:
    """Writes one conversation and collects the ids of the documents in it."""

    def __init__(self, call: ChatCall) -> None:
        self._lists = bool(call.options.get("multimodal"))
        self._names = {
            made.id: made.function.name for message in call.messages for made in _calls_in(message)
        }
        self._replayed_after = _replayed_after(call)
        self._ids = CallIds(call.options)
        self.files: list[str] = []

    def message(self, place: int, message: PromptMessage) -> Message:
        where = f"messages[{place}]"
        written: Message = {"role": _role(message), "content": self._content(message, where)}
        if isinstance(message, ToolPromptMessage):
            written["tool_call_id"] = message.tool_call_id
            if name := self._names.get(message.tool_call_id) or message.name:
                written["name"] = name
        if isinstance(message, AssistantPromptMessage):
            if message.tool_calls:
                written["tool_calls"] = calls_of(message, self._ids)
            if message.reasoning_content and place > self._replayed_after:
                written["reasoning_content"] = message.reasoning_content
        return written

    def _content(self, message: PromptMessage, where: str) -> str | list[Message]:
        content = message.content
        parts = content if isinstance(content, list) else []
        if isinstance(message, AssistantPromptMessage):  # spoken answers come with their words
            parts = [part for part in parts if not isinstance(part, AudioPromptMessageContent)]
        written = [
            found
            for place, part in enumerate(parts)
            if (found := self._part(part, f"{where}.content[{place}]"))
        ]
        if not self._lists:
            return "".join(part["text"] for part in written) if parts else _text(content)
        if not parts:
            return [{"text": _text(content)}]
        return sorted(written, key=lambda part: "text" in part) or [{"text": ""}]  # files before texts

    def _part(self, part: PromptMessageContent, where: str) -> Message | None:
        if isinstance(part, TextPromptMessageContent):
            return {"text": part.data}
        kind = str(getattr(part, "type", "such part"))
        if isinstance(part, DocumentPromptMessageContent):
            self.files.append(_file_id(part, where))
            return None
        if kind not in _FILES or not self._lists:
            raise InvokeBadRequestError(f"{where}: this model takes no {kind}")
        return {kind: media_of(part, where).data_uri}  # type: ignore[arg-type]


def _role(message: PromptMessage) -> str:
    return "system" if message.role in _SYSTEM else message.role.value


def _text(content: Any) -> str:
    return content if isinstance(content, str) else ""


def _calls_in(message: PromptMessage) -> Sequence[Any]:
    return message.tool_calls if isinstance(message, AssistantPromptMessage) else ()


def _replayed_after(call: ChatCall) -> int:
    """Return the place after which earlier reasoning goes back: of all turns, of this one, or of none."""
    if call.parameters.get("preserve_thinking"):
        return -1
    return tool_loop_start(call.messages) if call.options.get("reasoning_field") else len(call.messages)


def _file_id(part: DocumentPromptMessageContent, where: str) -> str:
    file_id = part.unknown_fields.get("file_id")
    if not isinstance(file_id, str) or not file_id:
        raise InvokeBadRequestError(
            f"{where}: upload the document to the provider (its API for files) and give the part's file_id"
        )
    return file_id
