"""What a fake model says, in no dialect: each family writes it in its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

_WORDS = ("in", "out", "cached", "reasoning")


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of a tool; `fragments` joined are its arguments as JSON text."""

    id: str
    name: str
    fragments: tuple[str, ...]

    @property
    def arguments(self) -> str:
        """The arguments as JSON text."""
        return "".join(self.fragments)

    @property
    def value(self) -> Any:
        """The arguments as a value; families with object arguments need valid JSON here."""
        return orjson.loads(self.arguments or "{}")


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of a model. `usage` and `finish_reason` are counted and chosen when left out."""

    pieces: tuple[str, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    reasoning: tuple[str, ...] = ()
    refusal: str | None = None
    finish_reason: str | None = None
    usage: Mapping[str, Any] = field(default_factory=dict)
    without: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.pieces)

    @property
    def thought(self) -> str:
        """The whole reasoning."""
        return "".join(self.reasoning)

    def tokens(self, prompt: int) -> dict[str, int]:
        """Count tokens in our words; what the script said wins over the count."""
        counted = {"in": prompt, "out": len(self.pieces) + len(self.reasoning) + self._call_tokens()}
        counted |= {"cached": 0, "reasoning": len(self.reasoning)}
        return counted | {word: self.usage[word] for word in _WORDS if word in self.usage}

    def own_usage(self) -> dict[str, Any]:
        """Return the scripted fields that are the family's own."""
        return {name: value for name, value in self.usage.items() if name not in _WORDS}

    def _call_tokens(self) -> int:
        return sum(1 + len(call.fragments) for call in self.tool_calls)


def to_tool_call(call: Mapping[str, Any], place: int) -> ToolCall:
    """Read a scripted tool call; arguments that are not given as fragments are cut into some."""
    arguments = call.get("arguments", {})
    if isinstance(arguments, list):
        fragments = tuple(arguments)
    else:
        text = arguments if isinstance(arguments, str) else orjson.dumps(arguments).decode()
        fragments = tuple(cut(text, 7))
    return ToolCall(call.get("id", f"call_{place}"), call["name"], fragments)


def cut(text: str, size: int) -> Iterator[str]:
    """Cut a text into pieces of at most `size` characters."""
    return (text[start : start + size] for start in range(0, len(text), size))
