"""`modelbay demo`: one real call of each model type."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from modelbay.cli import completion


def demo(
    provider: Annotated[
        str | None,
        typer.Option(metavar="PROVIDER", help="Use this provider.", autocompletion=completion.provider_names),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL", help="Chat with this model.", autocompletion=completion.language_models
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="DIR",
            help="Where to write the speech; a new temporary directory without it.",
        ),
    ] = None,
    local: Annotated[
        bool, typer.Option("--local/--no-local", help="Look for a model server on this machine.")
    ] = True,
) -> None:
    """Show one real call of each of the six model types.

    Uses the first provider that is usable: one whose key is in the environment (OPENAI_API_KEY, …), else a
    server that answers on this machine (Ollama, LM Studio, vLLM, LocalAI), else the built-in sandbox. A
    type that the provider lacks is shown with the sandbox.
    """
    from modelbay.cli.choose import choose
    from modelbay.cli.demo.run import run_demo
    from modelbay.cli.local_servers import LOCAL_SERVERS

    code = run_demo(choose(provider, model, servers=LOCAL_SERVERS if local else ()), output)
    if code:
        raise typer.Exit(code)
