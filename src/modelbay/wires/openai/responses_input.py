"""The input items of a responses request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modelbay.entities import (
    AssistantPromptMessage,
    AudioPromptMessageContent,
    DocumentPromptMessageContent,
    ImagePromptMessageContent,
    MessageContent,
    PromptMessage,
    PromptMessageContentUnionTypes,
    PromptMessageRole,
    TextPromptMessageContent,
    ToolCall,
    ToolPromptMessage,
)
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.carried import beside
from modelbay.wires.family import ChatCall
from modelbay.wires.media import media_of
from modelbay.wires.openai.parts import file_name, own_state
from modelbay.wires.openai.responses_replay import is_output, replayed, text_item
from modelbay.wires.openai.tools import CallIds, arguments_of
from modelbay.wires.think_tags import without_think_block

_CUSTOM_RESULT = "custom_tool_call_output"
_INSTRUCTIONS = (PromptMessageRole.SYSTEM, PromptMessageRole.DEVELOPER)


def to_input(call: ChatCall) -> tuple[str, list[dict[str, Any]]]:
    """Return the instructions and the items of a conversation.

    System messages at the beginning are the instructions, unless the option `instructions` is false; later
    ones stay where they are.
    """
    leading = _leading(call.messages) if call.options.get("instructions", True) else 0
    instructions = [message.get_text_content() for message in call.messages[:leading]]
    ids, items = CallIds(call.options), []
    for place, message in enumerate(call.messages[leading:], start=leading):
        items.extend(_items(message, f"messages[{place}]", call, ids))
    return "\n\n".join(text for text in instructions if text), items


def _leading(messages: Sequence[PromptMessage]) -> int:
    """How many messages at the beginning are instructions of text only."""
    for place, message in enumerate(messages):
        parts = message.content if isinstance(message.content, list) else []
        if message.role not in _INSTRUCTIONS or not all(
            isinstance(part, TextPromptMessageContent) for part in parts
        ):
            return place
    return len(messages)


def _items(message: PromptMessage, where: str, call: ChatCall, ids: CallIds) -> list[dict[str, Any]]:
    if isinstance(message, ToolPromptMessage):
        output = _content(message.content, where)
        call_id = ids(message.tool_call_id)
        kept = _kept(message)
        kind = _CUSTOM_RESULT if kept.get("type") == _CUSTOM_RESULT else "function_call_output"
        return [beside({"type": kind, "call_id": call_id, "output": output}, kept)]
    if isinstance(message, AssistantPromptMessage):
        return _said(message, where, ids)
    role = message.role.value
    if message.role in _INSTRUCTIONS:
        role = str(call.options.get("system_role", "developer"))
    said = {"type": "message", "role": role, "content": _content(message.content, where)}
    return [beside(said, _kept(message))]


def _kept(message: PromptMessage) -> dict[str, Any]:
    """Return the fields of the item that a client of this dialect sent as this message (id, status, …)."""
    item = own_state(message.unknown_fields.get("opaque_body")).get("item")
    return item if isinstance(item, dict) else {}


def _said(message: AssistantPromptMessage, where: str, ids: CallIds) -> list[dict[str, Any]]:
    """Return the items that the server sent for this message, else the items that say the same."""
    calls = [(call.id, _call(call, ids)) for call in message.tool_calls]
    output = own_state(message.opaque_body).get("output")
    if is_output(output):
        text = message.get_text_content()
        return replayed(output, (without_think_block(text), text), calls, where)
    spoken = _spoken(message, where)
    return ([text_item(spoken)] if spoken else []) + [call for _, call in calls]


def _call(call: ToolCall, ids: CallIds) -> dict[str, Any]:
    function = {"name": call.function.name, "arguments": arguments_of(call)}
    return {"type": "function_call", "call_id": ids(call.id), **function}


def _spoken(message: AssistantPromptMessage, where: str) -> str:
    for number, part in enumerate(message.content if isinstance(message.content, list) else []):
        if not isinstance(part, TextPromptMessageContent | AudioPromptMessageContent):
            raise InvokeBadRequestError(
                f"{where}.content[{number}]: an earlier answer can only be sent back as text here"
            )
    return without_think_block(message.get_text_content())


def _content(content: MessageContent | None, where: str) -> str | list[dict[str, Any]]:
    if content is None or isinstance(content, str):
        return content or ""
    return [_part(part, f"{where}.content[{number}]") for number, part in enumerate(content)]


def _part(part: PromptMessageContentUnionTypes, place: str) -> dict[str, Any]:
    state = own_state(part.opaque_body)
    if isinstance(part, TextPromptMessageContent):
        return beside({"type": "input_text", "text": part.data}, state)
    file_id = part.unknown_fields.get("file_id")
    if isinstance(part, ImagePromptMessageContent):
        source = {"file_id": file_id} if file_id else {"image_url": media_of(part, place).data_uri}
        detail = part.unknown_fields.get("asked_detail") or part.detail.value
        return beside({"type": "input_image", **source, "detail": detail}, state)
    if isinstance(part, DocumentPromptMessageContent):
        source = {"file_id": file_id} if file_id else _document(part, place)
        return beside({"type": "input_file", **source}, state)
    raise InvokeBadRequestError(f"{place}: this model does not take {part.type.value} input")


def _document(part: DocumentPromptMessageContent, place: str) -> dict[str, Any]:
    media = media_of(part, place)
    if media.url:
        return {"file_url": media.url}
    return {"filename": file_name(part, media), "file_data": media.data_uri}
