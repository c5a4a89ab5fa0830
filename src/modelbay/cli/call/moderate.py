"""`modelbay call moderate`."""

from __future__ import annotations

from typing import Annotated

import typer

from modelbay.cli.options import AsJson, CredentialsFile, ModerationName, Output, Timeout


def moderate(
    model: ModerationName,
    text: Annotated[str | None, typer.Argument(metavar="TEXT|-", help="The text; stdin without it.")] = None,
    output: Output = None,
    as_json: AsJson = False,
    credentials: CredentialsFile = None,
    timeout: Timeout = None,
) -> None:
    """Say whether a text is harmful.

    Writes harmless, or flagged and the categories, separated by tabs. Both are a call that worked:
    the exit code is 0.
    """
    from modelbay.cli.call.bay import open_bay
    from modelbay.cli.inputs import read_text
    from modelbay.cli.output import to_plain, write_json, write_text

    given = read_text(text, "text")
    with open_bay(model, "moderation", credentials) as bay:
        result = bay.moderate(model, given, timeout=timeout)
    if as_json:
        write_json(to_plain(result) | {"flagged": result.flagged}, output)
    elif result.flagged:
        write_text("\t".join(["flagged", *result.categories]) + "\n", output)
    else:
        write_text("harmless\n", output)
