"""Choose a tool for a message, and fill its parameters."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from modelbay.providers.sandbox.engines.chat.commands import CommandError, ToolRequest
from modelbay.providers.sandbox.engines.chat.events import Event, ToolArguments, ToolCall
from modelbay.providers.sandbox.engines.chat.instance import make_instance
from modelbay.providers.sandbox.engines.chat.material import name_words
from modelbay.providers.sandbox.engines.chat.pieces import fragments
from modelbay.providers.sandbox.engines.chat.written import written

__all__ = ["Tool", "arguments_for", "call_events", "choose_tool", "named_tool"]

Tool = Mapping[str, Any]  # name, description, parameters (a JSON Schema), as every chat API has them
_ENOUGH_IN_COMMON = 2  # one word of a description may be chance; one of the name counts double


def choose_tool(message: str, tools: Sequence[Tool]) -> Tool | None:
    """Return the tool that shares most words with the message, of equals the first; None if too few."""
    said = name_words(message)
    scores = [_in_common(said, tool) for tool in tools]
    best = max(scores, default=0)
    return tools[scores.index(best)] if best >= _ENOUGH_IN_COMMON else None


def _in_common(said: set[str], tool: Tool) -> int:
    return 2 * len(said & name_words(tool["name"])) + len(said & name_words(tool.get("description") or ""))


def named_tool(name: str, tools: Sequence[Tool]) -> Tool:
    """Return the tool of that name.

    Raises:
        CommandError: There is none.
    """
    for tool in tools:
        if tool["name"] == name:
            return tool
    given = ", ".join(str(tool["name"]) for tool in tools) or "none at all"
    raise CommandError(f"There is no tool {name!r} to call. Given with this message: {given}.")


def arguments_for(tool: Tool, message: str) -> str:
    """Return JSON text that is valid under the tool's parameters.

    Raises:
        CommandError: The schema of the parameters cannot be filled; the text says why.
    """
    schema = {"type": "object", **(tool.get("parameters") or {})}
    try:
        return written(make_instance(schema, message))
    except ValueError as error:
        raise CommandError(f"I cannot fill the parameters of {tool['name']}. {error}") from error


def call_events(calls: Sequence[ToolRequest], tools: Sequence[Tool], seed: int) -> Iterator[Event]:
    """Yield the events of all calls, one after the other."""
    checked = [(request, named_tool(request.name, tools)) for request in calls]
    filled = [
        (
            request.name,
            request.arguments if request.arguments is not None else arguments_for(tool, request.hint),
        )
        for request, tool in checked
    ]
    for index, (name, arguments) in enumerate(filled):
        identity = zlib.crc32(f"{seed}\0{index}\0{name}\0{arguments}".encode())
        yield ToolCall(index, f"call_{identity:08x}", name)
        for fragment in fragments(arguments):
            yield ToolArguments(index, fragment)
