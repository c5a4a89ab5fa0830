"""`modelbay balance`: credentials that share the calls of a model or a provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from modelbay.cli import completion
from modelbay.cli.credential import Kind, Provider
from modelbay.cli.data_directory import ACTOR, AsJson, DataDir, InWorkspace, catalog_of, directory, opened
from modelbay.cli.errors import EPILOG
from modelbay.cli.listing import Column, draw
from modelbay.cli.output import bold, dim, printable, say, time_text, write_json, write_rows, write_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modelbay.catalog import Catalog
    from modelbay.platform.balances import Balance
    from modelbay.platform.credentials.sharing import SharingEntry
    from modelbay.platform.credentials.target import Target
    from modelbay.platform.vault import Vault
    from modelbay.store import Database
    from modelbay.store.balances import BalanceEntryRow, BalanceRow

balance = typer.Typer(rich_markup_mode=None, epilog=EPILOG)

Model = Annotated[
    str | None,
    typer.Option("--model", metavar="MODEL", help="This model only; without it, all of the provider's."),
]
Version = Annotated[
    int | None,
    typer.Option("--version", metavar="N", help="Refuse if it is another: somebody has changed it since."),
]


@balance.callback(invoke_without_command=True)
def _balance(ctx: typer.Context) -> None:
    """Have several credentials share the calls of a model: by weight, in turn, or by how busy they are."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


