"""Read the commands in a message (the table is in the package's docstring)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import cast

from modelbay.providers.sandbox.engines.chat.events import FAILURES, FailKind
from modelbay.providers.sandbox.engines.chat.written import written

__all__ = ["HELP", "Command", "CommandError", "ToolRequest", "read_command", "split_json", "tool_requests"]

HELP = """\
I know these commands, at the beginning of a message:
/help: list the commands
/echo TEXT: answer with exactly this text
/reason TEXT: think aloud about the text, then answer it
/tool NAME {JSON}: call a given tool; without JSON, fill its parameters
/json TEXT: answer in JSON; /json {SCHEMA} TEXT for a JSON Schema
/repeat N TEXT: answer with the text N times
/long N: answer with N words
/slow SECONDS MESSAGE: answer the message, waiting before each chunk
/fail KIND [after N] MESSAGE: answer, but fail after N chunks; \
KIND is connection, unavailable, rate-limit, authorization or bad-request"""

_COMMAND = re.compile(r"\s*/([A-Za-z-]+)(?!\S)[^\S\n]?")  # "/etc/hosts" and "/1" are no commands
_SLOW = re.compile(r"\s*(\d+(?:\.\d+)?)(?!\S)\s*")
_FAIL = re.compile(rf"\s*({'|'.join(FAILURES)})(?!\S)(?:\s+after\s+(\d{{1,18}})(?!\S))?\s*")
_COUNT = re.compile(r"\s*(\d{1,18})(?!\S)[^\S\n]?")
_TOOL_NAME = re.compile(r"\s*([\w.:-]+)[^\S\n]*")
_NEXT_TOOL = re.compile(r"^[^\S\n]*/tool(?!\S)", re.MULTILINE)
_ACTIONS = ("help", "echo", "reason", "tool", "json", "repeat", "long")
_MOST_COMMANDS = 10
_MOST_SECONDS = 3600.0
_MOST_REPEATS = 1_000_000


class CommandError(Exception):
    """A command is not written as it should be; the text says how."""


@dataclass(frozen=True, slots=True)
class Command:
    """What the last message asks for: `action` is None in a plain one, `count` belongs to repeat and long."""

    action: str | None
    text: str
    count: int = 0
    delay: float = 0.0
    fail: FailKind | None = None
    fail_after: int = 0


@dataclass(frozen=True, slots=True)
class ToolRequest:
    """One `/tool`: `arguments` is JSON text, or None if they are to be filled from `hint`."""

    name: str
    arguments: str | None
    hint: str


def read_command(message: str) -> Command:
    """Read the commands at the beginning of a message.

    Raises:
        CommandError: A command is unknown, or what it needs is missing or wrong.
    """
    delay, fail, fail_after = 0.0, None, 0
    for _ in range(_MOST_COMMANDS):
        found = _COMMAND.match(message)
        if not found:
            return Command(None, message, 0, delay, fail, fail_after)
        name, rest = found[1].lower(), message[found.end() :]
        if name == "slow":
            delay, message = _slow(rest)
        elif name == "fail":
            fail, fail_after, message = _fail(rest)
        else:
            action, count, text = _action(name, rest)
            return Command(action, text, count, delay, fail, fail_after)
    raise CommandError(f"That is more than {_MOST_COMMANDS} commands in one message.")


def _slow(rest: str) -> tuple[float, str]:
    found = _SLOW.match(rest)
    if not found or float(found[1]) > _MOST_SECONDS:
        raise CommandError("/slow needs the seconds to wait before each chunk, for example: /slow 0.2 Hello")
    return float(found[1]), rest[found.end() :]


def _fail(rest: str) -> tuple[FailKind, int, str]:
    found = _FAIL.match(rest)
    if not found:
        raise CommandError(f"/fail needs the kind of failure, one of: {', '.join(FAILURES)}.")
    return cast("FailKind", found[1]), int(found[2] or 0), rest[found.end() :]


def _action(name: str, rest: str) -> tuple[str, int, str]:
    if name not in _ACTIONS:
        raise CommandError(f"I do not know the command /{name}.")
    if name not in ("repeat", "long"):
        return name, 0, rest
    found = _COUNT.match(rest)
    if not found or int(found[1]) > _MOST_REPEATS:
        raise CommandError(
            f"/{name} needs a whole number up to {_MOST_REPEATS}, for example: /{name} 20 Hello"
        )
    return name, int(found[1]), rest[found.end() :]


def tool_requests(text: str) -> list[ToolRequest]:
    """Read what follows `/tool`: one call, or several on lines that begin with `/tool` themselves.

    Raises:
        CommandError: A name is missing, or the arguments are not a JSON object.
    """
    found = []
    for line in _NEXT_TOOL.split(text):
        name = _TOOL_NAME.match(line)
        if not name:
            raise CommandError(
                '/tool needs the name of a tool, for example: /tool get_weather {"city": "Paris"}'
            )
        rest = line[name.end() :]
        arguments, hint = split_json(rest) if rest.lstrip().startswith("{") else (None, rest)
        found.append(ToolRequest(name[1], None if arguments is None else _written(arguments), hint))
    return found


def _written(arguments: dict[str, object]) -> str:
    try:
        return written(arguments)
    except ValueError as error:
        raise CommandError(f"That is not valid JSON: {error}.") from error


def split_json(text: str) -> tuple[dict[str, object], str]:
    """Return the JSON object at the beginning of a text, and what follows it.

    Raises:
        CommandError: It does not begin with a complete JSON object.
    """
    text = text.lstrip()
    try:
        value, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError) as error:
        raise CommandError(f"That is not valid JSON: {error}.") from error
    if not isinstance(value, dict):
        raise CommandError("That is valid JSON, but an object in braces is needed.")
    return value, text[end:]
