"""`modelbay usage calls` and `modelbay usage correct`: single calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from modelbay.cli.data_directory import ACTOR, AsJson, DataDir, InWorkspace, directory
from modelbay.cli.listing import Column, write_table
from modelbay.cli.output import say, write_json
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
    from collections.abc import Sequence
    from decimal import Decimal

    from modelbay.runtime.accounts import CallRecord


def calls(
    since: Since = "30d",
    until: Until = "",
    provider: Provider = "",
    model: Model = "",
    kind: Type = "",
    key: Key = "",
    member: Member = "",
    status: Status = "",
    tag: Tag = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many.")] = 50,
    after: Annotated[
        str, typer.Option("--after", metavar="PLACE", help="Go on behind the page that has said this.")
    ] = "",
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List single calls, the newest first.

    Into a pipe each call is one line without heading, its columns separated by tabs: time, id, model, type,
    key, status, error, tokens in, tokens out, price, currency, latency in seconds, version of the price.
    Where there are more, stderr says how to go on; --json says it in "after".
    """
    from modelbay.cli.errors import say_warning
    from modelbay.platform.calls import list_calls
    from modelbay.platform.fold import fold
    from modelbay.store import Database

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
        page = list_calls(database, chosen, after=after, limit=limit)
    if as_json:
        write_json({"calls": [_plain(call) for call in page.calls], "after": page.after})
        return
    write_table(page.calls, _COLUMNS, line=_line, empty="no calls", is_dim=lambda call: call.status >= 400)
    if page.after:
        say_warning(f"there are more: --after {page.after}")


def correct(
    call: Annotated[
        str,
        typer.Argument(
            metavar="CALL_ID", help="As modelbay usage calls shows it; - for what belongs to no single call."
        ),
    ],
    amount: Annotated[
        str, typer.Option("--amount", metavar="AMOUNT", help="What is added, such as -0.25 for a refund.")
    ],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, in one line.")],
    currency: Annotated[
        str, typer.Option("--currency", metavar="CODE", help="Without it, the call's; without a call, USD.")
    ] = "",
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Add an amount to what a call cost, and write the correction's id to stdout.

    What was recorded stays as it is; every total is with its corrections, at the time of the call.
    """
    from modelbay.platform.corrections import correct as enter
    from modelbay.platform.fold import fold
    from modelbay.store import Database

    added, folder = exact(amount, "--amount"), directory(data_dir)
    with Database.open(folder) as database:
        fold(database, folder)
        entry = enter(
            database,
            "" if call == "-" else call,
            added,
            reason=reason,
            actor=ACTOR,
            workspace=workspace,
            currency=currency,
        )
    names = ("id", "call", "amount", "currency", "reason", "actor")
    say({name: getattr(entry, name) for name in names}, as_json, entry.id)


def exact(text: str, field: str) -> Decimal:
    """Return an exact number that somebody has written."""
    from decimal import Decimal, InvalidOperation

    from modelbay.cli.errors import Mistake

    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        raise Mistake(f"{field}: {text[:40]!r} is not a number; write it as 0.25") from None
    if not number.is_finite():
        raise Mistake(f"{field}: {text[:40]!r} is not a number; write it as 0.25")
    return number


def _plain(call: CallRecord) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(call) | {"at": _time(call.at)}


def _time(at: float) -> str:
    """Return a time to the millisecond: ISO 8601, UTC."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _model(call: CallRecord) -> str:
    return f"{call.provider}/{call.model}" if call.model else call.asked_model


def _line(call: CallRecord) -> Sequence[Any]:
    price = "" if call.price is None else f"{call.price.normalize():f}"
    return (
        _time(call.at),
        call.id,
        _model(call),
        call.model_type,
        call.key_id,
        call.status,
        call.error,
        call.prompt_tokens,
        call.completion_tokens,
        price,
        call.currency,
        f"{call.latency:.3f}",
        call.price_version,
    )


def _price(call: CallRecord) -> str:
    from modelbay.cli.figures import money  # start-up time: with it come the entities

    return money(call.price, call.currency)


def _took(call: CallRecord) -> str:
    from modelbay.cli.figures import seconds

    return seconds(call.latency)


_COLUMNS: Final[Sequence[Column[CallRecord]]] = (
    Column("TIME", lambda call: _time(call.at)[5:19].replace("T", " ")),
    Column("ID", lambda call: call.id),
    Column("MODEL", _model, wrap=True),
    Column("STATUS", lambda call: str(call.status)),
    Column("TOKENS IN", lambda call: f"{call.prompt_tokens:,}", right=True, spare=True),
    Column("TOKENS OUT", lambda call: f"{call.completion_tokens:,}", right=True, spare=True),
    Column("PRICE", _price, right=True, spare=True),
    Column("TOOK", _took, right=True, spare=True),
)