@balance.command("set")
def set_(
    provider: Provider,
    entries: Annotated[
        list[str] | None,
        typer.Option(
            "-e",
            "--entry",
            metavar="ID[,weight=N][,off]",
            help="Credentials by their id, or active for whichever are active. At least two.",
        ),
    ] = None,
    model: Model = None,
    kind: Kind = "llm",
    strategy: Annotated[
        str,
        typer.Option(
            "-s",
            "--strategy",
            metavar="STRATEGY",
            help="weighted, round-robin or least-busy.",
            autocompletion=completion.balance_strategies,
        ),
    ] = "weighted",
    version: Version = None,
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Say which credentials share the calls: the whole list; a running gateway follows within a second.

    One that meets a rate limit, is refused or cannot be reached rests for a while; the others do its work.
    """
    from modelbay.cli.credential_store import target_of
    from modelbay.cli.errors import Mistake
    from modelbay.platform.balances import set_balance
    from modelbay.runtime.balancing import Strategy

    known = [each.value for each in Strategy]
    if strategy not in known:
        raise Mistake(f"--strategy: there is no {strategy!r}; there are {', '.join(known)}")
    folder = directory(data_dir)
    catalog = catalog_of(folder)
    target = target_of(catalog, workspace, provider, model, kind)
    with opened(folder, workspace) as (database, vault):
        row = set_balance(
            database,
            target,
            [_entry(text) for text in entries or ()],
            strategy=Strategy(strategy),
            version=version,
            actor=ACTOR,
        )
        [found] = _seen(catalog, database, vault, workspace, [row])
    text = f"the calls of {target} are shared by {len(found.entries)} credentials"
    say(_plain(found), as_json, f"{text}; for now {found.text}" if found.text else text)


@balance.command()
def show(
    provider: Annotated[
        str | None,
        typer.Argument(metavar="[PROVIDER]", help="Only its own.", autocompletion=completion.provider_names),
    ] = None,
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show who shares the calls of what, and what keeps some from it.

    Into a pipe each entry is one line without heading, its columns separated by tabs: provider or
    provider/model, type of the model, strategy, balanced or plain, id, name, weight, status.
    """
    import sys

    from modelbay.store import balances

    folder = directory(data_dir)
    with opened(folder, workspace) as (database, vault):
        rows = balances.of_workspace(database, workspace)
        wanted = [row for row in rows if provider in (None, row.place.provider)]
        found = _seen(catalog_of(folder), database, vault, workspace, wanted)
    if as_json:
        write_json([_plain(each) for each in found])
    elif sys.stdout.isatty():
        _draw(found)
    else:
        write_rows(_line(each, entry) for each in found for entry in each.entries)


@balance.command()
def clear(
    provider: Provider,
    model: Model = None,
    kind: Kind = "llm",
    version: Version = None,
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Have calls use the active credentials alone again; the credentials themselves stay."""
    from modelbay.platform.balances import clear_balance

    folder = directory(data_dir)
    with opened(folder, workspace) as (database, _):
        target = _balanced(catalog_of(folder), database, workspace, provider, model, kind)
        clear_balance(database, target, version=version, actor=ACTOR)
    facts = {"provider": provider, "model": target.model or None, "cleared": True}
    say(facts, as_json, f"the calls of {target} use the active credentials alone")


def _balanced(
    catalog: Catalog, database: Database, workspace: str, provider: str, model: str | None, kind: str
) -> Target:
    """Return what is named; a balance goes also where its provider's plugin is no more."""
    from modelbay.cli.credential_store import target_of
    from modelbay.errors import ModelbayError
    from modelbay.platform.credentials.target import without_plugin
    from modelbay.store import balances
    from modelbay.store.credentials import Place

    try:
        return target_of(catalog, workspace, provider, model, kind)
    except ModelbayError:
        name = (model or "").removeprefix(f"{provider}/")
        place = Place(workspace, provider, name, kind if name else "")
        if balances.one(database, place) is None:
            raise
        return without_plugin(place)


def _entry(text: str) -> BalanceEntryRow:
    from modelbay.cli.errors import Mistake
    from modelbay.store.balances import BalanceEntryRow

    credential, *rest = text.split(",")
    entry = BalanceEntryRow(credential, "")
    for part in rest:
        name, _, value = part.partition("=")
        if part == "off":
            entry = entry._replace(enabled=False)
        elif name == "weight" and value.isascii() and value.isdigit() and len(value) < 10:
            entry = entry._replace(weight=int(value))
        else:
            raise Mistake(f"--entry: {part[:40]!r} is neither weight=N nor off")
    return entry


def _seen(
    catalog: Catalog, database: Database, vault: Vault, workspace: str, rows: Sequence[BalanceRow]
) -> list[Balance]:
    from modelbay.errors import ModelbayError
    from modelbay.platform.balances import seen
    from modelbay.platform.credentials.snapshot import read_snapshot
    from modelbay.platform.environment import LocalCredentials
    from modelbay.platform.people.permissions import FIRST_WORKSPACE

    def declared(provider: str) -> Any:
        try:
            return catalog.declared(provider)
        except ModelbayError:
            return None  # its plugin is no more; what is stored is shown all the same

    snapshot = read_snapshot(database, vault, workspace)
    behind = LocalCredentials() if workspace == FIRST_WORKSPACE else None
    return [seen(snapshot, row, declared(row.place.provider), behind=behind) for row in rows]


def _plain(row: Balance) -> dict[str, Any]:
    return {
        "provider": row.provider,
        "model": row.model or None,
        "type": row.model_type or None,
        "strategy": row.strategy,
        "status": row.status,
        "text": row.text,
        "entries": [
            {
                "credential": entry.credential,
                "name": entry.name,
                "weight": entry.weight,
                "enabled": entry.enabled,
                "status": entry.status.value,
                "uses": entry.uses or None,
                "text": entry.text,
            }
            for entry in row.entries
        ],
        "updated": time_text(row.updated),
        "version": row.version,
    }


def _line(row: Balance, entry: SharingEntry) -> Sequence[str]:
    of = (_of(row), row.model_type, row.strategy, row.status)
    return (*of, entry.credential, entry.name, str(entry.weight), entry.status.value)


def _of(row: Balance) -> str:
    return f"{row.provider}/{row.model}" if row.model else row.provider


def _draw(rows: Sequence[Balance]) -> None:
    """Draw what is shared, each with who shares it."""
    if not rows:
        write_text(dim("nothing is balanced; begin with: modelbay balance set PROVIDER") + "\n")
    for row in rows:
        facts = f"{_of(row)} {row.model_type}".rstrip() + f" · {row.strategy} · {row.status}"
        write_text(bold(printable(facts)) + "\n")
        if row.text:
            write_text(dim(printable(row.text)) + "\n")
        draw(row.entries, _COLUMNS, is_dim=lambda entry: entry.status.value != "ready")


_COLUMNS: Final[Sequence[Column[SharingEntry]]] = (
    Column("CREDENTIALS", lambda entry: entry.credential),
    Column("NAME", lambda entry: entry.name, wrap=True),
    Column("WEIGHT", lambda entry: str(entry.weight), right=True),
    Column("STATUS", lambda entry: entry.text or entry.status.value, wrap=True),
)
