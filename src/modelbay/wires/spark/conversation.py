"""Conversations as Spark takes them: turns that alternate, and not every model has instructions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from modelbay.entities import PromptMessage, PromptMessageRole, TextPromptMessageContent, UserPromptMessage
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.family import ChatCall

_SYSTEM = (PromptMessageRole.SYSTEM, PromptMessageRole.DEVELOPER)


def checked(call: ChatCall) -> ChatCall:
    """Return the call with texts only, and with instructions where the model reads them.

    Raises:
        InvokeBadRequestError: A message holds something that is no text.
    """
    for place, message in enumerate(call.messages):
        parts = message.content if isinstance(message.content, list) else []
        if any(not isinstance(part, TextPromptMessageContent) for part in parts):
            raise InvokeBadRequestError(f"messages[{place}]: this model takes text only")
    if call.options.get("system", True):
        return call
    return replace(call, messages=_folded(call.messages))


def _folded(messages: Sequence[PromptMessage]) -> list[PromptMessage]:
    """Return the messages with all instructions before the words of the first user message."""
    told = [message.text for message in messages if message.role in _SYSTEM and message.text]
    rest = [message for message in messages if message.role not in _SYSTEM]
    if not told:
        return rest
    first = rest[0] if rest else None
    if not isinstance(first, UserPromptMessage):
        return [UserPromptMessage(content="\n\n".join(told)), *rest]
    return [UserPromptMessage(content="\n\n".join([*told, first.text])), *rest[1:]]
