"""Which plugins exist, and what they declare: found, read with tolerance, and kept in a compiled index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from modelbay.catalog.catalog import Catalog
from modelbay.catalog.findings import DeclarationWarning, WarningKind
from modelbay.catalog.plugin import Plugin
from modelbay.catalog.summaries import CatalogReport, ModelSummary, PriceSummary, ProviderSummary

if TYPE_CHECKING:
    from modelbay.catalog.read import read_plugin

__all__ = [
    "Catalog",
    "CatalogReport",
    "DeclarationWarning",
    "ModelSummary",
    "Plugin",
    "PriceSummary",
    "ProviderSummary",
    "WarningKind",
    "read_plugin",
]


def __getattr__(name: str) -> Any:
    # Reading needs YAML and the entities; who only lists models should not wait for their import.
    if name == "read_plugin":
        from modelbay.catalog.read import read_plugin  # noqa: PLC0415

        return read_plugin
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
