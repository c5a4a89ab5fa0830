"""Conversations: a system prompt and turns that alternate between user and assistant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from modelbay.entities import PromptMessage, PromptMessageRole
from modelbay.wires.bedrock.blocks import content_blocks, text_blocks, with_names_apart
from modelbay.wires.bedrock.replay import assistant_blocks
from modelbay.wires.bedrock.state import Block, cache_point_after
from modelbay.wires.turns import SYSTEM, Conversation


def to_conversation(messages: Sequence[PromptMessage], *, system: bool = True) -> Conversation:
    """Return the conversation; messages that say nothing are left out.

    Args:
        system: Whether the model takes a system prompt; if not, the first of the user's turns begins with it.
    """
    conversation = Conversation()
    names: set[str] = set()
    for role, blocks in _turns(messages):
        if role == "system":
            conversation.system += blocks
        else:
            conversation.add(role, with_names_apart(blocks, names))
    for turn in conversation.messages:
        if turn["role"] == "user":  # models want results before anything else the user says
            turn["content"].sort(key=lambda block: "toolResult" not in block)
    _trim_begun_answer(conversation.messages)
    return conversation if system else _without_system(conversation)


def _trim_begun_answer(turns: list[dict[str, Any]]) -> None:
    """Cut white space that ends an answer the model is to go on with: Claude refuses it."""
    if turns and turns[-1]["role"] == "assistant" and "text" in turns[-1]["content"][-1]:
        turns[-1]["content"][-1] = {"text": turns[-1]["content"][-1]["text"].rstrip()}


def _without_system(conversation: Conversation) -> Conversation:
    told = [block for block in conversation.system if "text" in block]
    turns = conversation.messages
    if not told:
        return Conversation([], turns)
    if turns and turns[0]["role"] == "user":
        return Conversation([], [turns[0] | {"content": told + turns[0]["content"]}, *turns[1:]])
    return Conversation([], [{"role": "user", "content": told}, *turns])


def _turns(messages: Sequence[PromptMessage]) -> Iterator[tuple[str, list[Block]]]:
    for index, message in enumerate(messages):
        place = f"messages[{index}]"
        if message.role in SYSTEM:
            yield "system", _pointed(text_blocks(message, place), message)
        elif message.role == PromptMessageRole.ASSISTANT:
            yield "assistant", _pointed(assistant_blocks(message, place), message)
        elif message.role == PromptMessageRole.TOOL:
            yield "user", _pointed([_tool_result(message, place)], message)
        else:
            yield "user", _pointed(content_blocks(message, place), message)


def _tool_result(message: PromptMessage, place: str) -> Block:
    content = [block for block in content_blocks(message, place) if "cachePoint" not in block]
    result: Block = {"toolUseId": getattr(message, "tool_call_id", ""), "content": content or [{"text": " "}]}
    if message.unknown_fields.get("is_error"):
        result["status"] = "error"
    return {"toolResult": result}


def _pointed(blocks: list[Block], message: PromptMessage) -> list[Block]:
    return blocks + cache_point_after(message) if blocks else blocks
