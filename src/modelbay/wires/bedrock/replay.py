"""Assistant turns, given back as the model made them.

An answer's own blocks (reasoning with its signature, redacted reasoning, citations) lie in the message's
`opaque_body` and go back unmodified and in order. What the application changed in the message wins:

- its text differs: the new text stands where the first old one did, or after the reasoning that led the turn;
- a tool call is gone, new or changed: its block follows the message;
- reasoning always stays. It is signed, and a turn whose tools ran needs it.

Without that state `reasoning_content` is not sent: unsigned reasoning, or another provider's, is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from modelbay.entities import PromptMessage, ToolCall
from modelbay.wires.bedrock.blocks import is_blank, text_blocks
from modelbay.wires.bedrock.state import Block, state_of
from modelbay.wires.json_text import arguments_object

_ANSWERED = ("text", "toolUse", "toolResult", "reasoningContent", "citationsContent")


def assistant_blocks(message: PromptMessage, place: str) -> list[Block]:
    """Return the blocks of an assistant's turn."""
    calls: Sequence[ToolCall] = getattr(message, "tool_calls", ())
    uses = [_tool_use(call, f"{place}.tool_calls[{index}]") for index, call in enumerate(calls)]
    content = state_of(message).get("content")
    if isinstance(content, list) and all(map(is_sound, content)):
        return _replayed(content, message.get_text_content(), uses)
    return text_blocks(message, place) + uses


def is_sound(block: Any) -> bool:
    """Whether a block is one of an answer and has what is read from it: it may have been out of our hands."""
    if not isinstance(block, dict) or len(block) != 1:
        return False
    ((kind, value),) = block.items()
    if kind == "text":
        return isinstance(value, str)
    if kind not in _ANSWERED or not isinstance(value, dict):
        return False
    return kind != "toolUse" or isinstance(value.get("toolUseId"), str)


def text_in(block: Block) -> str:
    """Return what a block adds to the text of its message."""
    cited = block.get("citationsContent")
    if isinstance(cited, dict):
        pieces = cited.get("content") or ()
        return "".join(str(piece.get("text") or "") for piece in pieces if isinstance(piece, dict))
    return str(block.get("text") or "")


def _tool_use(call: ToolCall, place: str) -> Block:
    arguments = arguments_object(call.function.arguments, place)
    return {"toolUse": {"toolUseId": call.id, "name": call.function.name, "input": arguments}}


def _replayed(content: list[Block], text: str, uses: list[Block]) -> list[Block]:
    wanted = {use["toolUse"]["toolUseId"]: use for use in uses}
    kept: list[Block] = []
    for block in _with_text(content, text):
        tool = block.get("toolUse")
        if tool is None or tool.get("type"):  # a tool that the provider ran itself has a type
            kept.append(block)
        elif use := wanted.pop(tool.get("toolUseId"), None):
            kept.append(use)
    return kept + list(wanted.values())


def _with_text(content: list[Block], text: str) -> list[Block]:
    """Return the blocks with the text that the message has now, without blank ones."""
    texts = [index for index, block in enumerate(content) if "text" in block or "citationsContent" in block]
    if text == "".join(map(text_in, content)):
        return [block for block in content if not is_blank(block)]
    place = texts[0] if texts else _leading_reasoning(content)
    new = [{"text": text}] if text.strip() else []
    others = [block for index, block in enumerate(content) if index >= place and index not in texts]
    return [*content[:place], *new, *others]


def _leading_reasoning(blocks: list[Block]) -> int:
    return sum(1 for _ in takewhile(lambda block: "reasoningContent" in block, blocks))
