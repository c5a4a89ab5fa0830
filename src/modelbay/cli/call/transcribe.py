"""`modelbay call transcribe`."""

from __future__ import annotations

from typing import Annotated

import typer

from modelbay.cli.options import AsJson, CredentialsFile, Output, SpeechToTextName, Timeout


def transcribe(
    model: SpeechToTextName,
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="The recording; - for stdin.")],
    output: Output = None,
    as_json: AsJson = False,
    credentials: CredentialsFile = None,
    timeout: Timeout = None,
) -> None:
    """Write down what is said in a recording."""
    from modelbay.cli.call.bay import open_bay
    from modelbay.cli.inputs import read_bytes
    from modelbay.cli.output import to_plain, write_json, write_text

    audio = read_bytes(file, "recording")
    with open_bay(model, "speech2text", credentials) as bay:
        result = bay.transcribe(model, audio, timeout=timeout)
    if as_json:
        write_json(to_plain(result) | {"text": result.text}, output)
    else:
        write_text(result.text + "\n", output)
