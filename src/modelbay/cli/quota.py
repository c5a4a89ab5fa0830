"""`modelbay quota`: what the installation lends workspaces of its own credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from modelbay.cli.data_directory import ACTOR, AsJson, DataDir, InWorkspace, catalog_of, directory
from modelbay.cli.errors import EPILOG
from modelbay.cli.listing import Column, Row, write_list
from modelbay.cli.output import time_text, write_json, write_text

if TYPE_CHECKING:
    from pathlib import Path

    from modelbay.platform.limits.hosted import Hosted
    from modelbay.platform.limits.quotas import Quota

quota = typer.Typer(rich_markup_mode=None, epilog=EPILOG)

Provider = Annotated[str, typer.Argument(metavar="PROVIDER", help="As modelbay quota list shows it.")]


@quota.callback(invoke_without_command=True)
def _quota(ctx: typer.Context) -> None:
    """List what is lent, grant a workspace more or less of it, choose what is used first."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


@quota.command("list")
def list_(workspace: InWorkspace = "default", data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the hosted quotas of a workspace, with what was used and what calls under way hold.

    What is lent is in hosted.yaml of the data directory. Into a pipe each quota is one line without heading,
    its columns separated by tabs: provider, kind, unit, limit (-1 is none), used, held, valid, granted
    (whether it was set for this workspace), preferred, models, ends.
    """
    from modelbay.platform.fold import fold
    from modelbay.platform.limits.quotas import list_quotas
    from modelbay.store import Database

    folder = directory(data_dir)
    hosted = _hosted(folder)
    with Database.open(folder) as database:
        fold(database, folder)
        found = list_quotas(database, hosted, workspace)
    write_list(
        [_plain(each) for each in found],
        _COLUMNS,
        as_json=as_json,
        empty="nothing is lent; say what in hosted.yaml, or set MODELBAY_HOSTED_OPENAI_API_KEY for its trial",
        is_dim=lambda row: not row["valid"],
    )


@quota.command()
def grant(
    provider: Provider,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="paid, free or trial.")],
    limit: Annotated[
        str,
        typer.Argument(
            metavar="LIMIT", help="In the quota's unit; none for no limit, default for the file's."
        ),
    ],
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Set what a workspace may use of a quota; what it has used stays used."""
    from modelbay.platform.limits import quotas
    from modelbay.store import Database

    folder = directory(data_dir)
    hosted = _hosted(folder)
    amount = {"none": "-1", "default": None}.get(limit, limit)
    with Database.open(folder) as database:
        quotas.grant(database, hosted, workspace, provider, kind, amount, actor=ACTOR)
        found = quotas.list_quotas(database, hosted, workspace)
    [now] = [each for each in found if (each.provider, each.kind) == (provider, kind)]
    if as_json:
        write_json(_plain(now))
    else:
        write_text(f"{workspace}: {_left(_plain(now))} {now.unit} of {provider}'s {kind} quota are left\n")


@quota.command()
def prefer(
    provider: Provider,
    preferred: Annotated[
        str, typer.Argument(metavar="WHICH", help="hosted, own, or auto: own ones where there are any.")
    ],
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Choose which credentials of a provider a workspace uses first; the others take over where they can."""
    from modelbay.platform.limits import quotas
    from modelbay.store import Database

    folder = directory(data_dir)
    hosted = _hosted(folder)
    with Database.open(folder) as database:
        quotas.prefer(database, hosted, workspace, provider, preferred, actor=ACTOR)
    if as_json:
        write_json({"provider": provider, "preferred": preferred})
    else:
        write_text(f"{workspace} uses {preferred} credentials of {provider} first\n")


def _hosted(folder: Path) -> Hosted:
    from modelbay.platform.limits.lending import read_hosted

    return read_hosted(folder, catalog_of(folder))


def _plain(quota: Quota) -> dict[str, Any]:
    return {
        "provider": quota.provider,
        "kind": quota.kind,
        "unit": quota.unit,
        "limit": quota.limit,
        "used": quota.used,
        "held": quota.held,
        "valid": quota.valid,
        "granted": quota.granted,
        "preferred": quota.preferred,
        "models": list(quota.models),
        "ends": time_text(quota.ends),
    }


def _left(row: Row) -> str:
    return "∞" if row["limit"] < 0 else f"{max(row['limit'] - row['used'] - row['held'], 0):f}"


_COLUMNS: Final = (
    Column("PROVIDER", lambda row: row["provider"]),
    Column("KIND", lambda row: row["kind"]),
    Column("LIMIT", lambda row: "∞" if row["limit"] < 0 else f"{row['limit']:f}", right=True),
    Column("USED", lambda row: f"{row['used']:f}", right=True),
    Column("HELD", lambda row: f"{row['held']:f}", right=True),
    Column("LEFT", _left, right=True),
    Column("UNIT", lambda row: row["unit"]),
    Column("ENDS", lambda row: (row["ends"] or "–")[:10]),
    Column("FIRST", lambda row: row["preferred"]),
    Column("MODELS", lambda row: ", ".join(row["models"]) or "all", wrap=True),
)
