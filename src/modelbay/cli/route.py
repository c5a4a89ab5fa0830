"""`modelbay route`: names for several models, and the order in which they are tried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import typer

from modelbay.cli import completion
from modelbay.cli.data_directory import ACTOR, AsJson, DataDir, InWorkspace, catalog_of, directory, opened
from modelbay.cli.errors import EPILOG
from modelbay.cli.listing import Column, write_list, write_table
from modelbay.cli.output import say, time_text, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modelbay.catalog import Catalog
    from modelbay.entities import ModelType
    from modelbay.platform.vault import Vault
    from modelbay.runtime.routing import RouteStrategy
    from modelbay.store import Database
    from modelbay.store.routes import RouteRow

route = typer.Typer(rich_markup_mode=None, epilog=EPILOG)

Name = Annotated[str, typer.Argument(metavar="NAME", help="What calls name as their model.")]
Models = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="MODEL",
        help="provider/model, in order; behind it, as needed, ,weight=N,timeout=S,on=ERRORS. `timeout` is "
        "the seconds until it has to begin to answer, `on` the errors after which the next is tried, such as "
        "rate-limit+unavailable, or nothing.",
        autocompletion=completion.all_models,
        show_default=False,
    ),
]
Named = Annotated[
    list[str] | None,
    typer.Option(
        "-m",
        "--model",
        metavar="MODEL[,…]",
        help="The same, as an option. Repeatable.",
        autocompletion=completion.all_models,
    ),
]
Strategy = Annotated[
    str | None,
    typer.Option(
        "-s",
        "--strategy",
        metavar="STRATEGY",
        help="ordered, weighted, cheapest or fastest.",
        autocompletion=completion.route_strategies,
    ),
]
Version = Annotated[
    int | None,
    typer.Option("--version", metavar="N", help="Refuse if it is another: somebody has changed it since."),
]


class Shown(NamedTuple):
    """A row of what is shown of a route: a model, whether it can be called, and why not."""

    model: str
    status: str
    why: str


@route.callback(invoke_without_command=True)
def _route(ctx: typer.Context) -> None:
    """Make, list, show, edit and delete routes: names for several models, tried in an order."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


