"""What can be typed in a chat besides messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from modelbay.cli.chat.session import Session
from modelbay.cli.errors import Mistake


class Leave(Exception):  # noqa: N818 - not an error: the user is done
    """The conversation is over."""


class _Command(NamedTuple):
    argument: str
    what: str
    run: Callable[[Session, str], str]


def run_command(session: Session, line: str) -> str | None:
    """Run a line that begins with a slash and return what to show; None if it is a message after all.

    A slash that no command follows may be a path or a model's own command, so it is sent.

    Raises:
        Mistake: The command needs something else than what followed it.
        Leave: It was /quit.
    """
    name, _, rest = line.partition(" ")
    command = COMMANDS.get(name)
    if command is None:
        return None
    argument = rest.strip()
    if command.argument and not argument and not command.argument.startswith("["):
        raise Mistake(f"{name} needs {command.argument}")
    return command.run(session, argument)


def _help(session: Session, _: str) -> str:
    rows = [(f"{name} {command.argument}".strip(), command.what) for name, command in COMMANDS.items()]
    rows += [
        ("//TEXT", "send a message that begins with a slash"),
        ("Ctrl-C", "stop the answer; twice: leave"),
    ]
    width = max(len(left) for left, _ in rows)
    return "\n".join(f"  {left:{width}}  {what}" for left, what in rows)


def _image(session: Session, source: str) -> str:
    session.attach_image(_unquoted(source))
    return f"attached: {source}"


def _file(session: Session, path: str) -> str:
    session.attach_file(_unquoted(path))
    return f"attached: {path}"


def _unquoted(path: str) -> str:
    """Return a path without the quotes that a file manager puts around it when it is dropped here."""
    return path[1:-1] if len(path) > 1 and path[0] == path[-1] and path[0] in "'\"" else path


def _system(session: Session, text: str) -> str:
    session.system = text or None
    return "instructions set" if text else "instructions removed"


def _model(session: Session, name: str) -> str:
    if name:
        session.switch(name)
    return f"model: {session.model}"


def _clear(session: Session, _: str) -> str:
    session.clear()
    return "forgotten"


def _quit(session: Session, _: str) -> str:
    raise Leave


COMMANDS = {
    "/image": _Command("PATH", "attach an image (or its address) to the next message", _image),
    "/file": _Command("PATH", "attach a file to the next message", _file),
    "/system": _Command("[TEXT]", "set the instructions; without text, remove them", _system),
    "/model": _Command("[NAME]", "let another model answer; without a name, show it", _model),
    "/clear": _Command("", "forget the conversation", _clear),
    "/help": _Command("", "show this", _help),
    "/quit": _Command("", "leave (also Ctrl-D)", _quit),
}
