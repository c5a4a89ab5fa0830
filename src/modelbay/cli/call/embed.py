"""`modelbay call embed`."""

from __future__ import annotations

from typing import Annotated

import typer

from modelbay.cli.options import AsJson, CredentialsFile, EmbeddingName, Output, Timeout


def embed(
    model: EmbeddingName,
    texts: Annotated[
        list[str] | None, typer.Argument(metavar="TEXT", help="The texts; stdin's lines without any.")
    ] = None,
    input_type: Annotated[
        str, typer.Option("--input-type", metavar="document|query", help="What the texts are embedded for.")
    ] = "document",
    output: Output = None,
    as_json: AsJson = False,
    credentials: CredentialsFile = None,
    timeout: Timeout = None,
) -> None:
    """Embed texts, one vector a line.

    A vector is a JSON array; they are in the order of the texts.
    """
    from modelbay.cli.call.bay import open_bay
    from modelbay.cli.errors import Mistake
    from modelbay.cli.inputs import read_lines
    from modelbay.cli.output import json_line, to_plain, write_json, write_text

    if input_type not in ("document", "query"):
        raise Mistake(f"--input-type: {input_type!r} is neither document nor query")
    given = read_lines(texts, "text")
    with open_bay(model, "text-embedding", credentials) as bay:
        result = bay.embed(model, given, input_type=input_type, timeout=timeout)
    if as_json:
        write_json(to_plain(result), output)
    else:
        write_text("".join(json_line(vector) + "\n" for vector in result.embeddings), output)
