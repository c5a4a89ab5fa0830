"""`modelbay apply`: make workspaces have what a file says."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from modelbay.cli.data_directory import ACTOR, AsJson, DataDir, catalog_of, directory
from modelbay.cli.output import bold, printable, write_json, write_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modelbay.platform.apply.file import BayFile
    from modelbay.platform.apply.plan import Change


def apply(
    file: Annotated[Path, typer.Option("--file", "-f", metavar="FILE", help="Such as bay.yaml.")],
    plan: Annotated[bool, typer.Option("--plan", help="Show what would change, and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Change it without asking.")] = False,
    prune: Annotated[
        bool,
        typer.Option("--prune", help="Also take away what the file's workspaces have and it does not name."),
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make workspaces have what a file says, secrets by reference.

    That is ways to providers (network), added models, credentials, which models are off, defaults, routes,
    balances, budgets, quotas, rates, own prices, and how long single calls are kept (retention).

    The whole file is checked first, and nothing is changed if anything in it is wrong. On a terminal the plan
    is shown and has to be agreed to; elsewhere --yes or --plan has to be given. Exits with 3 if --plan finds
    differences.
    """
    from modelbay.cli.errors import Mistake
    from modelbay.platform.apply.file import read

    folder, wanted = directory(data_dir), read(file.expanduser())
    changes = _plan(folder, wanted, place=file.expanduser().absolute().parent, prune=prune)
    if not as_json:
        _show(changes)
    if plan or not changes:
        if as_json:
            write_json([_plain(change) for change in changes])
        raise typer.Exit(3 if changes else 0)
    if not yes:
        if not sys.stdin.isatty() or as_json:
            raise Mistake(
                "nothing is changed without --yes, where nobody can be asked; --plan shows what would be"
            )
        typer.confirm("Make these changes?", abort=True, err=True)
    _carry_out(folder, changes, quiet=as_json)
    if as_json:
        write_json([_plain(change) for change in changes])


def _plan(folder: Path, wanted: BayFile, *, place: Path, prune: bool) -> list[Change]:
    from modelbay.platform.apply.run import plan
    from modelbay.platform.limits.lending import read_hosted
    from modelbay.platform.vault import MasterKeys, Vault
    from modelbay.store import Database, open_directory

    catalog = catalog_of(folder)
    with Database.open(open_directory(folder)) as database:
        hosted = read_hosted(folder, catalog)
        vault = Vault(MasterKeys(folder))
        return plan(database, vault, catalog, hosted, wanted, folder=place, prune=prune)


def _carry_out(folder: Path, changes: Sequence[Change], *, quiet: bool) -> None:
    import asyncio

    def told(change: Change) -> None:
        if not quiet:
            write_text(f"done  {change.workspace}: {change.how} {change.what}\n")

    asyncio.run(_make(folder, changes, told))


async def _make(folder: Path, changes: Sequence[Change], told: Any) -> None:
    from modelbay.cli.credential_store import engines, sharing
    from modelbay.platform.apply.plan import Hands
    from modelbay.platform.apply.run import carry_out
    from modelbay.platform.background import BackgroundDatabase
    from modelbay.platform.credentials.proving import Prove, Proving
    from modelbay.platform.limits.lending import read_hosted
    from modelbay.platform.vault import MasterKeys, Vault

    database = BackgroundDatabase(folder)
    catalog = catalog_of(folder)
    vault = Vault(MasterKeys(folder))
    try:
        async with engines(folder, database, vault, catalog) as engine_of, sharing(folder) as shared:

            async def within(workspace: str) -> Prove:
                return (await engine_of(workspace)).validate_credentials

            hands = Hands(
                database=database,
                vault=vault,
                proving=Proving(within=within, shared=shared),
                catalog=catalog,
                hosted=read_hosted(folder, catalog),
                actor=ACTOR,
            )
            await carry_out(hands, changes, told)
    finally:
        await database.close()


def _plain(change: Change) -> dict[str, Any]:
    facts = {name: {"before": before, "after": after} for name, (before, after) in change.facts.items()}
    return {"workspace": change.workspace, "how": change.how, "what": change.what, "facts": facts}


_SIGNS = {"create": ("+", "32"), "change": ("~", "33"), "delete": ("-", "31")}


def _show(changes: Sequence[Change]) -> None:
    from modelbay.cli.errors import is_coloured

    if not changes:
        write_text("Everything is as the file says.\n")
        return
    coloured = is_coloured(sys.stdout)
    last = ""
    for change in changes:
        if change.workspace != last:
            write_text(bold(printable(change.workspace)) + "\n")
            last = change.workspace
        sign, colour = _SIGNS[change.how]
        line = printable(f"  {sign} {change.what}")
        write_text((f"\x1b[{colour}m{line}\x1b[0m" if coloured else line) + "\n")
        for name, (before, after) in change.facts.items():
            arrow = f"{before} → {after}" if before and after else after or f"{before} →"
            write_text(printable(f"      {name}: {arrow}") + "\n")
    counts = {how: sum(change.how == how for change in changes) for how in _SIGNS}
    said = ", ".join(f"{count} to {how}" for how, count in counts.items() if count)
    write_text(f"{said}\n")
