"""`modelbay call speak`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from modelbay.cli.options import AsJson, CredentialsFile, Output, SpeechName, Timeout

if TYPE_CHECKING:
    from modelbay.entities import SpeechResult


def speak(
    model: SpeechName,
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT|-", help="What to say; stdin without it.")
    ] = None,
    voice: Annotated[
        str | None, typer.Option("--voice", metavar="NAME", help="One of the model's voices.")
    ] = None,
    output: Output = None,
    as_json: AsJson = False,
    credentials: CredentialsFile = None,
    timeout: Timeout = None,
) -> None:
    """Speak a text.

    The audio goes to a file, or to stdout where that is not a terminal.

    With --json the result has `path`, or `audio` in base64 when there is no file.
    """
    import sys

    from modelbay.cli.call.bay import open_bay
    from modelbay.cli.errors import Mistake
    from modelbay.cli.inputs import read_text
    from modelbay.cli.output import write_bytes, write_json

    if output is None and not as_json and sys.stdout.isatty():
        raise Mistake("audio is nothing for a terminal: give --output FILE, or pipe it on")
    if output == "-" and as_json:
        raise Mistake("--json and --output -: only one of them can have stdout")
    given = read_text(text, "text")
    with open_bay(model, "tts", credentials) as bay:
        result = bay.speak(model, given, voice=voice, timeout=timeout)
    if output is not None or not as_json:
        write_bytes(result.audio, output or "-")
    if as_json:
        write_json(_plain(result, output))


def _plain(result: SpeechResult, path: str | None) -> dict[str, Any]:
    from base64 import b64encode

    from modelbay.cli.output import to_plain

    body = {"path": path} if path else {"audio": b64encode(result.audio).decode("ascii")}
    return {
        "model": result.model,
        "mime_type": result.mime_type,
        "bytes": len(result.audio),
        **body,
        "usage": to_plain(result.usage) if result.usage else None,
    }
