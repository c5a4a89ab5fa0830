"""What the chat engine says, piece by piece."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["FAILURES", "Event", "Fail", "FailKind", "Pause", "Reasoning", "Text", "ToolArguments", "ToolCall"]

FailKind = Literal["connection", "unavailable", "rate-limit", "authorization", "bad-request"]
FAILURES: tuple[FailKind, ...] = ("connection", "unavailable", "rate-limit", "authorization", "bad-request")


@dataclass(frozen=True, slots=True)
class Reasoning:
    """A piece of what a thinking model would think before it answers."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the answer, about as long as a token."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a tool begins. `index` counts the calls of one answer from 0."""

    index: int
    call_id: str
    name: str


@dataclass(frozen=True, slots=True)
class ToolArguments:
    """A fragment of the JSON text with the arguments of call `index`."""

    index: int
    fragment: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait before the next event."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Fail:
    """Raise the error of this kind; nothing follows."""

    kind: FailKind


Event = Reasoning | Text | ToolCall | ToolArguments | Pause | Fail
