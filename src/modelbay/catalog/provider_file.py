"""Read `manifest.yaml` and the provider's YAML with tolerance."""

from __future__ import annotations

from typing import Any

from modelbay.catalog.documents import Document
from modelbay.catalog.findings import Path, Place, WarningKind
from modelbay.catalog.repair import repaired
from modelbay.catalog.texts import clean_texts, plain_text
from modelbay.entities import FormType, ModelProviderConfiguration, ModelType, PluginManifest

_ICONS = ("icon_small", "icon_large", "icon_small_dark", "icon_large_dark")
_FORMS = ("provider_credential_schema", "model_credential_schema")
_FORM_TYPES = frozenset(FormType)
_ESSENTIAL = frozenset({"provider", "wire", "label", "supported_model_types", "configurate_methods"})
_METHODS = ("predefined-model", "customizable-model", "fetch-from-remote")
_TYPES = frozenset(ModelType)


def tolerate_manifest(document: Document, place: Place) -> dict[str, Any]:
    """Return the manifest as plain data that `PluginManifest` accepts.

    Raises:
        UnusableError: The package has no name or no version.
    """
    manifest = _present(document, "name", "version")
    clean_texts(manifest, ("label", "description"), place)
    _stand_in(manifest, "label", manifest.get("name"), place)
    _stand_in(manifest, "description", manifest.get("label"), place)
    return repaired(PluginManifest, manifest, place, essential={"name", "version", "label", "description"})


def tolerate_provider(document: Document, place: Place) -> dict[str, Any]:
    """Return the provider as plain data that `ModelProviderConfiguration` accepts, without its models.

    Raises:
        UnusableError: The provider has no name, or its `wire` cannot be understood.
    """
    provider = _present(document, "provider")
    models = provider.pop("models", {})
    extra = provider.get("extra")
    if isinstance(extra, dict) and isinstance(extra.get("python"), dict):
        provider["python"] = extra["python"]
    clean_texts(provider, ("label", "description", *_ICONS), place)
    _stand_in(provider, "label", provider.get("provider"), place)
    _clean_help(provider, place)
    _clean_lists(provider, models if isinstance(models, dict) else {}, place)
    for key in _FORMS:
        _clean_form(provider, key, place)
    return repaired(ModelProviderConfiguration, provider, place, essential=_ESSENTIAL)


def _present(document: Document, *names: str) -> dict[str, Any]:
    """Return the document without nulls, with the values of `names` as written: 1.10 is no number there."""
    values = {key: value for key, value in document.data.items() if value is not None}
    for key in names:
        if isinstance(values.get(key), int | float):
            values[key] = document.text_at((key,))
    return values


def _stand_in(holder: dict[str, Any], key: str, value: Any, place: Place) -> None:
    if key not in holder and value:
        place.warn(WarningKind.ODD_TEXT, f"{key} is missing; {value!r} stands in. Add it.")
        holder[key] = value


def _clean_help(provider: dict[str, Any], place: Place) -> None:
    help_ = provider.get("help")
    if isinstance(help_, dict):
        provider["help"] = dict(help_)
        clean_texts(provider["help"], ("title", "url"), place, ("help",))


def _clean_lists(provider: dict[str, Any], models: dict[str, Any], place: Place) -> None:
    declared_types = [key.replace("_", "-") for key in models if key.replace("_", "-") in _TYPES]
    default_methods = _METHODS[:1] if models else _METHODS[1:2]
    _clean_list(provider, "supported_model_types", list(_TYPES), declared_types, place)
    _clean_list(provider, "configurate_methods", list(_METHODS), list(default_methods), place)


def _clean_list(
    provider: dict[str, Any], key: str, allowed: list[str], instead: list[str], place: Place
) -> None:
    values = provider.get(key)
    if not isinstance(values, list):
        place.warn(WarningKind.ODD_VALUE, f"{key} is not a list; {instead} is assumed. Write it.", key)
        values = instead
    for value in values:
        if value not in allowed:
            place.warn(
                WarningKind.UNKNOWN_VALUE, f"{key} has {value!r}, which is not known, and not used.", key
            )
    provider[key] = [value for value in values if value in allowed]


def _clean_form(provider: dict[str, Any], key: str, place: Place) -> None:
    form = provider.get(key)
    if not isinstance(form, dict):
        return
    provider[key] = form = dict(form)
    if isinstance(form.get("model"), dict):
        form["model"] = dict(form["model"])
        clean_texts(form["model"], ("label", "placeholder"), place, (key, "model"))
        form["model"].setdefault("label", "Model")
    fields = form.get("credential_form_schemas") or []
    if isinstance(fields, list):
        path = (key, "credential_form_schemas")
        form["credential_form_schemas"] = [
            _clean_field(field, place, (*path, index)) if isinstance(field, dict) else field
            for index, field in enumerate(fields)
        ]
        _note_repeated(form["credential_form_schemas"], place, path)


def _clean_field(declared: dict[str, Any], place: Place, path: Path) -> dict[str, Any]:
    field = {key: value for key, value in declared.items() if value is not None}
    clean_texts(field, ("label", "placeholder", "help"), place, path)
    field.setdefault("label", str(field.get("variable", "")))
    if not isinstance(field.get("type"), str) or field["type"] not in _FORM_TYPES:
        # What is not understood may be a secret, and a secret must never be shown.
        message = f"the field {field.get('variable')} has no known type; it is asked like a secret."
        place.warn(WarningKind.UNKNOWN_VALUE, message, *path, "type")
        field["type"] = FormType.SECRET_INPUT.value
    _as_text(field, "default", place, path)
    _clean_conditions(field, place, path)
    if isinstance(field.get("options"), list):
        field["options"] = [
            _clean_option(option, place, (*path, "options", index))
            for index, option in enumerate(field["options"])
        ]
    return field


def _clean_option(declared: Any, place: Place, path: Path) -> Any:
    if not isinstance(declared, dict):
        return declared
    option = {key: value for key, value in declared.items() if value is not None}
    clean_texts(option, ("label",), place, path)
    _as_text(option, "value", place, path)
    _clean_conditions(option, place, path)
    return option


def _clean_conditions(holder: dict[str, Any], place: Place, path: Path) -> None:
    conditions = holder.get("show_on")
    if isinstance(conditions, list):
        holder["show_on"] = conditions = [
            dict(each) if isinstance(each, dict) else each for each in conditions
        ]
        for index, condition in enumerate(conditions):
            if isinstance(condition, dict):
                _as_text(condition, "value", place, (*path, "show_on", index))


def _as_text(holder: dict[str, Any], key: str, place: Place, path: Path) -> None:
    value = holder.get(key)
    if isinstance(value, bool | int | float):
        place.warn(WarningKind.ODD_VALUE, f"{key} is not text; put it in quotes.", *path, key)
        holder[key] = plain_text(value)


def _note_repeated(fields: list[Any], place: Place, path: Path) -> None:
    """One variable may have several fields that show under different conditions, not under the same."""
    seen: list[tuple[Any, Any]] = []
    for index, field in enumerate(fields):
        if not isinstance(field, dict):
            continue
        shown = (field.get("variable"), field.get("show_on") or [])
        if shown in seen:
            message = f"the variable {shown[0]} has two fields that show together; remove one."
            place.warn(WarningKind.REPEATED_VARIABLE, message, *path, index)
        seen.append(shown)
