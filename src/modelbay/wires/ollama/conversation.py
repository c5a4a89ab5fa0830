"""Messages as Ollama takes them: text beside bare images, tool arguments as objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelbay.entities import (
    ImagePromptMessageContent,
    PromptMessage,
    PromptMessageRole,
    TextPromptMessageContent,
    ToolCall,
)
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.json_text import arguments_object
from modelbay.wires.media import media_of

_ROLES = {PromptMessageRole.DEVELOPER: "system"}


def to_messages(messages: Sequence[PromptMessage]) -> list[dict[str, Any]]:
    """Return the messages; InvokeBadRequestError, naming it, for a part that is not text or image bytes."""
    tools = _tool_names(messages)
    return [_to_message(message, f"messages[{index}]", tools) for index, message in enumerate(messages)]


def images_of(message: PromptMessage, place: str) -> list[str]:
    """Return the base64 of a message's images, in order."""
    parts = message.content if isinstance(message.content, list) else []
    return [
        _image(part, f"{place}.content[{index}]")
        for index, part in enumerate(parts)
        if not isinstance(part, TextPromptMessageContent)
    ]


def _to_message(message: PromptMessage, place: str, tools: Mapping[str, str]) -> dict[str, Any]:
    wire: dict[str, Any] = {
        "role": _ROLES.get(message.role, str(message.role)),
        "content": message.get_text_content(),
    }
    images = images_of(message, place)
    if images:
        wire["images"] = images
    if message.role == PromptMessageRole.ASSISTANT:
        wire |= _assistant_fields(message, place)
    if message.role == PromptMessageRole.TOOL:
        wire |= _tool_fields(message, tools)
    return wire


def _image(part: Any, place: str) -> str:
    if not isinstance(part, ImagePromptMessageContent):
        raise InvokeBadRequestError(f"{place}: this API takes no {getattr(part, 'type', 'such part')}")
    media = media_of(part, place)
    if media.url:
        raise InvokeBadRequestError(f"{place}: this API fetches no images; give the image's bytes as base64")
    return media.base64_data


def _assistant_fields(message: PromptMessage, place: str) -> dict[str, Any]:
    reasoning = getattr(message, "reasoning_content", None)
    calls: Sequence[ToolCall] = getattr(message, "tool_calls", ())
    fields: dict[str, Any] = {"thinking": reasoning} if reasoning else {}
    if calls:
        fields["tool_calls"] = [
            {
                "function": {
                    "name": call.function.name,
                    "arguments": arguments_object(call.function.arguments, f"{place}.tool_calls[{index}]"),
                }
            }
            for index, call in enumerate(calls)
        ]
    return fields


def _tool_fields(message: PromptMessage, tools: Mapping[str, str]) -> dict[str, Any]:
    """Return which call the result is of: Ollama goes by the tool's name, which only the history tells."""
    call_id = getattr(message, "tool_call_id", "")
    fields = {"tool_name": tools.get(call_id) or message.name, "tool_call_id": call_id}
    return {name: value for name, value in fields.items() if value}


def _tool_names(messages: Sequence[PromptMessage]) -> dict[str, str]:
    calls = (call for message in messages for call in getattr(message, "tool_calls", ()))
    return {call.id: call.function.name for call in calls}
