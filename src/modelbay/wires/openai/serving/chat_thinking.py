"""Reasoning in an assistant's message, in the ways in which clients give it back."""

from __future__ import annotations

from typing import Any

from modelbay.wires.asked import Fields, wrong
from modelbay.wires.carried import is_packed

_KINDS = ("thinking", "redacted_thinking", "reasoning")
_SEALS = ("signature", "data")


def take_reasoning(fields: Fields) -> str | None:
    """Return the reasoning beside the content, under either name."""
    found = [fields.text("reasoning_content"), fields.text("reasoning")]
    return next((text for text in found if text), None)


def split_thoughts(content: Any, place: str) -> tuple[list[dict[str, Any]], Any]:
    """Return the blocks of reasoning in a content, and the content without them."""
    if not isinstance(content, list) or not any(map(_is_thought, content)):
        return [], content
    thoughts = [block for block in content if _is_thought(block)]
    return checked_thoughts(thoughts, place), [part for part in content if not _is_thought(part)]


def checked_thoughts(value: Any, place: str) -> list[dict[str, Any]]:
    """Return a list of blocks of reasoning; what is read from them has its type."""
    if not isinstance(value, list):
        raise wrong(place, "must be a list")
    for number, block in enumerate(value):
        if not _is_thought(block):
            raise wrong(f"{place}[{number}].type", "must be 'thinking' or 'redacted_thinking'")
        _words(block, f"{place}[{number}]")
    return value


def words_of(thoughts: list[dict[str, Any]]) -> str | None:
    """Return what blocks of reasoning say."""
    return "".join(_words(block, "") for block in thoughts) or None


def signed(thoughts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the blocks as the state of the family that signs them; nothing if they are not signed."""
    blocks = [block for block in thoughts if any(_is_seal(block.get(seal)) for seal in _SEALS)]
    return {"anthropic": {"content": blocks}} if blocks else {}


def _is_seal(value: Any) -> bool:
    """Whether a signature is a provider's; what we packed into one is for nobody else."""
    return bool(value) and not is_packed(value)


def _is_thought(block: Any) -> bool:
    return isinstance(block, dict) and block.get("type") in _KINDS


def _words(block: dict[str, Any], place: str) -> str:
    said = next((block[name] for name in ("thinking", "reasoning", "text") if block.get(name)), "")
    if isinstance(said, list):  # Mistral's are lists of texts
        return "".join(Fields(part, f"{place}.thinking").text("text") or "" for part in said)
    if not isinstance(said, str):
        raise wrong(f"{place}.thinking", "must be a string")
    return said
