"""Texts in several languages as they occur in the wild, brought to the one form."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from modelbay.catalog.findings import Path, Place, WarningKind


def clean_texts(holder: dict[str, Any], keys: Iterable[str], place: Place, path: Path = ()) -> None:
    """Bring the texts under `keys` to the form `{en_US: …}`; one without any words is taken out."""
    for key in keys:
        if key not in holder:
            continue
        text = _clean(holder[key], place, (*path, key))
        if text is None:
            del holder[key]
        else:
            holder[key] = text


def _clean(value: Any, place: Place, path: Path) -> str | dict[str, Any] | None:
    if not isinstance(value, dict):
        return _words(value)
    if isinstance(value.get("text"), dict) and "en_US" not in value:
        place.warn(WarningKind.ODD_TEXT, f"{_name(path)}: write the languages without `text:`.", *path)
        value = value["text"]
    languages = {language: _words(text) for language, text in value.items()}
    empty = [language for language, text in languages.items() if text is None]
    if empty:
        place.warn(WarningKind.ODD_TEXT, f"{_name(path)}: {', '.join(empty)} is empty; remove it.", *path)
    return _with_english({language: text for language, text in languages.items() if text}, place, path)


def _with_english(languages: dict[str, str], place: Place, path: Path) -> dict[str, str] | None:
    if not languages or languages.get("en_US"):
        return languages or None
    language, text = next(iter(languages.items()))
    place.warn(WarningKind.ODD_TEXT, f"{_name(path)}: en_US is missing, {language} stands in; add it.", *path)
    return {**languages, "en_US": text}


def _words(value: Any) -> str | None:
    if value is None or isinstance(value, dict | list):
        return None
    return plain_text(value)


def plain_text(value: Any) -> str:
    """Return a plain YAML value as text: true and false as YAML writes them."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _name(path: Path) -> str:
    return ".".join(str(step) for step in path)
