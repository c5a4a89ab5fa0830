"""`modelbay tokens`: how many tokens a text has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from modelbay.cli import completion

if TYPE_CHECKING:
    from modelbay.sdk.tokens import TokenCount

_DEFAULT = "gpt-4o"  # its encoding, o200k_base, is that of all newer OpenAI models


def tokens(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="MODEL", help="Count for this model.", autocompletion=completion.language_models
        ),
    ] = None,
    file: Annotated[str | None, typer.Argument(metavar="FILE|-", help="The text; stdin without it.")] = None,
    as_message: Annotated[
        bool, typer.Option("--message", help="Count what a call would send: the text as the user's message.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write a JSON object.")] = False,
) -> None:
    """Count the tokens of a text, without any network.

    The count is exact for OpenAI's model families; for others it is an estimate and says so. Without MODEL
    it is that of OpenAI's newer models (o200k_base).
    """
    from modelbay.cli.output import write_json, write_text

    name, source = _sorted_out(model, file)
    text = _read(source)
    count = _count_message(name, text) if as_message else _count(name, text)
    if as_json:
        write_json({"tokens": count.tokens, "exact": count.exact, "method": count.method, "model": name})
        return
    write_text(f"{count.tokens}\t{'exact' if count.exact else 'estimate'}\t{count.method}\n")


def _sorted_out(model: str | None, file: str | None) -> tuple[str, str]:
    """Return model and file: a single argument that is a file, or `-`, is the file."""
    from pathlib import Path

    if model is not None and file is None and (model == "-" or Path(model).is_file()):
        return _DEFAULT, model
    return model or _DEFAULT, file or "-"


def _read(source: str) -> str:
    import sys

    from modelbay.cli.errors import Mistake
    from modelbay.cli.inputs import read_bytes

    if source == "-" and sys.stdin.isatty():
        raise Mistake("no text: name a file or pipe it in")
    try:
        return read_bytes(source, "file").decode("utf-8")
    except UnicodeDecodeError as error:
        raise Mistake(f"the text is not UTF-8 (byte {error.start})") from None


def _count(model: str, text: str) -> TokenCount:
    from modelbay.catalog import Catalog
    from modelbay.cli.credentials import provider_of
    from modelbay.sdk.tokens import count_text

    provider = provider_of(model, Catalog())
    return count_text(text, model.removeprefix(f"{provider}/") if provider else model)


def _count_message(model: str, text: str) -> TokenCount:
    from modelbay import Modelbay

    with Modelbay() as bay:
        return bay.count_tokens(model, text)
