"""The command `modelbay`: its commands, and what becomes of what they raise.

Every start is light: the module of a command is imported when the command is typed, and what it needs when it
runs.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from modelbay.cli.errors import BROKEN_PIPE, EPILOG, INTERRUPTED, MISTAKE, OK, print_error, report

# The base of all that typer says about a command line; where it lives has changed between its releases.
UsageFault: type[Exception] = next(
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException"
)


COMMANDS: Final[Mapping[str, str]] = {
    "demo": "Show one real call of each of the six model types.",
    "serve": "Serve the APIs of OpenAI, Anthropic, Cohere and Jina, with every provider behind them.",
    "chat": "Talk with a language model; /help lists what can be typed.",
    "call": "Call a model once; reads stdin and writes stdout.",
    "models": "List the models, with their types, context sizes and prices.",
    "providers": "List the providers, their models, and which are ready.",
    "tokens": "Count the tokens of a text, without any network.",
    "check": "Check that a provider's credentials work.",
    "workspace": "List, make, rename and delete workspaces: each has its own members, keys and credentials.",
    "member": "List and invite members of a workspace, change their roles, remove them.",
    "key": "Make, narrow, edit, list and revoke the keys that open the gateway.",
    "credential": "Add, list, edit, switch, delete and check the credentials that calls use.",
    "quota": "List what is lent, grant a workspace more or less of it, choose what is used first.",
    "budget": "Set, list and delete budgets: of a workspace, a member, a key or a model.",
    "rate": (
        "Limit requests and tokens a minute, and calls at once: of the workspace, members, keys and models."
    ),
    "price": "Say what calls cost in a workspace, where that is not what the plugins declare.",
    "usage": "Show what the calls of the gateway came to, with all that was corrected.",
    "network": (
        "Show, set and clear proxy, certificates, headers, deadlines and limits of a provider's calls."
    ),
    "balance": (
        "Have several credentials share the calls of a model: by weight, in turn, or by how busy they are."
    ),
    "route": "Make, list, show, edit and delete routes: names for several models, tried in an order.",
    "explain": (
        "Tell from the ledger why a call went as it did: what was asked, tried and left, and what it cost."
    ),
    "vault": "Check, rotate, export and import what seals the stored secrets.",
    "apply": "Make workspaces have what a file says, secrets by reference.",
}
"""What each command is for, as its own help begins. The function or group is in the module of its name."""


class Later(TyperCommand):
    """A command whose module is not imported yet: it can be listed, completed, and typed."""

    def make_context(self, *arguments: Any, **more: Any) -> Any:
        """Import the command and go on with it."""
        return self.real().make_context(*arguments, **more)

    def real(self) -> Any:
        """Return the command itself."""
        name = str(self.name)
        found = getattr(importlib.import_module(f"modelbay.cli.{name}"), name)
        holder = typer.Typer(add_completion=False, rich_markup_mode=None)
        holder.callback()(lambda: None)
        if isinstance(found, typer.Typer):
            holder.add_typer(found, name=name)
        else:
            holder.command(name)(found)
        group: Any = get_command(holder)
        return group.commands[name]


class Commands(TyperGroup):
    """The commands; an error of one becomes a line on stderr and an exit code."""

    def __init__(self, **settings: Any) -> None:
        """Take the commands of the table beside those that are there."""
        super().__init__(**settings)
        for name, help_ in COMMANDS.items():
            self.add_command(Later(name, help=help_))

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was typed."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            _discard_output()
            raise typer.Exit(BROKEN_PIPE) from None
        except (typer.Exit, typer.Abort, UsageFault):
            raise
        except Exception as error:  # noqa: BLE001 - the edge of the program: whatever it is, it is told in one line
            raise typer.Exit(report(error)) from None
        return result


app = typer.Typer(
    cls=Commands,
    name="modelbay",
    rich_markup_mode=None,  # help without rich starts twice as fast
    pretty_exceptions_enable=False,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from modelbay import __version__

        typer.echo(f"modelbay {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def modelbay(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Any AI model of any provider through one interface."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    _prepare_streams()
    try:
        result = get_command(app).main(list(arguments), prog_name="modelbay", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except UsageFault as error:
        return _report_usage(error)
    return result if isinstance(result, int) else OK


def _prepare_streams() -> None:
    """Stand in for streams that the shell has closed; a terminal that lacks a letter shows another."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nothing = open(os.devnull, mode, encoding="utf-8")  # noqa: SIM115, PTH123 - for the whole run
            setattr(sys, name, nothing)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _report_usage(error: Any) -> int:
    line = " ".join(error.format_message().split()).rstrip(".")
    command = error.ctx.command_path if getattr(error, "ctx", None) else "modelbay"
    print_error(f"{line}. See {command} --help")
    return MISTAKE


def _discard_output() -> None:
    """Let what is still buffered go nowhere: writing it at exit would fail once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
