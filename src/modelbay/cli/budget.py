"""`modelbay budget`: how much money calls may cost in a period."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from modelbay.cli.data_directory import ACTOR, AsJson, DataDir, InWorkspace, directory
from modelbay.cli.errors import EPILOG
from modelbay.cli.listing import Column, write_list
from modelbay.cli.output import day_text, say, time_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from modelbay.platform.limits.budgets import Budget
    from modelbay.store.limits import BudgetRow

budget = typer.Typer(rich_markup_mode=None, epilog=EPILOG)

Id = Annotated[str, typer.Argument(metavar="ID", help="The budget's id, as modelbay budget list shows it.")]
Version = Annotated[
    int | None,
    typer.Option("--version", metavar="N", help="Refuse if it is another: somebody has changed it since."),
]
_ACTIONS: Final = "refuse, or warn: then calls are made, with a note in the answer."
_UNPRICED: Final = "What a call counts whose price is not known here; such calls are refused without it."


@budget.callback(invoke_without_command=True)
def _budget(ctx: typer.Context) -> None:
    """Set, list and delete budgets: of a workspace, a member, a key or a model."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


@budget.command("set")
def set_(
    amount: Annotated[
        str, typer.Argument(metavar="AMOUNT", help="At most so much in a period, such as 12.50.")
    ],
    currency: Annotated[str, typer.Option("--currency", metavar="CODE", help="Three letters.")] = "USD",
    period: Annotated[
        str,
        typer.Option("--period", metavar="PERIOD", help="day, week, month or total; begins at midnight UTC."),
    ] = "month",
    member: Annotated[str, typer.Option("--member", metavar="EMAIL|ID", help="Of one member.")] = "",
    key: Annotated[
        str, typer.Option("--key", metavar="ID", help="Of one key, and those made from it together.")
    ] = "",
    model: Annotated[
        str, typer.Option("--model", metavar="PATTERN", help="Of models, such as openai/gpt-5*.")
    ] = "",
    action: Annotated[str, typer.Option("--action", metavar="ACTION", help=_ACTIONS)] = "refuse",
    unpriced: Annotated[str | None, typer.Option("--unpriced", metavar="AMOUNT", help=_UNPRICED)] = None,
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Set a budget, of the whole workspace unless an option says of what; write its id to stdout.

    Where there is one for the same period and currency already, it is changed. What was spent in the period
    before counts. Before a call is made, the most that it can cost is held; afterwards it counts what it did.
    """
    from modelbay.platform.limits.budgets import set_budget
    from modelbay.platform.people.members import find_member
    from modelbay.store import Database

    scope, target = _target(member, key, model)
    with Database.open(directory(data_dir)) as database:
        if scope == "member":
            target = find_member(database, workspace, target).user
        row = set_budget(
            database,
            workspace,
            amount=amount,
            currency=currency,
            period=period,
            scope=scope,
            target=target,
            action=action,
            unpriced=unpriced,
            actor=ACTOR,
        )
    say(_plain(row), as_json, row.id)


@budget.command("list")
def list_(workspace: InWorkspace = "default", data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the budgets of a workspace, with what was spent and what calls under way hold.

    Into a pipe each is one line without heading, its columns separated by tabs: id, scope, target, amount,
    currency, period, action, unpriced, version, used, held, left, ends.
    """
    from modelbay.platform.fold import fold
    from modelbay.platform.limits.budgets import list_budgets
    from modelbay.store import Database, people

    folder = directory(data_dir)
    with Database.open(folder) as database:
        fold(database, folder)
        found = list_budgets(database, workspace)
        emails = {row.user: row.email for row in people.members(database, workspace)}
    write_list(
        found,
        _columns(emails),
        plain=_standing,
        as_json=as_json,
        empty="no budgets; set one with: modelbay budget set AMOUNT",
    )


@budget.command()
def delete(
    budget_id: Id,
    version: Version = None,
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Delete a budget; a running gateway counts by it no more within a second."""
    from modelbay.platform.limits.budgets import delete_budget
    from modelbay.store import Database

    with Database.open(directory(data_dir)) as database:
        delete_budget(database, workspace, budget_id, version=version, actor=ACTOR)
    say({"id": budget_id, "deleted": True}, as_json, f"{budget_id} is deleted")


def _target(member: str, key: str, model: str) -> tuple[str, str]:
    from modelbay.cli.errors import Mistake

    given = [(scope, value) for scope, value in (("member", member), ("key", key), ("model", model)) if value]
    if len(given) > 1:
        raise Mistake("a budget is about one of --member, --key and --model")
    return given[0] if given else ("workspace", "")


def _plain(row: BudgetRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "scope": row.scope,
        "target": row.target,
        "amount": row.amount,
        "currency": row.currency,
        "period": row.period,
        "action": row.action,
        "unpriced": row.unpriced,
        "version": row.version,
    }


def _standing(budget: Budget) -> dict[str, Any]:
    figures = {"used": budget.used, "held": budget.held, "left": budget.left}
    return {**_plain(budget.row), **figures, "ends": time_text(budget.ends)}


def _columns(emails: Mapping[str, str]) -> Sequence[Column[Budget]]:
    def of(row: BudgetRow) -> str:
        return " ".join(filter(None, (row.scope, emails.get(row.target, row.target))))

    return (
        Column("ID", lambda each: each.row.id),
        Column("OF", lambda each: of(each.row), wrap=True),
        Column("PERIOD", lambda each: each.row.period),
        Column("AMOUNT", lambda each: f"{each.row.amount:f} {each.row.currency}", right=True),
        Column("USED", lambda each: f"{each.used:f}", right=True, spare=True),
        Column("HELD", lambda each: f"{each.held:f}", right=True, spare=True),
        Column("LEFT", lambda each: f"{each.left:f}", right=True),
        Column("ENDS", lambda each: day_text(each.ends), spare=True),
        Column("ACTION", lambda each: each.row.action, spare=True),
    )
