"""What `modelbay vault import` shows."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from modelbay.platform.moving.moved import Imported

_STYLES: Final = {"made": "green", "there": "dim", "cannot": "red"}


def show(done: Imported, *, dry_run: bool, as_json: bool) -> None:
    """Write what an import has done, or would do."""
    from modelbay.cli.output import write_json, write_rows

    if as_json:
        things = [asdict(each) for each in done.things]
        write_json({"from": done.workspace, "dry_run": dry_run, "things": things})
    elif sys.stdout.isatty():
        _draw(done, dry_run)
    else:
        write_rows((each.state, each.what, each.name, each.why) for each in done.things)


def _draw(done: Imported, dry_run: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    from modelbay.cli.console import new_console

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("WHAT", "NAME", "", "WHY"):
        table.add_column(column, overflow="fold", no_wrap=column in ("WHAT", ""))
    made = "would be made" if dry_run else "made"
    for each in done.things:
        state = made if each.state == "made" else each.state
        table.add_row(each.what, Text(each.name), Text(state, style=_STYLES[each.state]), Text(each.why))
    console = new_console()
    console.print(table)
    console.print(
        f"{done.count('made')} {made}, {done.count('there')} there already, "
        f"{done.count('cannot')} cannot be made"
    )
