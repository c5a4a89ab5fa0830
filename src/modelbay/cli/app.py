"""The command `modelbay`: its commands, and what becomes of what they raise.

The modules of the commands are light, so that every start is: what a command needs is imported when it runs.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from modelbay.cli.apply import apply
from modelbay.cli.balance import balance
from modelbay.cli.budget import budget
from modelbay.cli.call import call
from modelbay.cli.chat import chat
from modelbay.cli.check import check
from modelbay.cli.credential import credential
from modelbay.cli.demo import demo
from modelbay.cli.errors import BROKEN_PIPE, EPILOG, INTERRUPTED, MISTAKE, OK, print_error, report
from modelbay.cli.explain import explain
from modelbay.cli.key import key
from modelbay.cli.member import member
from modelbay.cli.models import models
from modelbay.cli.network import network
from modelbay.cli.price import price
from modelbay.cli.providers import providers
from modelbay.cli.quota import quota
from modelbay.cli.rate import rate
from modelbay.cli.route import route
from modelbay.cli.serve import serve
from modelbay.cli.tokens import tokens
from modelbay.cli.usage import usage
from modelbay.cli.vault import vault
from modelbay.cli.workspace import workspace

# The base of all that typer says about a command line; where it lives has changed between its releases.
UsageFault: type[Exception] = next(
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException"
)


class Commands(TyperGroup):
    """The commands; an error of one becomes a line on stderr and an exit code."""

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


app.command()(demo)
app.command()(serve)
app.command()(chat)
app.add_typer(call, name="call")
app.command()(models)
app.command()(providers)
app.command()(tokens)
app.command()(check)
app.add_typer(workspace, name="workspace")
app.add_typer(member, name="member")
app.add_typer(key, name="key")
app.add_typer(credential, name="credential")
app.add_typer(quota, name="quota")
app.add_typer(budget, name="budget")
app.add_typer(rate, name="rate")
app.add_typer(price, name="price")
app.add_typer(usage, name="usage")
app.add_typer(network, name="network")
app.add_typer(balance, name="balance")
app.add_typer(route, name="route")
app.command()(explain)
app.add_typer(vault, name="vault")
app.command()(apply)


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
