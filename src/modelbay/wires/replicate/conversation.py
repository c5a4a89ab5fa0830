"""From messages and parameters to a language model's inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modelbay.entities import (
    MultiModalPromptMessageContent,
    PromptMessage,
    PromptMessageRole,
    TextPromptMessageContent,
)
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.extras import checked_extras
from modelbay.wires.family import ChatCall
from modelbay.wires.media import media_of
from modelbay.wires.plain_text import spoken_of, system_of
from modelbay.wires.replicate.schema import Inputs

_SYSTEM = (PromptMessageRole.SYSTEM, PromptMessageRole.DEVELOPER)
_NEUTRAL = {"tool_choice": ("auto", "none"), "response_format": ("text",), "n": (1,)}


def to_inputs(call: ChatCall, inputs: Inputs) -> dict[str, Any]:
    """Return the inputs of a call; InvokeBadRequestError, naming it, for what the model cannot take."""
    if call.tools:
        raise InvokeBadRequestError("tools: models here take none; leave them out")
    values = _prompt(call.messages, inputs) | _files(call.messages, inputs) | _stop(call.stop, inputs)
    for name, value in call.parameters.items():
        if value is not None and value not in _NEUTRAL.get(name, ()):
            values[inputs.place_of_parameter(name)] = value
    return values | dict(checked_extras(call.extras, *values))


def _prompt(messages: Sequence[PromptMessage], inputs: Inputs) -> dict[str, Any]:
    system, place = system_of(messages), inputs.place("system")
    turns = [message for message in messages if message.role not in _SYSTEM]
    values: dict[str, Any] = {place: system} if system and place else {}
    if len(turns) > 1 and inputs.fields and inputs.is_list("messages"):
        told = [] if place or not system else [{"role": "system", "content": system}]
        return values | {"messages": [*told, *map(_turn, turns)]}
    texts = ["" if place else system, spoken_of(messages)]
    return values | {inputs.place("prompt") or "prompt": "\n\n".join(filter(None, texts))}


def _turn(message: PromptMessage) -> dict[str, str]:
    role = "user" if message.role is PromptMessageRole.TOOL else str(message.role)
    return {"role": role, "content": message.text}


def _files(messages: Sequence[PromptMessage], inputs: Inputs) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for number, message in enumerate(messages):
        parts = message.content if isinstance(message.content, list) else []
        for index, part in enumerate(parts):
            if not isinstance(part, TextPromptMessageContent):
                _add(values, part, f"messages[{number}].content[{index}]", inputs)
    return values


def _add(values: dict[str, Any], part: Any, where: str, inputs: Inputs) -> None:
    kind = str(getattr(part, "type", ""))
    place = inputs.place(kind) if kind in ("image", "video", "audio", "document") else ""
    if not place or not isinstance(part, MultiModalPromptMessageContent):
        raise InvokeBadRequestError(f"{where}: the model takes no {kind or 'such part'}")
    uri = media_of(part, where).data_uri
    if inputs.is_list(place):
        values.setdefault(place, []).append(uri)
    elif place in values:
        raise InvokeBadRequestError(f"{where}: the model takes one {kind} only")
    else:
        values[place] = uri


def _stop(stop: Sequence[str], inputs: Inputs) -> dict[str, Any]:
    """Return the stop sequences where the model takes them: as a list, or one text with commas between.

    The kit cuts at them in any case, so that they may be left out.
    """
    place = inputs.place("stop") if inputs.fields else ""
    if not stop or not place:
        return {}
    if inputs.is_list(place):
        return {place: list(stop)}
    return {} if any("," in word for word in stop) else {place: ",".join(stop)}
