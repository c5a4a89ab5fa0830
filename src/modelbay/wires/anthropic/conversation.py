"""Conversations: a system prompt and turns that alternate between user and assistant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from modelbay.entities import PromptMessage, PromptMessageRole
from modelbay.wires.anthropic.blocks import Block, content_blocks, text_blocks
from modelbay.wires.anthropic.replay import assistant_blocks
from modelbay.wires.anthropic.state import cache_control_of, state_of
from modelbay.wires.carried import beside
from modelbay.wires.turns import SYSTEM, Conversation


def to_conversation(messages: Sequence[PromptMessage], *, system_turns: bool = False) -> Conversation:
    """Return the conversation; messages that say nothing are left out.

    Args:
        system_turns: Whether system messages after the first turn stay where they are; else all of them
            go to the top.
    """
    conversation = Conversation()
    for role, blocks in _turns(messages):
        if role == "system" and not (system_turns and conversation.messages):
            conversation.system += blocks
        else:
            conversation.add(role, blocks)
    for turn in conversation.messages:
        if turn["role"] == "user":  # the API wants results before anything else the user says
            turn["content"].sort(key=lambda block: block["type"] != "tool_result")
    _trim_begun_answer(conversation.messages)
    return conversation


def _trim_begun_answer(messages: list[dict[str, Any]]) -> None:
    """Cut white space that ends an answer the model is to go on with: the API refuses it."""
    if not messages or messages[-1]["role"] != "assistant":
        return
    last = messages[-1]["content"][-1]
    if last.get("type") == "text":
        messages[-1]["content"][-1] = last | {"text": last["text"].rstrip()}


def _turns(messages: Sequence[PromptMessage]) -> Iterator[tuple[str, list[Block]]]:
    for index, message in enumerate(messages):
        place = f"messages[{index}]"
        if message.role in SYSTEM:
            yield "system", _marked(text_blocks(message, place), message)
        elif message.role == PromptMessageRole.ASSISTANT:
            yield "assistant", assistant_blocks(message, place)
        elif message.role == PromptMessageRole.TOOL:
            yield "user", [_tool_result(message, place)]
        else:
            yield "user", _marked(content_blocks(message, place), message)


def _tool_result(message: PromptMessage, place: str) -> Block:
    block: Block = {"type": "tool_result", "tool_use_id": getattr(message, "tool_call_id", "")}
    content = message.content if isinstance(message.content, str) else content_blocks(message, place)
    if content:
        block["content"] = content
    if message.unknown_fields.get("is_error"):
        block["is_error"] = True
    return beside(block, state_of(message))


def _marked(blocks: list[Block], message: PromptMessage) -> list[Block]:
    cache_control = cache_control_of(message)
    if cache_control and blocks:
        blocks[-1] = blocks[-1] | {"cache_control": cache_control}
    return blocks
