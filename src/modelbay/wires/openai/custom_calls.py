"""Calls of tools that take free text (`type: custom`).

A call of ours has JSON arguments, so the text is one of them, `input`: whoever does not know the type sees a
call like any other. Only where this dialect is written does it become text again.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from modelbay.entities import ToolCall
from modelbay.wires.json_text import to_json

CUSTOM = "custom"
BEGIN, END = '{"input":"', '"}'
"""What comes before and after the text, as JSON writes it, in the arguments."""

_WHOLE = re.compile(r'(?:[^"\\]|\\u[0-9a-fA-F]{4}|\\[^u])*')


def arguments_of_text(text: str) -> str:
    """Return the arguments of a call that was made with this text."""
    return to_json({"input": text})


def escaped(text: str) -> str:
    """Return a piece of text as it stands inside the arguments."""
    return orjson.dumps(text).decode()[1:-1]


def custom_body(call: ToolCall) -> dict[str, Any] | None:
    """Return what such a call says, as requests and answers carry it; None for the call of a function."""
    if call.type != CUSTOM:
        return None
    return {"name": call.function.name, "input": _text_in(call.function.arguments)}


class TextPieces:
    """Takes the text out of a call's arguments as they come, wherever they are cut."""

    __slots__ = ("_begun", "_held")

    def __init__(self) -> None:
        self._begun = False
        self._held = ""

    def read(self, piece: str) -> str:
        """Return the text that a piece adds."""
        held = self._held + piece
        if not self._begun and len(held) >= len(BEGIN):
            self._begun, held = True, held[len(BEGIN) :]
        end = _end_of_whole(held) if self._begun else 0
        self._held = held[end:]
        return str(orjson.loads(f'"{held[:end]}"')) if end else ""


def _end_of_whole(text: str) -> int:
    """Return where the whole characters end: before a quote, or an escape that is cut."""
    found = _WHOLE.match(text)
    return found.end() if found else 0


def _text_in(arguments: str) -> str:
    try:
        found = orjson.loads(arguments)
    except orjson.JSONDecodeError:
        return arguments
    text = found.get("input") if isinstance(found, dict) else None
    return text if isinstance(text, str) else arguments
