"""Provider state of this family: the parts of an answer that text and tool calls do not say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.entities import PromptMessage
from modelbay.wires.carried import state_under

KEY = "cohere"
_KEPT = ("content", "tool_plan", "citations")


def state_of(message: PromptMessage) -> dict[str, Any]:
    """Return this family's state on a message; empty if it has none, or one of another form."""
    state = state_under(KEY, getattr(message, "opaque_body", None))
    content, plan = state.get("content") or [], state.get("tool_plan") or ""
    sound = isinstance(content, list) and all(map(_is_sound, content)) and isinstance(plan, str)
    return state if sound else {}


def opaque_body_of(message: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the state that the next turn needs of an answer's message, or None.

    It is `content`, `tool_plan` and `citations` as they came, where text and tool calls do not say it all.
    """
    content, plan = message.get("content") or [], message.get("tool_plan")
    thinks = any(block.get("type") != "text" for block in content)
    if not (thinks or message.get("citations") or (said_by({"content": content}) and plan)):
        return None
    return {KEY: {name: message[name] for name in _KEPT if message.get(name)}}


def _is_sound(block: Any) -> bool:
    """Whether a block has what is read from it: it may have been out of our hands."""
    if not isinstance(block, dict) or not isinstance(block.get("type"), str):
        return False
    return block["type"] != "text" or isinstance(block.get("text"), str)


def said_by(state: Mapping[str, Any]) -> str:
    """Return the text that the parts of a message say: the plan, then the text."""
    texts = (block["text"] for block in state.get("content") or [] if block.get("type") == "text")
    return (state.get("tool_plan") or "") + "".join(texts)
