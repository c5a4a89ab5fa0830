"""A client's system prompt and turns as messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from modelbay.entities import (
    PromptMessage,
    SystemPromptMessage,
    TextPromptMessageContent,
    ToolPromptMessage,
    UserPromptMessage,
)
from modelbay.wires.anthropic.serving.blocks import Block, checked_blocks, to_content, to_part
from modelbay.wires.anthropic.serving.turns import to_answer
from modelbay.wires.anthropic.state import KEY
from modelbay.wires.asked import Fields, wrong
from modelbay.wires.places import Place

Placed = tuple[PromptMessage, Place]


def to_messages(fields: Fields) -> list[Placed]:
    """Return what `system` and `messages` of a request say, each message with its place."""
    system = _system(fields.take("system"), "system", Place("system", "system"))
    turns = fields.take("messages")
    if not isinstance(turns, list) or not turns:
        raise wrong("messages", "at least one message is required")
    return system + [
        message
        for index, turn in enumerate(turns)
        for message in _turn(Fields(turn, f"messages[{index}]"), Place(f"messages[{index}]"))
    ]


def _turn(turn: Fields, whole: Place) -> list[Placed]:
    role = turn.one_of("role", ("user", "assistant", "system"))
    content, place = turn.take("content"), whole.of_content(None)
    if role is None or content is None:
        raise wrong(place if role else turn.name("role"), "is required")
    if role == "assistant":
        return [(to_answer(content, place), whole)]
    if role == "system":
        return _system(content, place, whole)
    if isinstance(content, str):
        return [(UserPromptMessage(content=content), whole)]
    return list(_said(checked_blocks(content, place), whole))


def _system(value: Any, place: str, whole: Place) -> list[Placed]:
    content = to_content(value, place)
    for index, part in enumerate(content if isinstance(content, list) else ()):
        if not isinstance(part, TextPromptMessageContent):
            raise wrong(f"{place}[{index}].type", "a system prompt takes blocks of type 'text' only")
    return [(SystemPromptMessage(content=content), whole)] if content else []


def _said(blocks: list[Block], whole: Place) -> Iterator[Placed]:
    """Yield the results of tools that a user's turn holds, then what the user says."""
    said = [index for index, block in enumerate(blocks) if block["type"] != "tool_result"]
    for index, block in enumerate(blocks):
        if block["type"] == "tool_result":
            place = whole.of_content(index)
            yield _tool_result(block, place), Place(place)
    if said:
        parts = [to_part(blocks[index], whole.of_content(index)) for index in said]
        yield UserPromptMessage(content=parts), whole._replace(parts=said)


def _tool_result(block: Block, place: str) -> ToolPromptMessage:
    fields = Fields(block, place)
    fields.take("type")
    call_id = fields.required_text("tool_use_id")
    content = to_content(fields.take("content"), f"{place}.content")
    message = ToolPromptMessage(tool_call_id=call_id, content=content)
    if fields.flag("is_error"):
        message = ToolPromptMessage(tool_call_id=call_id, content=content, is_error=True)
    state = fields.rest()
    if state:
        message.opaque_body = {KEY: state}  # type: ignore[attr-defined]
    return message
