"""What the shell offers for a provider or a model, read from the catalog's index."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from modelbay.catalog import Catalog

ROUTE_STRATEGIES = ("ordered", "weighted", "cheapest", "fastest")
BALANCE_STRATEGIES = ("weighted", "round-robin", "least-busy")
TYPES = ("llm", "text-embedding", "rerank", "speech2text", "tts", "moderation")


def provider_names(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Return the providers that begin so, with their labels."""
    rows = _catalog(ctx).providers()
    return [(row.provider, row.label) for row in rows if row.provider.startswith(incomplete)]


def type_names(incomplete: str) -> list[str]:
    """Return the model types that begin so."""
    return [kind for kind in TYPES if kind.startswith(incomplete)]


def route_strategies(incomplete: str) -> list[str]:
    """Return the strategies of routes that begin so."""
    return [name for name in ROUTE_STRATEGIES if name.startswith(incomplete)]


def balance_strategies(incomplete: str) -> list[str]:
    """Return the strategies of balances that begin so."""
    return [name for name in BALANCE_STRATEGIES if name.startswith(incomplete)]


def _catalog(ctx: typer.Context) -> Catalog:
    """Return the plugins that a command knows: if it is about a data directory, those of its gateway."""
    from modelbay.catalog import Catalog
    from modelbay.cli.data_directory import catalog_of, directory
    from modelbay.errors import ModelbayError

    if "data_dir" not in ctx.params:
        return Catalog()
    given = ctx.params["data_dir"]
    try:
        return catalog_of(directory(Path(given) if given else None))
    except ModelbayError:
        return Catalog()  # the command itself says what is wrong


def _models_of(kind: str | None) -> Callable[[typer.Context, str], list[tuple[str, str]]]:
    def names(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
        rows = [row for row in _catalog(ctx).models(kind) if not row.deprecated]
        named = ((f"{row.provider}/{row.model}", row.label) for row in rows)
        return [(name, label) for name, label in named if name.startswith(incomplete)]

    return names


language_models = _models_of("llm")
embedding_models = _models_of("text-embedding")
rerank_models = _models_of("rerank")
speech2text_models = _models_of("speech2text")
tts_models = _models_of("tts")
moderation_models = _models_of("moderation")
all_models = _models_of(None)
