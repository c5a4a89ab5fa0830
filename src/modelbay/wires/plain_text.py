"""Conversations as one text, for models that continue a text and know no turns."""

from __future__ import annotations

from collections.abc import Sequence

from modelbay.entities import (
    PromptMessage,
    PromptMessageRole,
    TextPromptMessageContent,
)
from modelbay.errors import InvokeBadRequestError

_SPEAKERS = {PromptMessageRole.ASSISTANT: "Assistant", PromptMessageRole.TOOL: "Tool"}
_SYSTEM = (PromptMessageRole.SYSTEM, PromptMessageRole.DEVELOPER)


def to_text(messages: Sequence[PromptMessage], between: str = "\n\n") -> str:
    """Return the texts of the messages, in order, with an empty line between them or what is given.

    Raises:
        InvokeBadRequestError: A message holds more than text; names the part.
    """
    for place, message in enumerate(messages):
        refuse_files(message, f"messages[{place}]")
    return between.join(message.text for message in messages if message.text)


def refuse_files(message: PromptMessage, place: str) -> None:
    """Raise InvokeBadRequestError, naming the part, if the message holds more than text."""
    for index, part in enumerate(message.content if isinstance(message.content, list) else ()):
        if not isinstance(part, TextPromptMessageContent):
            kind = getattr(part, "type", "such part")
            raise InvokeBadRequestError(f"{place}.content[{index}]: the model takes text only, not {kind}")


def system_of(messages: Sequence[PromptMessage]) -> str:
    """Return what the conversation is told by its operator."""
    return "\n\n".join(message.text for message in messages if message.role in _SYSTEM and message.text)


def spoken_of(messages: Sequence[PromptMessage]) -> str:
    """Return what was said as one text: a single turn as it is, several with the names of their speakers."""
    turns = [message for message in messages if message.role not in _SYSTEM and message.text]
    if len(turns) == 1 and turns[0].role is PromptMessageRole.USER:
        return turns[0].text
    lines = [f"{_SPEAKERS.get(turn.role, 'User')}: {turn.text}" for turn in turns]
    return "\n\n".join([*lines, "Assistant:"]) if lines else ""
