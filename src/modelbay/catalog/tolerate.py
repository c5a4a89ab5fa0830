"""Read one model's declaration with tolerance: what is not known is noted and left, never fatal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from modelbay.catalog.findings import Place, WarningKind
from modelbay.catalog.prices import clean_pricing
from modelbay.catalog.repair import UnusableError, repaired
from modelbay.catalog.rules import clean_rules
from modelbay.catalog.texts import clean_texts
from modelbay.entities import AIModelEntity, FetchFrom, ModelFeature, ModelPropertyKey

ESSENTIAL = frozenset({"model", "model_type"})
_FEATURES = frozenset(ModelFeature)
_PROPERTIES = frozenset(ModelPropertyKey)
_NUMBERS = frozenset(
    {
        "context_size",
        "max_chunks",
        "file_upload_limit",
        "max_characters_per_chunk",
        "word_limit",
        "max_workers",
    }
)


def tolerate_model(declared: dict[str, Any], place: Place) -> dict[str, Any]:
    """Return the declaration as plain data that `AIModelEntity` accepts.

    Raises:
        UnusableError: The model has no usable name or type.
    """
    model = {key: value for key, value in declared.items() if value is not None}
    if model.get("model") == "":
        raise UnusableError("model: the name is empty; correct it", ("model",))
    warn_of_unknown_keys(model, AIModelEntity.model_fields, place)
    clean_texts(model, ("label",), place)
    _clean_features(model, place)
    _clean_fetch_from(model, place)
    _clean_properties(model, place)
    clean_pricing(model, place)
    clean_rules(model, place)
    return repaired(AIModelEntity, model, place, essential=ESSENTIAL)


def warn_of_unknown_keys(
    holder: dict[str, Any], known: Iterable[str], place: Place, *path: str | int
) -> None:
    """Note the keys that the format does not have: perhaps a slip, perhaps meant for another program."""
    where = "".join(f"{step}." for step in path)
    for key in sorted(holder.keys() - set(known)):
        place.warn(WarningKind.UNKNOWN_KEY, f"the key {where}{key} is not known, and not used.", *path, key)


def _clean_features(model: dict[str, Any], place: Place) -> None:
    features = model.get("features", [])
    if isinstance(features, str):
        features = [features]
    if not isinstance(features, list):
        return
    known = [feature for feature in features if isinstance(feature, str) and feature in _FEATURES]
    for feature in features:
        if feature not in known:
            message = f"the feature {feature!r} is not known, and not used."
            place.warn(WarningKind.UNKNOWN_FEATURE, message, "features")
    if "features" in model:
        model["features"] = known


def _clean_fetch_from(model: dict[str, Any], place: Place) -> None:
    if "fetch_from" in model and model["fetch_from"] not in list(FetchFrom):
        wrong = model.pop("fetch_from")
        message = f"fetch_from {wrong!r} is not known; the model counts as predefined."
        place.warn(WarningKind.UNKNOWN_VALUE, message, "fetch_from")


def _clean_properties(model: dict[str, Any], place: Place) -> None:
    properties = model.get("model_properties")
    if not isinstance(properties, dict):
        return
    model["model_properties"] = properties = dict(properties)
    for key, value in properties.items():
        if key not in _PROPERTIES:
            message = f"the property {key} is not known; it is kept as it is."
            place.warn(WarningKind.UNKNOWN_PROPERTY, message, "model_properties", key)
        if key in _NUMBERS and isinstance(value, str) and value.isdecimal():
            place.warn(
                WarningKind.ODD_VALUE, f"{key} is text; write it without quotes.", "model_properties", key
            )
            properties[key] = int(value)
