"""`modelbay call rerank`."""

from __future__ import annotations

from typing import Annotated

import typer

from modelbay.cli.options import AsJson, CredentialsFile, Output, RerankName, Timeout


def rerank(
    model: RerankName,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="What is looked for.")],
    docs: Annotated[
        list[str] | None, typer.Argument(metavar="DOC", help="The documents; stdin's lines without any.")
    ] = None,
    top_n: Annotated[
        int | None, typer.Option("--top-n", metavar="N", min=1, help="Only the N best documents.")
    ] = None,
    score_threshold: Annotated[
        float | None,
        typer.Option("--score-threshold", metavar="X", help="Only documents of this score or more."),
    ] = None,
    output: Output = None,
    as_json: AsJson = False,
    credentials: CredentialsFile = None,
    timeout: Timeout = None,
) -> None:
    """Order documents by relevance to a query, best first.

    Each is one line of columns separated by tabs: score, place among those sent (from 0), text.
    """
    from modelbay.cli.call.bay import open_bay
    from modelbay.cli.inputs import read_lines
    from modelbay.cli.output import to_plain, write_json, write_text

    given = read_lines(docs, "documents")
    with open_bay(model, "rerank", credentials) as bay:
        result = bay.rerank(
            model, query, given, score_threshold=score_threshold, top_n=top_n, timeout=timeout
        )
    if as_json:
        write_json(to_plain(result), output)
        return
    lines = (f"{doc.score:.6g}\t{doc.index}\t{' '.join(doc.text.split())}\n" for doc in result.docs)
    write_text("".join(lines), output)
