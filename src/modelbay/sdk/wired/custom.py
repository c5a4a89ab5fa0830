"""Declarations of the models that people add themselves, made from a provider's template. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from modelbay.entities import AIModelEntity, FetchFrom, ModelType

_WHOLE = re.compile(r"\{(\w+)(?:\|([^}]*))?\}")
_DECIMAL = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_ABSENT = object()
DEFAULT_TEMPLATES: Mapping[ModelType, Mapping[str, Any]] = {
    ModelType.LLM: {
        "model_properties": {"mode": "chat"},
        "parameter_rules": [
            {"name": "temperature", "use_template": "temperature", "max": 2},
            "top_p",
            {"name": "max_tokens", "type": "int", "min": 1},
            {"name": "presence_penalty", "use_template": "presence_penalty", "min": -2, "max": 2},
            {"name": "frequency_penalty", "use_template": "frequency_penalty", "min": -2, "max": 2},
            {"name": "seed", "type": "int"},
            {"name": "response_format", "type": "string", "options": ["text", "json_object", "json_schema"]},
            "json_schema",
            {"name": "tool_choice", "type": "string"},
        ],
    }
}
"""What is assumed of a model that neither the YAML nor the provider's own template declares."""

_PRICE_KEYS = frozenset({"input", "unit", "currency"})


def custom_schema(
    model: str, model_type: ModelType, template: Mapping[str, Any], credentials: Mapping[str, Any]
) -> AIModelEntity:
    """Return the declaration of a custom model.

    Args:
        template: A model declaration. A text `{name}` becomes the credential of that name, `{name|text}` has
            a default; a key whose credential is empty is left out, and so is a mapping of which nothing
            remains. What has a key `when` counts only if each credential named there has one of the values
            listed: a parameter rule, an option, or a feature, which is then `{feature, when}`.
    """
    filled = _filled({name: part for name, part in template.items() if name != "like"}, credentials)
    filled = {} if filled is _ABSENT else filled
    features = [_feature(entry) for entry in filled.pop("features", [])]
    if not filled.get("pricing", {}).keys() >= _PRICE_KEYS:
        filled.pop("pricing", None)  # half a price is none
    label = credentials.get("display_name")
    return AIModelEntity.model_validate(
        {
            **filled,
            "model": model,
            "model_type": model_type,
            "label": {"en_US": label or model},
            "fetch_from": FetchFrom.CUSTOMIZABLE_MODEL,
            "features": features,
            "model_properties": _with_voices(filled.get("model_properties") or {}),
        }
    )


def base_of(template: Mapping[str, Any], credentials: Mapping[str, Any]) -> str:
    """Return the declared model that a custom one is like, as its credentials say; "" if they do not.

    The template's `like` is a text that names a credential, or `{credential, values}`: what each value means.
    """
    like = template.get("like")
    if isinstance(like, Mapping):
        return str(like.get("values", {}).get(str(credentials.get(like["credential"])), ""))
    found = _WHOLE.fullmatch(str(like or ""))
    return str(credentials.get(found[1]) or "") if found else ""


def with_description(declared: AIModelEntity, described: AIModelEntity) -> AIModelEntity:
    """Return the declaration with what the upstream says of the model: features, sizes, how to call it."""
    features = [*(declared.features or []), *(described.features or [])]
    return declared.model_copy(
        update={
            "features": list(dict.fromkeys(features)),
            "model_properties": {**declared.model_properties, **described.model_properties},
            "wire": {**described.wire, **declared.wire},
            "fetch_from": described.fetch_from,
        }
    )


def _feature(entry: Any) -> str:
    return str(entry["feature"] if isinstance(entry, Mapping) else entry)


def _filled(value: Any, credentials: Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping):
        return _filled_mapping(value, credentials)
    if isinstance(value, list):
        items = (_filled(item, credentials) for item in value)
        return [item for item in items if item is not _ABSENT]
    found = _WHOLE.fullmatch(value) if isinstance(value, str) else None
    return _number(credentials.get(found[1]) or found[2]) if found else value


def _filled_mapping(value: Mapping[str, Any], credentials: Mapping[str, Any]) -> Any:
    if not _applies(value.get("when", {}), credentials):
        return _ABSENT
    pairs = {key: _filled(item, credentials) for key, item in value.items() if key != "when"}
    filled = {key: item for key, item in pairs.items() if item is not _ABSENT}
    return filled if filled or not pairs else _ABSENT


def _applies(conditions: Mapping[str, Any], credentials: Mapping[str, Any]) -> bool:
    return all(str(credentials.get(name)) in values for name, values in conditions.items())


def _number(value: Any) -> Any:
    """Return a credential as the number it spells: forms give numbers as text."""
    if not isinstance(value, str):
        return _ABSENT if value is None else value
    text = value.strip()
    if _DECIMAL.fullmatch(text):
        return float(text) if "." in text else int(text)
    return text or _ABSENT


def _with_voices(properties: dict[str, Any]) -> dict[str, Any]:
    """Return the properties with the voices that a form gave as text; the first is the default."""
    if not isinstance(properties.get("voices"), str):
        return properties
    names = [name.strip() for name in properties["voices"].split(",") if name.strip()]
    voices = [{"mode": name, "name": name, "language": []} for name in names]
    return {"default_voice": names[0] if names else "", **properties, "voices": voices}
