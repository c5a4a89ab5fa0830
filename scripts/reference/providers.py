"""Which provider has models of which type, as tables."""

from __future__ import annotations

from scripts.reference.markdown import code, page, table
from scripts.reference.provider_pages import matrix_table

from modelbay.catalog import Catalog, ProviderSummary
from modelbay.cli.completion import TYPES

_HEADS = {
    "llm": "llm",
    "text-embedding": "embedding",
    "rerank": "rerank",
    "speech2text": "speech to text",
    "tts": "speech",
    "moderation": "moderation",
}

_ABOUT = """\
Declared models by type. `own`: you add models, or the server is asked which it has. The name leads to a page
of the provider's own: credentials, models, prices, limits, and what to know of it."""
_ABOUT_CONFORMANCE = """\
Each provider is called as a user calls it, against a fake of its API over a real socket that refuses what the
published description, or else the provider's documentation, does not allow. These are the cases of
[the kit's suite](testing.md) that pass; `modelbay providers --matrix` prints the same."""


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
        _ABOUT,
        _linked_table(),
        "## Conformance",
        _ABOUT_CONFORMANCE,
        matrix_table(),
    )


def _linked_table() -> str:
    rows = [
        (row.label, f"[{row.provider}](providers/{row.provider}.md)", *(_cell(row, kind) for kind in TYPES))
        for row in Catalog().providers()
    ]
    return table(("provider", "name", *(_HEADS[kind] for kind in TYPES)), rows)


def _cell(row: ProviderSummary, kind: str) -> str:
    if kind not in row.model_types:
        return ""
    return str(row.models[kind]) if row.models.get(kind) else "own"
