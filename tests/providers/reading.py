"""The built-in providers as they are declared, for tests of the declarations."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from modelbay.catalog import Plugin, read_plugin
from modelbay.entities import AIModelEntity, ModelType, ParameterRule, WireDeclaration
from modelbay.sdk.wired.custom import custom_schema

PROVIDERS = Path(__file__).parents[2] / "src/modelbay/providers"
SHARED = Path(__file__).parents[2] / "../shared"
NAMES = sorted(
    path.parent.name for path in PROVIDERS.glob("*/manifest.yaml") if path.parent.name != "sandbox"
)
TABLES = sorted(PROVIDERS.glob("*/models/*/*.yaml"), key=str)
TABLES = [path for path in TABLES if path.relative_to(PROVIDERS).parts[0] in NAMES]
EACH = pytest.mark.parametrize("name", NAMES)


@cache
def plugin(name: str) -> Plugin:
    """Read a built-in plugin."""
    return read_plugin(PROVIDERS / name)


def model(provider: str, name: str, model_type: str = "llm") -> AIModelEntity:
    """Return one declared model."""
    return next(
        each for each in plugin(provider).models if each.model == name and each.model_type == model_type
    )


def rule(declared: AIModelEntity, name: str) -> ParameterRule | None:
    """Return a model's rule of that name, if it has one."""
    return next((each for each in declared.parameter_rules if each.name == name), None)


def wire_of(provider: str) -> WireDeclaration:
    """Return a provider's wire."""
    wire = plugin(provider).provider.wire
    assert wire is not None
    return wire


def custom(provider: str, model_type: ModelType, credentials: dict[str, Any]) -> AIModelEntity:
    """Return the declaration of a custom model."""
    return custom_schema("mine", model_type, wire_of(provider).custom[model_type], credentials)


def texts(path: Path) -> dict[str, Any]:
    """Return a YAML file as it stands, before any tolerance."""
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def languages_in(value: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every text in several languages with its place."""
    if isinstance(value, dict):
        if "en_US" in value:
            yield place, value
        for key, item in value.items():
            yield from languages_in(item, f"{place}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from languages_in(item, f"{place}[{index}]")


def nulls_in(value: Any, place: str = "") -> Iterator[str]:
    """Yield the places that are empty, as after a comma that should have been quoted."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from nulls_in(item, f"{place}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from nulls_in(item, f"{place}[{index}]")
    elif value is None:
        yield place
