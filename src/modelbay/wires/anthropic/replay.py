"""Assistant turns, given back as the model made them.

An answer's own blocks (thinking with its signature, citations, server tools) lie in the message's
`opaque_body` and go back unmodified and in order. What the application changed in the message wins:

- its text differs: the new text stands where the first old one did, or after the thinking that led the turn;
- a tool call is gone, new or changed: its block follows the message;
- thinking and server-tool blocks always stay. They are signed, and a turn whose tools ran needs them.

Without that state `reasoning_content` is not sent: unsigned thinking, or another provider's, is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from modelbay.entities import PromptMessage, ToolCall
from modelbay.wires.anthropic.blocks import Block, is_blank, is_sound, text_block, text_blocks
from modelbay.wires.anthropic.state import cache_control_of, state_of
from modelbay.wires.json_text import arguments_object

_THINKING = ("thinking", "redacted_thinking")


def assistant_blocks(message: PromptMessage, place: str) -> list[Block]:
    """Return the blocks of an assistant's turn."""
    calls: Sequence[ToolCall] = getattr(message, "tool_calls", ())
    uses = [_tool_use(call, f"{place}.tool_calls[{index}]") for index, call in enumerate(calls)]
    content = state_of(message).get("content")
    if isinstance(content, list) and all(map(is_sound, content)):
        blocks = _replayed(content, message.get_text_content(), uses)
    else:
        blocks = text_blocks(message, place) + uses
    return _marked(blocks, cache_control_of(message))


def _tool_use(call: ToolCall, place: str) -> Block:
    arguments = arguments_object(call.function.arguments, place)
    return {"type": "tool_use", "id": call.id, "name": call.function.name, "input": arguments}


def _replayed(content: list[Block], text: str, uses: list[Block]) -> list[Block]:
    wanted = {use["id"]: use for use in uses}
    kept: list[Block] = []
    for block in _with_text(content, text):
        if block.get("type") == "tool_use":
            use = wanted.pop(block.get("id"), None)
            kept.extend([block | use] if use else [])
        else:
            kept.append(block)
    return kept + list(wanted.values())


def _with_text(content: list[Block], text: str) -> list[Block]:
    """Return the blocks with the text that the message has now, without blank ones."""
    texts = [index for index, block in enumerate(content) if block.get("type") == "text"]
    if text == "".join(content[index]["text"] for index in texts):
        return [block for block in content if not is_blank(block)]
    place = texts[0] if texts else _leading_thinking(content)
    new = [text_block(text)] if text.strip() else []
    others = [block for block in content[place:] if block.get("type") != "text"]
    return [*content[:place], *new, *others]


def _leading_thinking(blocks: list[Block]) -> int:
    return sum(1 for _ in takewhile(lambda block: block.get("type") in _THINKING, blocks))


def _marked(blocks: list[Block], cache_control: Any) -> list[Block]:
    if cache_control and blocks and blocks[-1].get("type") not in _THINKING:
        return [*blocks[:-1], blocks[-1] | {"cache_control": cache_control}]
    return blocks
