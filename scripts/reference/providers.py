"""Which provider has models of which type, as tables."""

from __future__ import annotations

from scripts.reference.markdown import code, page, table

from modelbay.catalog import Catalog, ProviderSummary
from modelbay.cli.completion import TYPES
from modelbay.platform.environment import variables_of

_HEADS = {
    "llm": "llm",
    "text-embedding": "embedding",
    "rerank": "rerank",
    "speech2text": "speech to text",
    "tts": "speech",
    "moderation": "moderation",
}


def providers_table() -> str:
    """Return the built-in providers by model type: declared models, or `own` where people add them."""
    rows = [
        (row.label, code(row.provider), *(_cell(row, kind) for kind in TYPES))
        for row in Catalog().providers()
    ]
    return table(("provider", "name", *(_HEADS[kind] for kind in TYPES)), rows)


def providers_page() -> str:
    """Return the page about the built-in providers."""
    return page(
        "Providers",
        "Declared models by type. `own`: you add models, or the server is asked which it has.",
        providers_table(),
        *(_provider(row) for row in Catalog().providers()),
    )


def _cell(row: ProviderSummary, kind: str) -> str:
    if kind not in row.model_types:
        return ""
    return str(row.models[kind]) if row.models.get(kind) else "own"


def _provider(row: ProviderSummary) -> str:
    declared = Catalog().provider(row.provider).provider
    description = declared.description.en_us if declared.description else ""
    variables = variables_of(declared)
    form = declared.provider_credential_schema or declared.model_credential_schema
    asked = {field.variable: field for field in reversed(form.credential_form_schemas if form else [])}
    fields = [
        (
            code(field.variable),
            field.label.en_us,
            "yes" if field.required else "",
            code(field.default or ""),
            ", ".join(code(name) for name in variables.get(field.variable, [])),
        )
        for field in reversed(asked.values())
    ]
    heads = ("credential", "what it is", "required", "default", "environment")
    methods = ", ".join(code(method) for method in row.configurate_methods)
    return "\n\n".join(
        [f"## {row.label}", f"{description} Set up by: {methods}.", table(heads, fields) if fields else ""]
    )
