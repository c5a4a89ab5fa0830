"""Conversations of blocks, in which the turns of user and assistant alternate."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from modelbay.entities import PromptMessageRole

SYSTEM = (PromptMessageRole.SYSTEM, PromptMessageRole.DEVELOPER)
"""The roles whose messages are the system prompt where an API has one."""


@dataclass(slots=True)
class Conversation:
    """What `system` and `messages` of a request say, in blocks."""

    system: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)

    def add(self, role: str, blocks: list[dict[str, Any]]) -> None:
        """Add a turn; turns of one role that follow each other are one."""
        if not blocks:
            return
        if self.messages and self.messages[-1]["role"] == role:
            self.messages[-1]["content"] += blocks
        else:
            self.messages.append({"role": role, "content": list(blocks)})
