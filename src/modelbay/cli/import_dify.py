"""`modelbay vault import-dify`: what Dify's workspaces have, made here."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from modelbay.cli.data_directory import AsJson, DataDir, catalog_of, directory
from modelbay.cli.errors import FAILED, Mistake

if TYPE_CHECKING:
    from modelbay.catalog import Catalog
    from modelbay.platform.from_dify.lines import Line
    from modelbay.platform.limits.hosted import Hosted

_STYLES: Final = {"made": "green", "there": "dim", "cannot": "red", "note": "yellow"}


def import_dify(
    database: Annotated[
        str,
        typer.Option(
            "--database",
            metavar="URL|FILE",
            envvar="MODELBAY_DIFY_DATABASE_URL",
            help="Dify's PostgreSQL, or an SQLite file; its password belongs into PGPASSWORD or ~/.pgpass.",
        ),
    ],
    private_keys: Annotated[
        Path,
        typer.Option(
            "--private-keys",
            metavar="FOLDER",
            help="Dify's storage, or its folder privkeys: TENANT/private.pem.",
        ),
    ],
    tenant: Annotated[
        list[str] | None,
        typer.Option(
            "--tenant", metavar="ID", help="Only this one. Repeatable. Without it, all that are in use."
        ),
    ] = None,
    workspace: Annotated[
        str | None,
        typer.Option(
            "--workspace",
            metavar="ID",
            help="Where one tenant goes. Without it, each gets one of its own name.",
        ),
    ] = None,
    provider: Annotated[
        list[str] | None,
        typer.Option(
            "--provider", metavar="THEIRS=OURS", help="Take a provider of Dify's for one of ours. Repeatable."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make here what Dify's workspaces have: credentials, models, balances, what is switched off, defaults.

    Dify's database is only read. What is there already stays, so it can be done again. What cannot be made
    is listed with the reason, and the exit code is then 1. Credentials are not proved: see modelbay
    credential check.

    Into a pipe each is one line without heading, its columns separated by tabs: state, what, name, reason,
    workspace, tenant.
    """
    from modelbay.platform.from_dify.importing import import_dify as import_all
    from modelbay.platform.vault import MasterKeys, Vault
    from modelbay.store import Database, open_directory

    folder = open_directory(directory(data_dir))
    catalog = catalog_of(folder)
    providers = _chosen(provider or (), catalog)
    with Database.open(folder) as ours:
        lines = import_all(
            ours,
            Vault(MasterKeys(folder)),
            catalog,
            database,
            private_keys.expanduser(),
            tenants=tenant or (),
            workspace=workspace,
            providers=providers,
            hosted=_lent(folder),
            dry_run=dry_run,
            actor="cli",
        )
    _show(lines, dry_run=dry_run, as_json=as_json)
    if any(line.state == "cannot" for line in lines):
        raise typer.Exit(FAILED)


def _chosen(given: Iterable[str], catalog: Catalog) -> dict[str, str]:
    """Return providers of ours by theirs.

    Raises:
        Mistake: One is not written as THEIRS=OURS.
        InvokeBadRequestError: There is no such provider here.
    """
    found = {}
    for text in given:
        theirs, _, ours = text.partition("=")
        if not theirs or not ours:
            raise Mistake(f"--provider: write THEIRS=OURS, such as acme/acme/acme=openai, not {text[:60]!r}")
        found[theirs] = catalog.declared(ours).provider
    return found


def _lent(folder: Path) -> Hosted:
    """Return what the installation lends; nothing if that cannot be read, as modelbay quota list says."""
    from modelbay.catalog import Catalog
    from modelbay.gateway.settings import GatewaySettings
    from modelbay.platform.limits.hosted import Hosted, HostedError
    from modelbay.platform.limits.lending import read_hosted

    try:
        return read_hosted(folder, Catalog(folders=GatewaySettings.read(folder).plugins))
    except HostedError:
        return Hosted()


def _show(lines: Sequence[Line], *, dry_run: bool, as_json: bool) -> None:
    """Write what an import has done, or would do."""
    from modelbay.cli.output import write_json, write_rows

    if as_json:
        write_json({"dry_run": dry_run, "lines": [asdict(line) for line in lines]})
    elif sys.stdout.isatty():
        _draw(lines, dry_run)
    else:
        write_rows(
            (each.state, each.what, each.name, each.why, each.workspace, each.tenant) for each in lines
        )


def _draw(lines: Sequence[Line], dry_run: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    from modelbay.cli.console import new_console

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("WORKSPACE", "WHAT", "NAME", "", "WHY"):
        table.add_column(column, overflow="fold", no_wrap=column in ("WORKSPACE", "WHAT", ""))
    for line in lines:
        state = "would be made" if dry_run and line.state == "made" else line.state
        cells = (line.workspace, line.what, line.name)
        table.add_row(*map(Text, cells), Text(state, style=_STYLES[line.state]), Text(line.why))
    console = new_console()
    console.print(table)
    counts = Counter(line.state for line in lines)
    made = f"{counts['made']} {'would be made' if dry_run else 'made'}"
    console.print(f"{made}, {counts['there']} there already, {counts['cannot']} cannot be made")
