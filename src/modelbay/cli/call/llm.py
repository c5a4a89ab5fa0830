"""`modelbay call llm`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from modelbay.cli.options import (
    AsJson,
    CredentialsFile,
    Files,
    Images,
    LLMName,
    Output,
    Parameters,
    System,
    Timeout,
)

if TYPE_CHECKING:
    from modelbay.entities import PromptMessage

_NOT_THE_MODELS = {"prompt", "tools", "stop", "user", "timeout"}


def llm(
    model: LLMName,
    prompt: Annotated[
        str | None, typer.Argument(metavar="PROMPT|-", help="What to ask; stdin without it.")
    ] = None,
    system: System = None,
    files: Files = None,
    images: Images = None,
    parameters: Parameters = None,
    tools: Annotated[
        Path | None, typer.Option("--tools", metavar="FILE", help="JSON array of tools that it may call.")
    ] = None,
    schema: Annotated[
        Path | None, typer.Option("--schema", metavar="FILE", help="JSON Schema of the answer.")
    ] = None,
    stop: Annotated[
        list[str] | None, typer.Option("--stop", metavar="TEXT", help="End the answer here. Repeatable.")
    ] = None,
    stream: Annotated[
        bool | None,
        typer.Option("--stream/--no-stream", help="As it comes (default), or whole (default with --json)."),
    ] = None,
    output: Output = None,
    as_json: AsJson = False,
    credentials: CredentialsFile = None,
    timeout: Timeout = None,
) -> None:
    """Ask a language model.

    The answer goes to stdout, without the reasoning.

    With --json the whole result is one object; with --json --stream each chunk is one line. Tools that
    the model wants called appear with --json only.
    """
    from modelbay.cli.call.answer import Answer
    from modelbay.cli.call.bay import open_bay
    from modelbay.cli.errors import Mistake
    from modelbay.cli.inputs import parse_parameters, read_json

    if credentials == "-" and prompt in (None, "-"):
        raise Mistake("stdin cannot hold both the prompt and the credentials: give one of them otherwise")
    wanted: dict[str, Any] = parse_parameters(parameters)
    options: dict[str, Any] = {
        "tools": read_json(tools, "--tools") if tools else None,
        "response_format": read_json(schema, "--schema") if schema else None,
        "stop": stop or None,
        "timeout": timeout,
    }
    if clash := sorted(wanted.keys() & _NOT_THE_MODELS):
        raise Mistake(
            f"parameter {clash[0]!r} is not one of the model's: there is an option or an argument for it"
        )
    messages = _messages(prompt, system, files, images)
    with open_bay(model, "llm", credentials) as bay:
        answer = Answer(bay.llm(model), messages, {**options, **wanted})
        answer.write(output, as_json=as_json, stream=stream if stream is not None else not as_json)


def _messages(
    prompt: str | None, system: str | None, files: list[Path] | None, images: list[str] | None
) -> list[PromptMessage]:
    from modelbay.cli.inputs import read_text, user_message
    from modelbay.entities import SystemPromptMessage

    first: list[PromptMessage] = [SystemPromptMessage(content=system)] if system else []
    return [*first, user_message(read_text(prompt, "prompt"), files, images)]
