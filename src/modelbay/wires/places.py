"""Where a client finds what a wire names: `messages[2].content[0]` may be its `messages[1].content[3]`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

_NAMED = re.compile(r"messages\[(\d+)\](?:\.content\b(?:\[(\d+)\])?|\.tool_calls\[(\d+)\])?")
_CONTENT = ".content"
_ITEM = re.compile(r"input\[(\d+)\]")


class Place(NamedTuple):
    """The client's place of one message, such as `input[3]`.

    Attributes:
        content: Of its content, where that is not the message's `content`.
        parts: The client's number of each part of the content, where there is more between them.
        calls: The client's place of each tool call, where they do not lie in the message's `tool_calls`.
    """

    message: str
    content: str = ""
    parts: Sequence[int] = ()
    calls: Sequence[str] = ()

    def of_content(self, part: int | None) -> str:
        """Return where the content is, or one part of it."""
        content = self.content or self.message + _CONTENT
        if part is None:
            return content
        return f"{content}[{self.parts[part] if part < len(self.parts) else part}]"

    def of_call(self, number: int) -> str:
        """Return where a tool call is."""
        return self.calls[number] if number < len(self.calls) else f"{self.message}.tool_calls[{number}]"


def at_place(description: str, places: Sequence[Place]) -> str:
    """Return an error's description with the client's place of the message that it begins with, if any."""
    found = _NAMED.match(description)
    if found is None or int(found[1]) >= len(places):
        return description
    return _named(found, places[int(found[1])]) + description[found.end() :]


def after_history(description: str, known: int) -> str:
    """Return an error's description with the number that an item has in the client's own input.

    Args:
        known: How many items of an earlier response come before it.
    """
    found = _ITEM.match(description)
    if found is None:
        return description
    number = int(found[1]) - known
    if number < 0:
        return f"previous_response_id: in that conversation, {description}"
    return f"input[{number}]{description[found.end() :]}"


def _named(found: re.Match[str], place: Place) -> str:
    if found[3]:
        return place.of_call(int(found[3]))
    if _CONTENT in found[0]:
        return place.of_content(int(found[2]) if found[2] else None)
    return place.message
