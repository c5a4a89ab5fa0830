"""The chat at a terminal: a prompt with history, answers that Ctrl-C stops."""

from __future__ import annotations

import sys

import typer

from modelbay.cli.chat.commands import COMMANDS, Leave, run_command
from modelbay.cli.chat.session import Session
from modelbay.cli.errors import INTERRUPTED, report
from modelbay.cli.figures import amount, money, seconds
from modelbay.cli.output import dim
from modelbay.entities import LLMUsage
from modelbay.errors import ModelbayError

_PROMPT = "> "


def converse(session: Session, reason: str = "") -> None:
    """Talk until the user leaves. Leaving by Ctrl-C ends the program with its own exit code."""
    _enable_history()
    _note(f"{session.model}{f' ({reason})' if reason else ''} · /help for help, Ctrl-D to leave")
    interrupted = False
    while True:
        try:
            line = input(_PROMPT)
        except EOFError:
            _show("")
            return
        except KeyboardInterrupt:
            _show("")
            if interrupted:
                raise typer.Exit(INTERRUPTED) from None
            interrupted = True
            _note("Ctrl-C once more to leave")
            continue
        interrupted = False
        if not _turn(session, line.strip()):
            return


def _turn(session: Session, line: str) -> bool:
    """Do what a line asks for; return whether to go on."""
    try:
        if line:
            _answer(session, line)
    except Leave:
        return False
    except KeyboardInterrupt:
        _note("stopped")
    except ModelbayError as error:
        report(error)
    return True


def _answer(session: Session, line: str) -> None:
    said = run_command(session, line) if line.startswith("/") else None
    if said is not None:
        _note(said)
        return
    usage = session.say(line[1:] if line.startswith("//") else line, sys.stdout)
    if usage is not None:
        _note(summary(usage))


def summary(usage: LLMUsage) -> str:
    """Return what an answer took, in one line."""
    parts = [amount(usage), seconds(usage.latency)]
    if usage.time_to_first_token is not None:
        parts.append(f"first token {seconds(usage.time_to_first_token)}")
    if usage.total_price is not None:
        parts.append(money(usage.total_price, usage.currency))
    return " · ".join(parts)


def _note(text: str) -> None:
    _show(dim(text))


def _show(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _enable_history() -> None:
    """Give the prompt line editing, history and completion of the commands, where Python has readline."""
    try:
        import readline
    except ImportError:
        return
    names = sorted(COMMANDS)
    readline.set_completer(lambda text, place: ([n for n in names if n.startswith(text)] + [None])[place])
    readline.set_completer_delims(" \t\n")
    readline.parse_and_bind("tab: complete")
