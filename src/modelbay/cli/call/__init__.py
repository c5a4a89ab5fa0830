"""`modelbay call`: one call of a model, for scripts: what goes in and comes out can be piped."""

from __future__ import annotations

import typer

from modelbay.cli.call.embed import embed
from modelbay.cli.call.llm import llm
from modelbay.cli.call.moderate import moderate
from modelbay.cli.call.rerank import rerank
from modelbay.cli.call.speak import speak
from modelbay.cli.call.transcribe import transcribe
from modelbay.cli.errors import EPILOG

call = typer.Typer(rich_markup_mode=None, epilog=EPILOG)


@call.callback(invoke_without_command=True)
def _call(ctx: typer.Context) -> None:
    """Call a model once; reads stdin and writes stdout."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


for command in (llm, embed, rerank, transcribe, speak, moderate):
    call.command()(command)