@route.command()
def create(
    name: Name,
    models: Models = None,
    named: Named = None,
    kind: Annotated[
        str,
        typer.Option(
            "-t",
            "--type",
            metavar="TYPE",
            help="The type of all of them.",
            autocompletion=completion.type_names,
        ),
    ] = "llm",
    strategy: Strategy = None,
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a route; a running gateway knows it within a second.

    ordered tries the models as they stand, weighted lets each be the first as often as its weight says,
    cheapest and fastest choose by prices and by the calls of the last hour. The next is tried after an error,
    as long as nothing of an answer was sent.
    """
    from modelbay.platform.routes import create_route, step_of

    folder = directory(data_dir)
    with opened(folder, workspace) as (database, _):
        row = create_route(
            database,
            catalog_of(folder),
            workspace,
            name,
            [step_of(text) for text in _given(models, named) or ()],
            model_type=_type(kind),
            strategy=_strategy(strategy or "ordered"),
            actor=ACTOR,
        )
    say(_plain(row), as_json, row.name)


@route.command("list")
def list_(workspace: InWorkspace = "default", data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the routes of a workspace; those in gateway.yaml are the installation's and are not shown.

    Into a pipe each is one line without heading, its columns separated by tabs: name, type, strategy, models.
    """
    from modelbay.platform.routes import list_routes

    with opened(directory(data_dir), workspace) as (database, _):
        rows = list_routes(database, workspace)
    write_list(
        rows,
        _COLUMNS,
        plain=_plain,
        as_json=as_json,
        empty="no routes; make one with: modelbay route create NAME MODEL…",
        line=lambda row: (row.name, row.model_type, row.strategy, " ".join(_models(row))),
    )


@route.command()
def show(
    name: Name, workspace: InWorkspace = "default", data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Show a route, and whether each of its models can be called.

    Into a pipe each model is one line without heading, its columns separated by tabs: model, status, why it
    cannot be called.
    """
    from modelbay.platform.routes import get_route

    folder = directory(data_dir)
    with opened(folder, workspace) as (database, vault):
        row = get_route(database, workspace, name)
        found = _statuses(catalog_of(folder), database, vault, row)
    if as_json:
        plain = _plain(row)
        for entry, (status, text) in zip(plain["models"], found, strict=True):
            entry.update(status=status, text=text)
        write_json(plain)
        return
    shown = [Shown(text, *status) for text, status in zip(_models(row), found, strict=True)]
    write_table(shown, _MODELS, line=tuple, empty="", is_dim=lambda model: model.status != "active")


@route.command()
def edit(
    name: Name,
    models: Models = None,
    named: Named = None,
    strategy: Strategy = None,
    version: Version = None,
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Change a route: its strategy, or its models, then all of them."""
    from modelbay.cli.errors import Mistake
    from modelbay.platform.routes import edit_route, step_of

    wanted = _given(models, named)
    if not wanted and strategy is None:
        raise Mistake("nothing to change: give models or --strategy")
    folder = directory(data_dir)
    with opened(folder, workspace) as (database, _):
        row = edit_route(
            database,
            catalog_of(folder),
            workspace,
            name,
            steps=[step_of(text) for text in wanted] if wanted else None,
            strategy=_strategy(strategy) if strategy else None,
            version=version,
            actor=ACTOR,
        )
    say(_plain(row), as_json, f"{name} is changed")


@route.command()
def delete(
    name: Name,
    version: Version = None,
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Delete a route; calls of its name are refused within a second."""
    from modelbay.platform.routes import delete_route

    with opened(directory(data_dir), workspace) as (database, _):
        delete_route(database, workspace, name, version=version, actor=ACTOR)
    say({"name": name, "deleted": True}, as_json, f"{name} is deleted")


def _given(models: Sequence[str] | None, named: Sequence[str] | None) -> Sequence[str]:
    """Return the models in the one way in which they are given: whose turn came first would be a guess."""
    from modelbay.cli.errors import Mistake

    if models and named:
        raise Mistake("give the models in one way: behind the name, or each with --model")
    return models or named or ()


def _type(text: str) -> ModelType:
    from modelbay.cli.errors import Mistake
    from modelbay.entities import ModelType

    if text not in completion.TYPES:
        raise Mistake(f"--type: there is no type {text!r}; the types are {', '.join(completion.TYPES)}")
    return ModelType(text)


def _strategy(text: str) -> RouteStrategy:
    from modelbay.cli.errors import Mistake
    from modelbay.runtime.routing import RouteStrategy

    known = [each.value for each in RouteStrategy]
    if text not in known:
        raise Mistake(f"--strategy: there is no {text!r}; there are {', '.join(known)}")
    return RouteStrategy(text)


def _statuses(catalog: Catalog, database: Database, vault: Vault, row: RouteRow) -> list[tuple[str, str]]:
    from modelbay.platform.credentials.snapshot import read_snapshot
    from modelbay.platform.credentials.statuses import model_list
    from modelbay.platform.environment import LocalCredentials
    from modelbay.platform.people.permissions import FIRST_WORKSPACE

    snapshot = read_snapshot(database, vault, row.workspace)
    behind = LocalCredentials() if row.workspace == FIRST_WORKSPACE else None
    listed = model_list(catalog, snapshot, behind=behind)
    known = {
        (each.provider, each.model): (each.status.value, each.text)
        for each in listed
        if each.model_type.value == row.model_type
    }
    return [known.get((entry.provider, entry.model), ("unlisted", "")) for entry in row.entries]


def _plain(row: RouteRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "type": row.model_type,
        "strategy": row.strategy,
        "models": [
            {
                "model": f"{entry.provider}/{entry.model}",
                "weight": entry.weight,
                "timeout": entry.timeout,
                "on": list(entry.goes_on),
            }
            for entry in row.entries
        ],
        "created": time_text(row.created),
        "updated": time_text(row.updated),
        "version": row.version,
    }


def _models(row: RouteRow) -> Sequence[str]:
    from modelbay.platform.routes import text_of

    return [text_of(entry) for entry in row.entries]


_COLUMNS: Final[Sequence[Column[RouteRow]]] = (
    Column("NAME", lambda row: row.name),
    Column("TYPE", lambda row: row.model_type, spare=True),
    Column("STRATEGY", lambda row: row.strategy),
    Column("MODELS", lambda row: "\n".join(_models(row)), wrap=True),
)
_MODELS: Final[Sequence[Column[Shown]]] = (
    Column("MODEL", lambda row: row.model, wrap=True),
    Column("STATUS", lambda row: row.status),
    Column("WHY NOT", lambda row: row.why, wrap=True),
)
