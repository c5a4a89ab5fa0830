"""`modelbay price`: what calls cost, and what they would have cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from modelbay.cli.data_directory import ACTOR, AsJson, DataDir, InWorkspace, catalog_of, directory
from modelbay.cli.errors import EPILOG
from modelbay.cli.output import say
from modelbay.cli.price_rows import plain_entry, write_differences, write_prices
from modelbay.cli.usage_options import Model, Since, Until, selection

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from modelbay.catalog import Catalog
    from modelbay.entities import PriceConfig
    from modelbay.platform.prices.book import Place

price = typer.Typer(rich_markup_mode=None, epilog=EPILOG)

_MILLION: Final = "0.000001"
Name = Annotated[str, typer.Argument(metavar="PROVIDER/MODEL", help="The model.")]
Kind = Annotated[
    str, typer.Option("-t", "--type", metavar="TYPE", help="Its type; needed where a model has several.")
]
From = Annotated[
    str,
    typer.Option("--from", metavar="DAY", help="The day from which it holds, such as 2026-11-01; today's."),
]


@price.callback(invoke_without_command=True)
def _price(ctx: typer.Context) -> None:
    """Say what calls cost in a workspace, where that is not what the plugins declare."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


@price.command("list")
def list_(workspace: InWorkspace = "default", data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the workspace's own prices that hold now; modelbay models shows the declared ones.

    Into a pipe each is one line without heading, its columns separated by tabs: model, type, price of input,
    of output, unit, currency, day from which it holds, version.
    """
    import time

    from modelbay.platform.prices.entries import own_prices
    from modelbay.store import Database

    with Database.open(directory(data_dir)) as database:
        rows = own_prices(database, workspace, time.time())
    write_prices(rows, as_json=as_json)


@price.command()
def history(
    model: Annotated[str, typer.Argument(metavar="PROVIDER/MODEL", help="Only this model.")] = "",
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List all prices that were ever entered, the oldest first; none is ever changed or removed.

    The columns are those of modelbay price list.
    """
    from modelbay.platform.prices.entries import history as entered
    from modelbay.store import Database

    with Database.open(directory(data_dir)) as database:
        rows = entered(database, workspace, model=model)
    write_prices(rows, as_json=as_json)


@price.command("set")
def set_(
    model: Name,
    entry: Annotated[str, typer.Option("--input", metavar="AMOUNT", help="Of one unit of input.")],
    output: Annotated[str, typer.Option("--output", metavar="AMOUNT", help="Of one unit of output.")] = "",
    cached: Annotated[
        str, typer.Option("--cached", metavar="AMOUNT", help="Of input from the provider's cache.")
    ] = "",
    cache_write: Annotated[
        str, typer.Option("--cache-write", metavar="AMOUNT", help="Of input written to its cache.")
    ] = "",
    tiers: Annotated[
        list[str] | None,
        typer.Option(
            "--tier",
            metavar="ABOVE:INPUT[:OUTPUT[:CACHED[:CACHE_WRITE]]]",
            help="For prompts of more tokens than ABOVE. Repeatable.",
        ),
    ] = None,
    unit: Annotated[
        str,
        typer.Option("--unit", metavar="NUMBER", help="What a price is for: 0.000001 is a million meters."),
    ] = _MILLION,
    meter: Annotated[
        str, typer.Option("--meter", metavar="METER", help="token, character, minute, search or call.")
    ] = "token",
    currency: Annotated[str, typer.Option("--currency", metavar="CODE")] = "USD",
    valid_from: From = "",
    kind: Kind = "",
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Enter what a model costs from a day on, and write the version to stdout.

    Gateways use it within a second. What was recorded stays; modelbay price reprice shows the difference.
    """
    from modelbay.platform.prices.entries import set_price
    from modelbay.store import Database

    amounts = {"input": entry, "output": output, "cached": cached, "cache_write": cache_write}
    config = _config(amounts, tiers or (), unit, meter, currency)
    folder = directory(data_dir)
    start, place = _day(valid_from), _place(catalog_of(folder), model, kind)
    with Database.open(folder) as database:
        row = set_price(database, place, config, workspace=workspace, valid_from=start, actor=ACTOR)
    say(plain_entry(row), as_json, f"workspace:{row.number}")


@price.command()
def delete(
    model: Name,
    valid_from: From = "",
    kind: Kind = "",
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Let what the plugin declares hold again from a day on; this is an entry too, and nothing is removed."""
    from modelbay.platform.prices.entries import delete_price
    from modelbay.store import Database

    folder = directory(data_dir)
    start, place = _day(valid_from), _place(catalog_of(folder), model, kind)
    with Database.open(folder) as database:
        row = delete_price(database, place, workspace=workspace, valid_from=start, actor=ACTOR)
    say(plain_entry(row), as_json, f"workspace:{row.number}")


@price.command()
def reprice(
    since: Since,
    until: Until = "",
    model: Model = "",
    write: Annotated[bool, typer.Option("--write", help="Add the differences as corrections.")] = False,
    workspace: InWorkspace = "default",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show what recorded calls would cost by the prices that now hold for their time; --write adds it.

    Into a pipe each model and currency is one line without heading, its columns separated by tabs: model,
    currency, calls whose price changes, recorded, repriced, difference, calls whose price nobody knows. What
    plugins declare has no dates: it holds for all times in which the workspace has no price of its own.
    """
    from modelbay.platform.fold import fold
    from modelbay.platform.prices.declared import declared_prices
    from modelbay.platform.prices.reprice import reprice as reckoned
    from modelbay.store import Database

    chosen, folder = selection(workspace, since, until, model=model), directory(data_dir)
    with Database.open(folder) as database:
        fold(database, folder)
        result = reckoned(database, chosen, declared_prices(catalog_of(folder)), actor=ACTOR, write=write)
    write_differences(result, written=write, as_json=as_json)


def _place(catalog: Catalog, name: str, kind: str) -> Place:
    from modelbay.cli.errors import Mistake
    from modelbay.platform.prices.book import Place

    provider, slash, model = name.partition("/")
    if not slash or not provider or not model:
        raise Mistake(f"PROVIDER/MODEL: {name[:60]!r} names no model; write it as openai/gpt-4.1-mini")
    if kind:
        return Place(provider, model, kind)
    kinds = sorted({row.type for row in catalog.models() if (row.provider, row.model) == (provider, model)})
    if len(kinds) != 1:
        why = f"it is {' and '.join(kinds)}" if kinds else "no plugin declares this model"
        raise Mistake(f"--type: {why}: name the type, such as {kinds[0] if kinds else 'llm'}")
    return Place(provider, model, kinds[0])


def _config(
    amounts: dict[str, str], tiers: Sequence[str], unit: str, meter: str, currency: str
) -> PriceConfig:
    from modelbay.cli.errors import Mistake
    from modelbay.entities import Meter, PriceConfig

    if meter not in list(Meter):
        raise Mistake(f"--meter: {meter[:40]!r} is none of {', '.join(Meter)}")
    exact = {name: _exact(text, f"--{name.replace('_', '-')}") for name, text in amounts.items() if text}
    return PriceConfig(
        **exact,
        tiers=[_tier(text) for text in tiers],
        unit=_exact(unit, "--unit"),
        meter=Meter(meter),
        currency=currency.upper(),
    )


def _tier(text: str) -> Any:
    from modelbay.cli.errors import Mistake

    above, *amounts = text.split(":")
    if not above.isdecimal() or not 1 <= len(amounts) <= 4:
        raise Mistake(f"--tier: {text[:40]!r} is none; write it as 200000:2.50:15")
    names = ("input", "output", "cached", "cache_write")
    exact = {name: _exact(each, "--tier") for name, each in zip(names, amounts, strict=False) if each}
    return {"above": int(above), **exact}


def _exact(text: str, field: str) -> Decimal:
    from modelbay.cli.usage_calls import exact

    return exact(text, field)


def _day(text: str) -> float:
    import time

    from modelbay.platform.periods import parse_day

    return parse_day(text, field="--from") if text else time.time() // 86_400 * 86_400
