"""`modelbay usage export` and `modelbay usage retain`: the ledger as a file, and how long it is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from modelbay.cli.data_directory import ACTOR, AsJson, DataDir, InWorkspace, directory
from modelbay.cli.output import write_json, write_text
from modelbay.cli.usage_options import (
    Key,
    Member,
    Model,
    Provider,
    Since,
    Status,
    Tag,
    Type,
    Until,
    selection,
)

if TYPE_CHECKING:
    from modelbay.platform.export import Format


def export(
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="What to write.")],
    form: Annotated[
        str,
        typer.Option("--format", metavar="csv|parquet", help="Without it, what the file's name ends with."),
    ] = "",
    since: Since = "all",
    until: Until = "",
    provider: Provider = "",
    model: Model = "",
    kind: Type = "",
    key: Key = "",
    member: Member = "",
    status: Status = "",
    tag: Tag = "",
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Write every call to a file, with all corrections. It appears when it is whole.

    Each row is a call, a correction, or a day of calls that are kept no longer (column "kind"); the sum of a
    column is what modelbay usage shows. Amounts are exact, times UTC. On stdout is how many rows there are.
    """
    from modelbay.platform.export import export as written
    from modelbay.platform.export import how_many
    from modelbay.platform.fold import fold
    from modelbay.store import Database

    chosen_form = _form(form, output)
    facts = {
        "provider": provider,
        "model": model,
        "model_type": kind,
        "key": key,
        "member": member,
        "tag": tag,
    }
    chosen = selection(workspace, since, until, status=status, **facts)
    folder = directory(data_dir)
    with Database.open(folder) as database:
        fold(database, folder)
        with _progress(lambda: how_many(database, chosen)) as on_rows:
            target = output.expanduser().absolute()
            count = written(database, chosen, target, chosen_form, on_rows=on_rows)
    if as_json:
        write_json({"file": str(output), "format": chosen_form, "rows": count})
    else:
        write_text(f"{count}\n")


def retain(
    keep: Annotated[
        str, typer.Option("--keep", metavar="PERIOD", help="Such as 400d; all keeps them for good.")
    ] = "",
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Say how long single calls are kept; without --keep, show it.

    Of older ones the totals of each day stay, by all that usage can be summed by but the hour; so do
    corrections. Gateways remove them in the background.
    """
    from modelbay.platform.periods import parse_period
    from modelbay.platform.retention import retain as enter
    from modelbay.platform.retention import retained
    from modelbay.store import Database

    seconds = None if keep in ("", "all") else parse_period(keep, field="--keep")
    with Database.open(directory(data_dir)) as database:
        if keep:
            enter(database, seconds, workspace=workspace, actor=ACTOR)
        now = retained(database, workspace)
    if as_json:
        write_json({"workspace": workspace, "keep": now})
    else:
        write_text("all\n" if now is None else f"{now / 86_400:g}d\n")


def _form(form: str, output: Path) -> Format:
    from modelbay.cli.errors import Mistake
    from modelbay.platform.export import Format

    name = form or output.suffix.lstrip(".").lower()
    for known in get_args(Format):
        if name == known:
            return known  # type: ignore[no-any-return]
    field = "--format" if form else "--output"
    raise Mistake(f"{field}: {name[:40]!r} is none of {', '.join(get_args(Format))}")


@contextmanager
def _progress(total: Callable[[], int]) -> Iterator[Callable[[int], None]]:
    """Show on a terminal how far it is."""
    import sys

    if not sys.stderr.isatty():
        yield lambda count: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("writing", total=total())
        yield lambda count: progress.update(task, completed=count)
