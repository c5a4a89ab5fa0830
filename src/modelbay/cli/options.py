"""The arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from modelbay.cli import completion

_MODEL_HELP = "provider/model, or the model alone where only one provider has it."

LLMName = Annotated[
    str, typer.Argument(metavar="MODEL", help=_MODEL_HELP, autocompletion=completion.language_models)
]
EmbeddingName = Annotated[
    str, typer.Argument(metavar="MODEL", help=_MODEL_HELP, autocompletion=completion.embedding_models)
]
RerankName = Annotated[
    str, typer.Argument(metavar="MODEL", help=_MODEL_HELP, autocompletion=completion.rerank_models)
]
SpeechToTextName = Annotated[
    str, typer.Argument(metavar="MODEL", help=_MODEL_HELP, autocompletion=completion.speech2text_models)
]
SpeechName = Annotated[
    str, typer.Argument(metavar="MODEL", help=_MODEL_HELP, autocompletion=completion.tts_models)
]
ModerationName = Annotated[
    str, typer.Argument(metavar="MODEL", help=_MODEL_HELP, autocompletion=completion.moderation_models)
]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "-p",
        "--parameter",
        metavar="NAME=VALUE",
        help="A parameter of the model; the value is JSON, else text. Repeatable.",
    ),
]
CredentialsFile = Annotated[
    str | None,
    typer.Option(
        "--credentials",
        metavar="FILE|-",
        help="JSON with the provider's credentials, or with one object for each provider. "
        "Without it, those of the environment are used.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Write the whole result as one JSON object.")]
Timeout = Annotated[
    float | None, typer.Option("--timeout", metavar="SECONDS", min=0.001, help="Limit of the whole call.")
]
Output = Annotated[
    str | None, typer.Option("-o", "--output", metavar="FILE|-", help="Write here instead of to stdout.")
]
System = Annotated[str | None, typer.Option("-s", "--system", metavar="TEXT", help="The instructions.")]
Files = Annotated[
    list[Path] | None,
    typer.Option("-f", "--file", metavar="PATH", help="Attach a file: text, PDF, audio, … Repeatable."),
]
Images = Annotated[
    list[str] | None,
    typer.Option("-i", "--image", metavar="PATH|URL", help="Attach an image. Repeatable."),
]
