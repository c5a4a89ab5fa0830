"""An assistant's turn, as a client gives it back."""

from __future__ import annotations

from typing import Any

from modelbay.entities import AssistantPromptMessage, ToolCall, ToolCallFunction
from modelbay.wires.anthropic.answer import is_plain, says_more
from modelbay.wires.anthropic.serving.blocks import Block, checked_blocks, text_in, to_json_text
from modelbay.wires.anthropic.serving.carried import is_carrier, state_in
from modelbay.wires.anthropic.state import KEY
from modelbay.wires.asked import Fields, wrong

_TYPES = ("custom",)  # of calls that are no functions': a block says nothing of its call's type
CALLS = "tool_calls"  # what other families wrote on calls, by the id of the call
BODY = "opaque_body"


def to_answer(content: Any, place: str) -> AssistantPromptMessage:
    """Return the turn. Blocks of our making are taken out; what they carry is the message's state again."""
    if isinstance(content, str):
        return AssistantPromptMessage(content=content)
    blocks = _checked(content, place)
    own = [block for block in blocks if not is_carrier(block)]
    carried = _carried(blocks, place)
    extras = carried.get(CALLS)
    return AssistantPromptMessage(
        content="".join(block["text"] for block in own if block["type"] == "text"),
        reasoning_content="".join(block["thinking"] for block in blocks if block["type"] == "thinking")
        or None,
        tool_calls=[
            _tool_call(block, place, extras if isinstance(extras, dict) else {})
            for block in own
            if block["type"] == "tool_use"
        ],
        opaque_body=_state(own, carried.get(BODY), place, foreign=len(own) < len(blocks)),
    )


def _checked(content: Any, place: str) -> list[Block]:
    """Return the blocks; what is read from each of them has its type."""
    blocks = checked_blocks(content, place)
    for index, block in enumerate(blocks):
        where = f"{place}[{index}]"
        if block["type"] in ("text", "thinking"):
            text_in(block, block["type"], where)
        elif block["type"] == "tool_use":
            fields = Fields(block, where)
            fields.required_text("id")
            fields.required_text("name")
            if not isinstance(block.get("input"), dict):
                raise wrong(f"{where}.input", "must be a JSON object")
    return blocks


def _carried(blocks: list[Block], place: str) -> dict[str, Any]:
    """Return what the blocks of our making carry together."""
    carried: dict[str, Any] = {}
    for index, block in enumerate(blocks):
        if is_carrier(block):
            state = state_in(block, f"{place}[{index}]")
            carried |= state if isinstance(state, dict) else {}
    return carried


def _state(own: list[Block], carried: Any, place: str, *, foreign: bool) -> Any:
    """Return the state of the turn: what was carried, else the blocks where text and calls do not say it all.

    Blocks of a foreign model are in an order of our making: that alone is no state.
    """
    if isinstance(carried, dict) and isinstance(carried.get(KEY), dict):
        _checked(carried[KEY].get("content"), place)
        return carried
    needed = any(map(says_more, own)) if foreign else not is_plain(own)
    if not needed:
        return carried
    return (carried if isinstance(carried, dict) else {}) | {KEY: {"content": own}}


def _tool_call(block: Block, place: str, extras: dict[str, Any]) -> ToolCall:
    arguments = to_json_text(block["input"], f"{place}.input")
    known = extras.get(block["id"])
    extra = (
        {name: value for name, value in known.items() if _is_free(name, value)}
        if isinstance(known, dict)
        else {}
    )
    return ToolCall(
        id=block["id"], function=ToolCallFunction(name=block["name"], arguments=arguments), **extra
    )


def _is_free(name: str, value: Any) -> bool:
    """Whether state may add a field to a call: none that the block itself says."""
    return name not in ToolCall.model_fields or (name == "type" and value in _TYPES)
