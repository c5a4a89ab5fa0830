"""`modelbay explain`: why a call was answered by this model with these credentials."""

from __future__ import annotations

from typing import Annotated

import typer

from modelbay.cli.data_directory import AsJson, DataDir, InWorkspace, directory
from modelbay.cli.output import printable, time_text, write_json, write_text


def explain(
    request: Annotated[
        str,
        typer.Argument(metavar="REQUEST_ID", help="As the answer's header says, x-request-id or request-id."),
    ],
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Tell from the ledger why a call went as it did: what was asked, tried and left, and what it cost."""
    from dataclasses import asdict

    from modelbay.platform.explain import explain as explained

    found = explained(directory(data_dir), request, workspace=workspace)
    at = time_text(found.call["at"]) or ""
    if as_json:
        call = {name: value for name, value in found.call.items() if name != "tried"}
        tried = [asdict(each) for each in found.tried]
        write_json({**call, "at": at, "key_name": found.key_name, "tried": tried, "told": list(found.lines)})
        return
    write_text(f"{request} at {at}\n" + "".join(f"- {printable(line)}\n" for line in found.lines))
