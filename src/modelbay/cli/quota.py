"""`modelbay quota`: what the installation lends workspaces of its own credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from modelbay.cli.data_directory import ACTOR, AsJson, DataDir, InWorkspace, catalog_of, directory
from modelbay.cli.errors import EPILOG
from modelbay.cli.listing import Column, write_list
from modelbay.cli.output import day_text, say, time_text

if TYPE_CHECKING:
    from collections.abc import Sequence
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
        found,
        _COLUMNS,
        plain=_plain,
        as_json=as_json,
        empty="nothing is lent; say what in hosted.yaml, or set MODELBAY_HOSTED_OPENAI_API_KEY for its trial",
        is_dim=lambda each: not each.valid,
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
    say(_plain(now), as_json, f"{workspace}: {_left(now)} {now.unit} of {provider}'s {kind} quota are left")


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
    facts = {"provider": provider, "preferred": preferred}
    say(facts, as_json, f"{workspace} uses {preferred} credentials of {provider} first")


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


def _limit(each: Quota) -> str:
    return "∞" if each.limit < 0 else f"{each.limit:f}"


def _left(each: Quota) -> str:
    return "∞" if each.limit < 0 else f"{max(each.limit - each.used - each.held, 0):f}"


_COLUMNS: Final[Sequence[Column[Quota]]] = (
    Column("PROVIDER", lambda each: each.provider),
    Column("KIND", lambda each: each.kind),
    Column("LIMIT", _limit, right=True),
    Column("USED", lambda each: f"{each.used:f}", right=True),
    Column("HELD", lambda each: f"{each.held:f}", right=True, spare=True),
    Column("LEFT", _left, right=True),
    Column("UNIT", lambda each: each.unit),
    Column("ENDS", lambda each: day_text(each.ends), spare=True),
    Column("FIRST", lambda each: each.preferred),
    Column("MODELS", lambda each: ", ".join(each.models) or "all", wrap=True),
)
