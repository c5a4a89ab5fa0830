"""Messages of the second version of the chat API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modelbay.entities import (
    ImagePromptMessageContent,
    PromptMessage,
    PromptMessageContent,
    PromptMessageRole,
    TextPromptMessageContent,
    ToolCall,
)
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.cohere.state import said_by, state_of
from modelbay.wires.media import media_of

Message = dict[str, Any]


def to_messages(messages: Sequence[PromptMessage]) -> list[Message]:
    """Return the messages; InvokeBadRequestError, naming it, for a part that the API does not take."""
    return [_to_message(message, f"messages[{index}]") for index, message in enumerate(messages)]


def _to_message(message: PromptMessage, place: str) -> Message:
    if message.role == PromptMessageRole.USER:
        return {"role": "user", "content": _user_content(message, place)}
    text = _text_only(message, place)
    if message.role == PromptMessageRole.ASSISTANT:
        return _assistant(message, text)
    if message.role == PromptMessageRole.TOOL:
        return {"role": "tool", "tool_call_id": getattr(message, "tool_call_id", ""), "content": text}
    return {"role": "system", "content": text}


def _user_content(message: PromptMessage, place: str) -> str | list[Message]:
    if not isinstance(message.content, list):
        return message.content or ""
    return [_part(part, f"{place}.content[{index}]") for index, part in enumerate(message.content)]


def _part(part: PromptMessageContent, place: str) -> Message:
    if isinstance(part, TextPromptMessageContent):
        return {"type": "text", "text": part.data}
    if isinstance(part, ImagePromptMessageContent):
        image = {"url": media_of(part, place).data_uri, "detail": str(part.detail)}
        return {"type": "image_url", "image_url": image}
    kind = getattr(part, "type", "such part")
    raise InvokeBadRequestError(f"{place}: this API takes no {kind} in a message")


def _text_only(message: PromptMessage, place: str) -> str:
    for index, part in enumerate(message.content if isinstance(message.content, list) else []):
        if not isinstance(part, TextPromptMessageContent):
            kind = getattr(part, "type", "such part")
            raise InvokeBadRequestError(
                f"{place}.content[{index}]: {kind} cannot stand in a message of role {message.role}"
            )
    return message.get_text_content()


def _assistant(message: PromptMessage, text: str) -> Message:
    """Return the model's turn. Beside tool calls its text is the plan, and the API takes no content there.

    A text that the application changed wins over the model's, whose citations then point nowhere.
    """
    calls: Sequence[ToolCall] = getattr(message, "tool_calls", ())
    state = state_of(message)
    wire: Message = {"role": "assistant"}
    if calls:
        wire |= {"tool_plan": text} if text else {}
        wire["tool_calls"] = [_call(call) for call in calls]
    else:
        wire["content"] = _content(state, text)
    if state.get("citations") and text == said_by(state):
        wire["citations"] = state["citations"]
    return wire


def _content(state: Message, text: str) -> str | list[Message]:
    blocks: list[Message] = state.get("content") or []
    if blocks and text == said_by(state) and not state.get("tool_plan"):
        return blocks
    thinking = [block for block in blocks if block.get("type") != "text"]
    if not thinking:
        return text
    return [*thinking, {"type": "text", "text": text}] if text else thinking


def _call(call: ToolCall) -> Message:
    function = {"name": call.function.name, "arguments": call.function.arguments or "{}"}
    return {"id": call.id, "type": "function", "function": function}
