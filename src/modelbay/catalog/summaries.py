"""The light rows of the compiled index: what a list shows of providers and models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from modelbay.catalog.findings import count_kinds

if TYPE_CHECKING:  # entities cost start-up time, which listing models does not need
    from modelbay.catalog.plugin import Plugin
    from modelbay.entities import AIModelEntity, I18nObject

_NOTHING: Mapping[str, str] = MappingProxyType({})


class PriceSummary(NamedTuple):
    """Prices as declared: n meters cost n x price x `unit` in `currency`."""

    input: Decimal
    output: Decimal | None
    unit: Decimal
    currency: str
    meter: str


class ModelSummary(NamedTuple):
    """One model in a list.

    `type` is a `ModelType` value, `features` are `ModelFeature` values, `translations` maps a language to the
    label where it is not the English one, and `context_size` is in tokens.
    """

    provider: str
    model: str
    type: str
    label: str
    translations: Mapping[str, str]
    features: tuple[str, ...]
    context_size: int | None
    deprecated: bool
    mode: str | None
    fetch_from: str
    price: PriceSummary | None


@dataclass(frozen=True, slots=True)
class ProviderSummary:
    """One provider in a list. `models` counts its declared models by type."""

    provider: str
    label: str
    translations: Mapping[str, str]
    version: str
    model_types: tuple[str, ...]
    configurate_methods: tuple[str, ...]
    models: Mapping[str, int]
    warnings: Mapping[str, int]
    folder: Path


@dataclass(frozen=True, slots=True)
class CatalogReport:
    """What a catalog holds: plugins, models by type, warnings by kind, and what could not be read and why."""

    plugins: int
    models: Mapping[str, int]
    warnings: Mapping[str, int]
    broken: Mapping[Path, str]

    @classmethod
    def of(cls, providers: Iterable[ProviderSummary], broken: Mapping[Path, str]) -> CatalogReport:
        """Add up the summaries of providers."""
        providers = list(providers)
        models, warnings = Counter[str](), Counter[str]()
        for provider in providers:
            models.update(provider.models)
            warnings.update(provider.warnings)
        return cls(len(providers), dict(models), dict(warnings), broken)


def to_row(plugin: Plugin) -> dict[str, Any]:
    """Return what the index keeps of a plugin, for JSON."""
    provider = plugin.provider
    label, translations = _label(provider.label)
    return {
        "provider": provider.provider,
        "label": label,
        "translations": translations,
        "version": plugin.manifest.version,
        "model_types": [kind.value for kind in provider.supported_model_types],
        "configurate_methods": [method.value for method in provider.configurate_methods],
        "counts": dict(Counter(model.model_type.value for model in plugin.models)),
        "warnings": count_kinds(plugin.warnings),
        "models": [_model_row(model) for model in plugin.models],
    }


def provider_summary(row: Mapping[str, Any], folder: Path) -> ProviderSummary:
    """Return the provider of a row."""
    return ProviderSummary(
        provider=row["provider"],
        label=row["label"],
        translations=row["translations"] or _NOTHING,
        version=row["version"],
        model_types=tuple(row["model_types"]),
        configurate_methods=tuple(row["configurate_methods"]),
        models=row["counts"],
        warnings=row["warnings"],
        folder=folder,
    )


def model_summaries(row: Mapping[str, Any]) -> list[ModelSummary]:
    """Return the models of a row, in display order."""
    provider = row["provider"]
    return [
        ModelSummary(
            provider,
            name,
            kind,
            label,
            words or _NOTHING,
            tuple(features),
            size,
            old,
            mode,
            origin,
            _price(price),
        )
        for name, kind, label, words, features, size, old, mode, origin, price in row["models"]
    ]


def _price(row: list[str] | None) -> PriceSummary | None:
    if row is None:
        return None
    amount, output, unit, currency, meter = row
    return PriceSummary(
        Decimal(amount), None if output is None else Decimal(output), Decimal(unit), currency, meter
    )


def _model_row(model: AIModelEntity) -> list[Any]:
    label, translations = _label(model.label)
    size, mode, pricing = model.property_of("context_size"), model.property_of("mode"), model.pricing
    return [
        model.model,
        model.model_type.value,
        label,
        translations,
        [feature.value for feature in model.features or []],
        size if isinstance(size, int) else None,
        model.deprecated,
        mode if isinstance(mode, str) else None,
        model.fetch_from.value,
        pricing
        and [
            str(pricing.input),
            pricing.output if pricing.output is None else str(pricing.output),
            str(pricing.unit),
            pricing.currency,
            pricing.meter.value,
        ],
    ]


def _label(text: I18nObject) -> tuple[str, dict[str, str]]:
    words = text.to_dict()
    return text.en_us, {language: word for language, word in words.items() if word != text.en_us}
