"""`modelbay credential`: the credentials that a workspace's calls use."""

from __future__ import annotations

from typing import Annotated

import typer

from modelbay.cli import completion
from modelbay.cli.data_directory import ACTOR, AsJson, DataDir, InWorkspace, catalog_of, directory, opened
from modelbay.cli.errors import EPILOG
from modelbay.cli.output import say

credential = typer.Typer(rich_markup_mode=None, epilog=EPILOG)

Id = Annotated[str, typer.Argument(metavar="ID", help="Their id, as modelbay credential list shows it.")]
Provider = Annotated[
    str, typer.Argument(metavar="PROVIDER", help="The provider.", autocompletion=completion.provider_names)
]
Model = Annotated[
    str | None, typer.Option("--model", metavar="MODEL", help="For this model only; it is added if need be.")
]
Kind = Annotated[
    str,
    typer.Option(
        "-t", "--type", metavar="TYPE", help="The type of that model.", autocompletion=completion.type_names
    ),
]
Source = Annotated[
    str | None,
    typer.Option("--credentials", metavar="FILE|-", help="JSON with the fields, or the one secret alone."),
]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="FIELD=VALUE", help="A field that is no secret. Repeatable."),
]
Variables = Annotated[
    list[str] | None,
    typer.Option(
        "--env", metavar="FIELD=VARIABLE", help="A field that an environment variable holds. Repeatable."
    ),
]
FromEnvironment = Annotated[
    bool, typer.Option("--from-environment", help="Take what the provider's own variables hold.")
]


@credential.callback(invoke_without_command=True)
def _credential(ctx: typer.Context) -> None:
    """Add, list, edit, switch, delete and check the credentials that calls use."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


@credential.command("list")
def list_(
    provider: Annotated[
        str | None,
        typer.Argument(metavar="[PROVIDER]", help="Only its own.", autocompletion=completion.provider_names),
    ] = None,
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List credentials: their secrets masked; those of the environment cannot be changed here.

    Into a pipe each is one line without heading, its columns separated by tabs: id, name, provider or
    provider/model, type of the model, state, created.
    """
    from modelbay.cli.credential_rows import write_credentials
    from modelbay.cli.credential_store import listed

    folder = directory(data_dir)
    with opened(folder, workspace) as (database, vault):
        rows = listed(catalog_of(folder), database, vault, workspace, provider)
    write_credentials(rows, as_json=as_json)


@credential.command()
def add(
    provider: Provider,
    model: Model = None,
    kind: Kind = "llm",
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="Numbered if it is left out.")] = "",
    source: Source = None,
    sets: Sets = None,
    variables: Variables = None,
    environment: FromEnvironment = False,
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Add credentials once the provider has accepted them; the first ones are used from then on.

    What is needed and not given is asked for on a terminal, else read from stdin: a JSON object of the
    provider's fields, or its one secret alone. A secret is never an argument.
    """
    from modelbay.cli.credential_form import ask_for_the_rest, fill_in
    from modelbay.cli.credential_rows import plain
    from modelbay.cli.credential_store import proved, target_of
    from modelbay.platform.credentials.named import create
    from modelbay.platform.credentials.target import check_target

    folder = directory(data_dir)
    target = target_of(catalog_of(folder), workspace, provider, model, kind)
    check_target(target)
    given = fill_in(
        target, source=source, sets=sets or (), variables=variables or (), environment=environment
    )
    given = given if source is not None else ask_for_the_rest(target, given)
    made = proved(
        folder,
        workspace,
        lambda database, vault, proving: create(
            database, vault, proving, target, given, name=name, actor=ACTOR
        ),
    )
    say(plain(made), as_json, f"{made.id} {'is used from now on' if made.active else 'is added'}")


@credential.command()
def edit(
    credential_id: Id,
    name: Annotated[str | None, typer.Option("--name", metavar="TEXT", help="Another name.")] = None,
    source: Source = None,
    sets: Sets = None,
    variables: Variables = None,
    environment: FromEnvironment = False,
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Change credentials once the provider has accepted what they are then; what is not given stays."""
    from modelbay.cli.credential_form import fill_in
    from modelbay.cli.credential_rows import plain
    from modelbay.cli.credential_store import kept, proved, stored, whose
    from modelbay.cli.errors import Mistake
    from modelbay.platform.credentials.named import edit as change

    folder = directory(data_dir)
    with opened(folder, workspace) as (database, _):
        row = stored(database, workspace, credential_id)
        before = kept(database, row)
    target = whose(catalog_of(folder), row)
    given = fill_in(
        target, source=source, sets=sets or (), variables=variables or (), environment=environment
    )
    if not given and name is None:
        raise Mistake("nothing to change: give --name, --set, --env or --credentials")
    filled = {**before, **given} if given else None
    changed = proved(
        folder,
        workspace,
        lambda database, vault, proving: change(
            database,
            vault,
            proving,
            target,
            credential_id,
            given=filled,
            name=name,
            version=row.version,
            actor=ACTOR,
        ),
    )
    say(plain(changed), as_json, f"{credential_id} is changed")


@credential.command()
def switch(
    credential_id: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="Their id; environment; for a model also provider, whose it uses then."
        ),
    ],
    provider: Annotated[
        str | None, typer.Option("--provider", metavar="PROVIDER", help="Where ID is no id but a word.")
    ] = None,
    model: Model = None,
    kind: Kind = "llm",
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Have calls use other credentials; a running gateway does within a second."""
    from modelbay.cli.credential_store import stored, target_of, whose
    from modelbay.platform.credentials.named import switch as use

    folder = directory(data_dir)
    catalog = catalog_of(folder)
    with opened(folder, workspace) as (database, vault):
        if provider is not None:
            target = target_of(catalog, workspace, provider, model, kind)
        else:
            target = whose(catalog, stored(database, workspace, credential_id))
        use(database, vault, target, credential_id, actor=ACTOR)
    say(
        {"id": credential_id, "of": str(target), "active": True},
        as_json,
        f"{target} uses {credential_id} now",
    )


@credential.command()
def delete(
    credential_id: Id, workspace: InWorkspace = "default", data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Delete credentials. If they were in use no others take their place: switch to some."""
    from modelbay.cli.credential_store import stored, whose
    from modelbay.platform.credentials.named import delete as remove

    folder = directory(data_dir)
    with opened(folder, workspace) as (database, _):
        target = whose(catalog_of(folder), stored(database, workspace, credential_id), gone=True)
        was_active = remove(database, target, credential_id, actor=ACTOR)
    text = f"{credential_id} is deleted"
    if was_active:
        text += f"; {target} has no credentials in use now: modelbay credential switch ID"
    say({"id": credential_id, "deleted": True, "was_active": was_active}, as_json, text)


@credential.command()
def check(
    credential_id: Id, workspace: InWorkspace = "default", data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Ask the provider whether stored credentials still work."""
    from modelbay.cli.credential_store import proved, stored, whose
    from modelbay.platform.credentials.named import prove

    folder = directory(data_dir)
    with opened(folder, workspace) as (database, _):
        target = whose(catalog_of(folder), stored(database, workspace, credential_id))
    proved(
        folder,
        workspace,
        lambda database, vault, proving: prove(database, vault, proving, target, credential_id),
    )
    say({"id": credential_id, "of": str(target), "works": True}, as_json, f"{target}: {credential_id} works")
