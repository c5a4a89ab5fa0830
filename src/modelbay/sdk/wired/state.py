"""Whose state a conversation carries: it goes back to the provider that gave it, and to no other. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modelbay.entities import AssistantPromptMessage, PromptMessage
from modelbay.wires.carried import OWNER, state_under


def stamp(message: AssistantPromptMessage, provider: str) -> None:
    """Note on an answer that carries state whose it is."""
    state = message.opaque_body
    if isinstance(state, dict) and OWNER not in state:
        message.opaque_body = {**state, OWNER: {"name": provider}}


def own_state_only(
    messages: Sequence[PromptMessage], provider: str, family: str
) -> tuple[Sequence[PromptMessage], list[str]]:
    """Return the messages without what another provider, or another kind of API, wants back.

    A signature that somebody else made is an error at best. State of the same kind of API that does not say
    whose it is goes along: whoever speaks that API may have got it anywhere.

    Returns:
        The messages, and a line for each place from which something was left out.
    """
    kept: list[PromptMessage] | None = None
    notices: list[str] = []
    for index, message in enumerate(messages):
        theirs = _others(message, provider, family)
        if theirs:
            kept = kept or list(messages)
            kept[index] = _without_state(message)
            notices += [f"messages[{index}]: state of {name}" for name in theirs]
    return kept or messages, notices


def _others(message: PromptMessage, provider: str, family: str) -> list[str]:
    """Return whose state the message carries that is not ours; none if some of it is ours."""
    found = [state] if (state := _state_of(message)) else []
    if isinstance(message.content, list):
        found += [state for part in message.content if (state := _state_of(part))]
    if not found:
        return []
    owners = {str(owner["name"]) for state in found if (owner := state_under(OWNER, state)).get("name")}
    if owners:
        return sorted(owners - {provider})
    names = {name for state in found for name in state}
    ours = {name for name in names if name == family or name.startswith(f"{family}.")}
    return [] if ours else sorted(names)


def _state_of(entity: Any) -> dict[str, Any]:
    """Return what an entity carries: in its field, or in one that its class does not know.

    Without `getattr`, which takes a microsecond to find that a message has no such field.
    """
    state = entity.__dict__.get("opaque_body")
    if state is None and entity.__pydantic_extra__:
        state = entity.__pydantic_extra__.get("opaque_body")
    return state if isinstance(state, dict) else {}


def _without_state(message: PromptMessage) -> PromptMessage:
    """Return what the message says, without what only its provider understands."""
    changed: dict[str, Any] = {"opaque_body": None}
    if isinstance(message.content, list):
        changed["content"] = [
            part.model_copy(update={"opaque_body": None}) if _state_of(part) else part
            for part in message.content
        ]
    if isinstance(message, AssistantPromptMessage):
        changed["tool_calls"] = [_bare(call) for call in message.tool_calls]
    return message.model_copy(update=changed)


def _bare(call: Any) -> Any:
    if not call.unknown_fields:
        return call
    fields = {name: getattr(call, name) for name in type(call).model_fields}
    return type(call).model_construct(**fields)
