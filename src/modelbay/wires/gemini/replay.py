"""Turns of the model, given back as it made them.

An answer's own parts (signed thoughts, signed calls, code that was run) lie in the message's `opaque_body`
and go back unmodified and in order. What the application changed in the message wins:

- its text differs: the new text stands where the first old one did, or before the first tool call;
- a tool call is gone, new or changed: its part follows the message;
- summaries of thoughts are not sent back unless they are signed: they are for people.

Without that state `reasoning_content` is not sent. Newer models refuse a turn whose first tool call has no
signature: calls that another model made are sent with the mark that the API has for them.
Source: https://ai.google.dev/gemini-api/docs/thought-signatures (read 2026-11-21).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modelbay.entities import PromptMessage, ToolCall
from modelbay.wires.gemini.parts import text_parts
from modelbay.wires.gemini.state import Part, state_of
from modelbay.wires.json_text import arguments_object

_UNSIGNED = "skip_thought_signature_validator"


def model_parts(message: PromptMessage, place: str, *, signatures: bool) -> list[Part]:
    """Return the parts of a turn of the model."""
    calls: Sequence[ToolCall] = getattr(message, "tool_calls", ())
    wanted = {call.id: _call(call, f"{place}.tool_calls[{index}]") for index, call in enumerate(calls)}
    content = _content_of(message)
    if content:
        parts = _replayed(content, _ids_of(message, content), message.get_text_content(), wanted)
    else:
        parts = [*text_parts(message, place), *wanted.values()]
    return _marked(parts) if signatures else parts


def call_ids(message: PromptMessage) -> set[str]:
    """Return the ids of a message's tool calls that the API itself gave."""
    calls = (part.get("functionCall") for part in _content_of(message))
    return {call["id"] for call in calls if call and isinstance(call.get("id"), str)}


def _content_of(message: PromptMessage) -> list[Part]:
    content = state_of(message).get("content")
    return content if isinstance(content, list) and all(map(_is_sound, content)) else []


def _is_sound(part: Any) -> bool:
    """Whether a part is one that a model makes: it may have been out of our hands."""
    if not isinstance(part, dict) or "functionResponse" in part:
        return False
    call = part.get("functionCall", {"name": ""})
    return (
        isinstance(part.get("text", ""), str) and isinstance(call, dict) and isinstance(call.get("name"), str)
    )


def _ids_of(message: PromptMessage, content: list[Part]) -> list[str]:
    """Return our id of each call in the content: the API's own, or the one that was made up for it."""
    made_up = state_of(message).get("ids")
    own = [str(part["functionCall"].get("id") or "") for part in content if "functionCall" in part]
    return list(map(str, made_up)) if isinstance(made_up, list) and len(made_up) == len(own) else own


def _call(call: ToolCall, place: str) -> Part:
    return {
        "functionCall": {"name": call.function.name, "args": arguments_object(call.function.arguments, place)}
    }


def _replayed(content: list[Part], ids: list[str], text: str, wanted: dict[str, Part]) -> list[Part]:
    wanted, remaining = dict(wanted), iter(ids)
    kept: list[Part] = []
    for part in _with_text(content, text):
        if "functionCall" not in part:
            kept.append(part)
        elif (call := wanted.pop(next(remaining), None)) is not None:
            kept.append({**part, "functionCall": {**part["functionCall"], **call["functionCall"]}})
    return [part for part in kept if not _is_summary(part)] + list(wanted.values())


def _with_text(content: list[Part], text: str) -> list[Part]:
    """Return the parts with the text that the message has now."""
    places = [index for index, part in enumerate(content) if _says(part)]
    if text == "".join(content[index]["text"] for index in places):
        return content
    place = places[0] if places else _first_call(content)
    others = [part for index, part in enumerate(content) if index >= place and not _says(part)]
    return [*content[:place], *([{"text": text}] if text else []), *others]


def _first_call(content: list[Part]) -> int:
    return next((index for index, part in enumerate(content) if "functionCall" in part), len(content))


def _says(part: Part) -> bool:
    return "text" in part and not part.get("thought")


def _is_summary(part: Part) -> bool:
    return bool(part.get("thought")) and not part.get("thoughtSignature")


def _marked(parts: list[Part]) -> list[Part]:
    """Return the parts, the first call among them signed; calls beside it need no signature."""
    place = _first_call(parts)
    if place == len(parts) or parts[place].get("thoughtSignature"):
        return parts
    return [*parts[:place], {**parts[place], "thoughtSignature": _UNSIGNED}, *parts[place + 1 :]]
