"""One page for each built-in provider: credentials, models, limits, prices, and what to know of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from scripts.reference.markdown import code, page, table

from modelbay.catalog import Catalog
from modelbay.catalog.conformance import standings
from modelbay.cli.matrix import COLUMNS, cells
from modelbay.entities import (
    AIModelEntity,
    ConfigurateMethod,
    CredentialFormSchema,
    ModelProviderConfiguration,
    ModelType,
    PriceConfig,
)
from modelbay.platform.environment import variables_of

_HEADS = {
    ModelType.LLM: "Language models",
    ModelType.TEXT_EMBEDDING: "Embedding models",
    ModelType.RERANK: "Rerank models",
    ModelType.SPEECH2TEXT: "Speech to text",
    ModelType.TTS: "Speech",
    ModelType.MODERATION: "Moderation",
}
_METHODS = {
    ConfigurateMethod.PREDEFINED_MODEL: "with credentials of the provider, for all declared models",
    ConfigurateMethod.CUSTOMIZABLE_MODEL: "model by model, each with its own credentials",
    ConfigurateMethod.FETCH_FROM_REMOTE: "the provider lists its models (`modelbay models --fetch`)",
}
_FEATURES = {
    "tool-call": "tools",
    "agent-thought": "reasoning",
    "vision": "images",
    "document": "documents",
    "audio": "audio",
    "video": "video",
    "structured-output": "JSON schema",
    "polling": "polling",
}
_LIMITS = {
    "max_chunks": "texts a request",
    "max_tokens_per_request": "tokens a request",
    "max_characters_per_chunk": "characters a text",
    "word_limit": "characters a request",
    "file_upload_limit": "MB a file",
    "supported_file_extensions": "files",
    "audio_type": "audio",
    "default_voice": "default voice",
}
_MILLION = Decimal(1_000_000)


def provider_pages() -> dict[str, str]:
    """Return the page of every built-in provider, by file name below the reference."""
    catalog = Catalog()
    return {
        f"providers/{row.provider}.md": _page(catalog, row.provider)
        for row in catalog.providers()
        if (catalog.provider(row.provider).folder / "_assets/icon.svg").is_file()
    }


def matrix_table(provider: str | None = None) -> str:
    """Return how many conformance cases are passed, by what they are about."""
    rows = [row for row in standings() if provider in (None, row.provider)]
    return table(("called as", *COLUMNS.values(), "all"), (cells(row) for row in rows)) if rows else ""


def _page(catalog: Catalog, name: str) -> str:
    plugin = catalog.provider(name)
    declared = plugin.provider
    icon = f"../../../src/modelbay/providers/{name}/_assets/icon.svg"
    matrix = matrix_table(name)
    return page(
        declared.label.en_us,
        f'<img src="{icon}" width="48" height="48" alt="">',
        declared.description.en_us if declared.description else "",
        f"Models are named `{name}/…`.",
        *_set_up(declared),
        *_notes(declared),
        *(
            _models(declared, kind, plugin.models)
            for kind in _HEADS
            if kind in declared.supported_model_types
        ),
        f"## Conformance\n\nCases of the kit's suite that pass.\n\n{matrix}" if matrix else "",
    )


def _set_up(declared: ModelProviderConfiguration) -> Iterable[str]:
    methods = "\n".join(f"- `{method}`: {_METHODS[method]}" for method in declared.configurate_methods)
    yield f"## Set it up\n\n{methods}"
    if declared.help and declared.help.url:
        yield f"[{declared.help.title.en_us}]({declared.help.url.en_us})."
    forms = (
        ("Credentials of the provider", declared.provider_credential_schema),
        ("Credentials of one model", declared.model_credential_schema),
    )
    for title, form in forms:
        if form and form.credential_form_schemas:
            yield f"### {title}\n\n{_fields(declared, form.credential_form_schemas)}"


def _fields(declared: ModelProviderConfiguration, fields: Sequence[CredentialFormSchema]) -> str:
    variables = variables_of(declared)
    heads = ("credential", "what it is", "required", "default", "choices", "asked for", "environment")
    rows = [
        (
            code(field.variable),
            field.label.en_us + (" (secret)" if field.type.value == "secret-input" else ""),
            "yes" if field.required else "",
            code(field.default or ""),
            _choices(field),
            ", ".join(f"{code(one.variable.strip('_'))} = {code(one.value)}" for one in field.show_on),
            ", ".join(code(each) for each in variables.get(field.variable, [])),
        )
        for field in fields
    ]
    return _without_empty_columns(heads, rows)


def _choices(field: CredentialFormSchema) -> str:
    values = [option.value for option in field.options or []]
    shown = ", ".join(code(value) for value in values[:6])
    return f"{shown}, … ({len(values)})" if len(values) > 6 else shown


def _notes(declared: ModelProviderConfiguration) -> Iterable[str]:
    if declared.notes:
        lines = "\n".join(f"- {note.en_us}" for note in declared.notes)
        yield f"## What to know\n\n{lines}"


def _models(declared: ModelProviderConfiguration, kind: ModelType, models: Sequence[AIModelEntity]) -> str:
    found = [model for model in models if model.model_type is kind]
    if not found:
        return f"## {_HEADS[kind]}\n\nAny: you name the model, and say in its form what it can do."
    heads = ("model", "context", "answer", "can", "input", "cached", "output", "price of", "limits", "")
    rows = [_row(model) for model in found]
    return "\n\n".join(
        filter(None, [f"## {_HEADS[kind]}", _sources(found), _without_empty_columns(heads, rows)])
    )


def _row(model: AIModelEntity) -> tuple[str, ...]:
    rules = {rule.name: rule for rule in model.parameter_rules}
    limit = rules["max_tokens"].max if "max_tokens" in rules else None
    pricing = model.pricing
    prices = [_price(pricing, name) for name in ("input", "cached", "output")]
    return (
        code(model.model),
        _number(model.property_of("context_size")),
        _number(int(limit) if limit else None),
        ", ".join(_FEATURES[each] for each in model.features or [] if each in _FEATURES),
        *prices,
        _unit(pricing),
        _limits(model.model_properties),
        "being retired" if model.deprecated else "",
    )


def _price(pricing: PriceConfig | None, name: str) -> str:
    value = getattr(pricing, name) if pricing else None
    if pricing is None or value is None:
        return ""
    shown = f"{_plain(value * pricing.unit * _per(pricing))}"
    return f"from {shown}" if pricing.tiers and name != "cached" else shown


def _per(pricing: PriceConfig) -> Decimal:
    return _MILLION if pricing.meter.value in ("token", "character") else Decimal(1)


def _unit(pricing: PriceConfig | None) -> str:
    if pricing is None:
        return ""
    many = pricing.meter.value in ("token", "character")
    return f"{pricing.currency}, {'1M ' if many else 'a '}{pricing.meter.value}{'s' if many else ''}"


def _sources(models: Sequence[AIModelEntity]) -> str:
    """Return where the prices are from, and when they were read: most common first."""
    found = Counter(
        (model.pricing.source, model.pricing.as_of)
        for model in models
        if model.pricing and model.pricing.source
    )
    said = "; ".join(f"{source}, read {day}" for (source, day), _ in found.most_common())
    unpriced = sum(model.pricing is None for model in models)
    parts = [f"Prices: {said}." if said else "", f"Not known: {unpriced}." if said and unpriced else ""]
    return " ".join(filter(None, parts)) or ("Prices are not known." if unpriced == len(models) else "")


def _limits(properties: Mapping[Any, Any]) -> str:
    said = [f"{label}: {properties[name]}" for name, label in _LIMITS.items() if properties.get(name)]
    voices = properties.get("voices")
    return ", ".join([*said, *([f"{len(voices)} voices"] if voices else [])])


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else ""


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")


def _without_empty_columns(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    kept = [place for place in range(len(heads)) if any(row[place] for row in rows)]
    return table([heads[place] for place in kept], ([row[place] for place in kept] for row in rows))
