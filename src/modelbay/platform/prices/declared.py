"""What plugins declare that their models cost: for who asks about models by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from modelbay.catalog import Catalog
from modelbay.entities import PriceConfig

Declared = Callable[[str, str, str], PriceConfig | None]
"""Tells what a provider's model of a type is declared to cost."""


def declared_prices(catalog: Catalog) -> Declared:
    """Return what tells the declared price of a model; None for one that no plugin declares."""
    known = {row.provider for row in catalog.providers()}

    @cache
    def models(provider: str) -> dict[tuple[str, str], PriceConfig | None]:
        found = catalog.provider(provider).models
        return {(each.model, each.model_type.value): each.pricing for each in found}

    def declared(provider: str, model: str, model_type: str) -> PriceConfig | None:
        return models(provider).get((model, model_type)) if provider in known else None

    return declared
