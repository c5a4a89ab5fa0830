"""Reasoning inside the text, between think tags, as many plugins exchange it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OPEN, CLOSE = "<think>\n", "\n</think>"


def wrap_thinking(delta: Mapping[str, Any], is_reasoning: bool) -> tuple[str, bool]:
    """Return the text of an OpenAI-style delta with its reasoning between think tags.

    Args:
        delta: Has `reasoning_content` (or `reasoning`) and `content`, both optional.
        is_reasoning: Whether the tag is open.

    Returns:
        The text to show, and whether the tag is open after it.
    """
    content = delta.get("content") or ""
    reasoning = delta.get("reasoning_content") or delta.get("reasoning") or ""
    ends = bool(content or delta.get("tool_calls") or delta.get("function_call"))
    text = ""
    if reasoning:
        text = reasoning if is_reasoning else OPEN + reasoning
        is_reasoning = True
    if is_reasoning and (ends or not reasoning):
        text += CLOSE
        is_reasoning = False
    return text + content, is_reasoning


def split_thinking(text: str) -> tuple[str, str]:
    """Return the reasoning and the answer of a text that may begin with a think block."""
    stripped = text.lstrip()
    if not stripped.startswith("<think>"):
        return "", text
    inside, closed, answer = stripped[len("<think>") :].partition("</think>")
    return inside.strip("\n"), answer.lstrip("\n") if closed else ""
