"""`modelbay models`: which models there are."""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from modelbay.cli import completion
from modelbay.cli.listing import Column, write_list
from modelbay.cli.output import dim, write_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text

    from modelbay.catalog import ModelSummary, PriceSummary
    from modelbay.entities import AIModelEntity
    from modelbay.errors import ModelbayError

_MILLION = Decimal(1_000_000)
_SHORT = {  # what calls tools at all is told from what does not; the finer features are in --json
    "tool-call": "tools",
    "vision": "images",
    "document": "files",
    "audio": "audio",
    "video": "video",
    "structured-output": "json",
    "agent-thought": "reasoning",
}


def models(
    kind: Annotated[
        str | None,
        typer.Option(
            "-t", "--type", metavar="TYPE", help="Only this type.", autocompletion=completion.type_names
        ),
    ] = None,
    provider: Annotated[
        str | None,
        typer.Option(
            "--provider",
            metavar="PROVIDER",
            help="Only this provider.",
            autocompletion=completion.provider_names,
        ),
    ] = None,
    fetch: Annotated[
        bool, typer.Option("--fetch", help="Ask the provider's own server instead of the declarations.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write a JSON array.")] = False,
) -> None:
    """List the models, with their types, context sizes and prices.

    Into a pipe each model is one line without heading, its columns separated by tabs: name, type,
    context size in tokens, price of one token (or character, minute, …) of input and of output, currency,
    features.
    """
    rows = _fetched(provider, kind) if fetch else _declared(provider, kind)
    write_list(rows, _COLUMNS, plain=_plain, as_json=as_json, empty="no models", line=_line)
    if sys.stdout.isatty() and rows and not as_json:
        write_text(dim(_count(rows)) + "\n")


def _declared(provider: str | None, kind: str | None) -> list[ModelSummary]:
    from modelbay.catalog import Catalog

    catalog = Catalog()
    _check(catalog, provider, kind)
    return catalog.models(kind, provider)


def _check(catalog: Any, provider: str | None, kind: str | None) -> None:
    from modelbay.cli.errors import Mistake

    if kind is not None and kind not in completion.TYPES:
        raise Mistake(f"--type: there is no type {kind!r}; the types are {', '.join(completion.TYPES)}")
    if provider is not None and provider not in [row.provider for row in catalog.providers()]:
        catalog.declared(provider)  # raises, with the names that are close


def _fetched(provider: str | None, kind: str | None) -> list[ModelSummary]:
    from modelbay import Modelbay
    from modelbay.cli.errors import Mistake

    if provider is None:
        raise Mistake("--fetch asks one provider: name it with --provider")
    with Modelbay() as bay:
        listed = bay.fetch_models(provider)
    if listed.failure:
        _warn(provider, listed.failure)
    found = [_summary(provider, model) for model in listed]
    return [row for row in found if kind is None or row.type == kind]


def _warn(provider: str, failure: ModelbayError) -> None:
    """Say, beside the output, that these are the declared models."""
    from modelbay.cli.errors import say_warning

    why = failure.description.rstrip(".")
    say_warning(f"{provider} could not be asked ({why}): these are the models that its plugin declares.")


def _summary(provider: str, model: AIModelEntity) -> ModelSummary:
    from modelbay.catalog import ModelSummary, PriceSummary

    mode, size, pricing = model.property_of("mode"), model.property_of("context_size"), model.pricing
    return ModelSummary(
        provider=provider,
        model=model.model,
        type=model.model_type.value,
        label=model.label.en_us,
        translations={},
        features=tuple(feature.value for feature in model.features or []),
        context_size=size if isinstance(size, int) else None,
        deprecated=model.deprecated,
        mode=mode if isinstance(mode, str) else None,
        fetch_from=model.fetch_from.value,
        price=PriceSummary(pricing.input, pricing.output, pricing.unit, pricing.currency, pricing.meter.value)
        if pricing
        else None,
    )


def _plain(row: ModelSummary) -> dict[str, Any]:
    plain = row._asdict() | {"translations": dict(row.translations)}
    return plain | {"price": row.price._asdict() if row.price else None}


def _line(row: ModelSummary) -> Sequence[Any]:
    price = row.price
    return (
        f"{row.provider}/{row.model}",
        row.type,
        row.context_size or "",
        plain_number(price.input * price.unit) if price else "",
        plain_number(price.output * price.unit) if price and price.output is not None else "",
        price.currency if price else "",
        ",".join(row.features),
    )


def _count(rows: Sequence[ModelSummary]) -> str:
    count = f"{len(rows)} model{'' if len(rows) == 1 else 's'}"
    old = sum(row.deprecated for row in rows)
    return f"{count}, {old} of them deprecated (dimmed)" if old else count


def _name(row: ModelSummary) -> Text:
    from rich.text import Text

    return Text.assemble((f"{row.provider}/", "dim"), (row.model, "dim italic" * row.deprecated))


def abilities(row: ModelSummary) -> str:
    """Return what a model can do, in short."""
    words = ["deprecated"] if row.deprecated else []
    return ", ".join(words + [_SHORT[name] for name in row.features if name in _SHORT])


def context(size: int | None) -> str:
    """Return a context size: `128k`, `1M`; nothing if it is not known."""
    if not size:
        return ""
    if size >= 1_000_000:
        return f"{size / 1_000_000:.3g}M"
    return f"{size / 1000:.3g}k" if size >= 10_000 else str(size)


def price(declared: PriceSummary | None) -> str:
    """Return a price by a million tokens, or by one of another meter; nothing if it is not known."""
    if declared is None:
        return ""
    many = declared.meter in ("token", "character")
    factor = declared.unit * (_MILLION if many else 1)
    sides = [side * factor for side in (declared.input, declared.output) if side is not None]
    amounts = " / ".join(plain_number(side) for side in sides)
    return f"{amounts} {declared.currency}{_per(declared.meter)}"


def plain_number(number: Decimal) -> str:
    """Return an exact number without exponent and idle zeros."""
    return f"{number.normalize():f}"


def _per(meter: str) -> str:
    return {"token": "", "character": "/M characters"}.get(meter, f"/{meter}")


_COLUMNS: Final[Sequence[Column[ModelSummary]]] = (
    Column("MODEL", _name, wrap=True, least=32),
    Column("TYPE", lambda row: row.type),
    Column("CONTEXT", lambda row: context(row.context_size), right=True),
    Column("PRICE IN / OUT", lambda row: price(row.price), spare=True),
    Column("CAN", abilities, spare=True, style="dim"),
)
