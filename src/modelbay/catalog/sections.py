"""The `models:` section of a provider: which files hold models, and in which order they are shown."""

from __future__ import annotations

from typing import Any

from modelbay.catalog.documents import DocumentError, read_document
from modelbay.catalog.find import PluginFiles
from modelbay.catalog.findings import DeclarationWarning, Place, WarningKind
from modelbay.catalog.globs import matching
from modelbay.catalog.model_files import DeclaredModel, declared_models
from modelbay.catalog.positions import POSITION_SUFFIXES, known_names, ordered, read_position
from modelbay.catalog.repair import UnusableError
from modelbay.catalog.tolerate import tolerate_model
from modelbay.entities import ModelType
from modelbay.errors import DeclarationError

_TYPES = frozenset(ModelType)
_Found = dict[tuple[str, str], tuple[str, dict[str, Any]]]  # (type, name): (its section, the model)


def read_models(
    files: PluginFiles, place: Place, sections: Any
) -> tuple[list[dict[str, Any]], dict[str, list[str]]]:
    """Return the models that the sections name, in display order, and the positions that had an effect."""
    if sections is not None and not isinstance(sections, dict):
        place.warn(
            WarningKind.FILES, "`models:` is not a mapping from types to files; no model is read.", "models"
        )
    sections = sections if isinstance(sections, dict) else {}
    section_of: dict[str, str] = {}
    names_of: dict[str, tuple[list[str], str]] = {}
    for key, section in sections.items():
        matched, names_of[key] = _section(files, place, key, section)
        for path in matched:
            section_of.setdefault(path, key)
    return _in_order(_read_all(files, place, section_of), names_of, place)


def _section(
    files: PluginFiles, place: Place, key: str, section: Any
) -> tuple[list[str], tuple[list[str], str]]:
    """Return the model files of one section, and its position names with the file they are from."""
    if key.replace("_", "-") not in _TYPES:
        message = f"models.{key} is no model type; its models count by their own model_type."
        place.warn(WarningKind.UNKNOWN_VALUE, message, "models", key)
    if not isinstance(section, dict):
        place.warn(WarningKind.FILES, f"models.{key} has no `predefined:` list; add it.", "models", key)
        return [], ([], "")
    patterns = section.get("predefined") or []
    matched: list[str] = []
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        paths = matching(str(pattern), files.paths)
        if not paths:
            place.warn(WarningKind.FILES, f"{pattern} matches no file; correct or remove it.", "models", key)
        matched += paths
    names, position_path = read_position(files, section.get("position"), matched, place.found)
    models = [path for path in matched if path != position_path and not path.endswith(POSITION_SUFFIXES)]
    return models, (names, position_path)


def _read_all(files: PluginFiles, provider: Place, section_of: dict[str, str]) -> _Found:
    models: _Found = {}
    for path in sorted(section_of):
        place = Place(provider.found, path)
        try:
            document = read_document(files.content(path))
        except DocumentError as error:
            message = f"column {error.column}: {error.message}" if error.line else error.message
            place.found.append(DeclarationWarning(WarningKind.DROPPED_FILE, message, path, error.line))
            continue
        except DeclarationError as error:
            place.warn(WarningKind.DROPPED_FILE, error.description)
            continue
        place = Place(provider.found, path, document.line_of)
        place.warn_of_repeated(document.repeated_keys)
        for declared in declared_models(document, place):
            _add(models, declared, place, section_of[path])
    return models


def _add(models: _Found, declared: DeclaredModel, place: Place, section: str) -> None:
    values, line_of = declared
    place = place.of_model(str(values.get("model", "")), line_of)
    own_type = section.replace("_", "-")
    try:
        model = tolerate_model({"model_type": own_type, **values}, place)
    except UnusableError as error:
        place.warn(WarningKind.SKIPPED_MODEL, f"{error}; until then the model is not offered.", *error.path)
        return
    identity = (model["model_type"], model["model"])
    if models.pop(identity, None):
        message = f"the {identity[0]} model {identity[1]} is declared twice; this, the last by path, counts."
        place.warn(WarningKind.REPEATED_MODEL, message)
    models[identity] = (section, model)


def _in_order(
    models: _Found, names_of: dict[str, tuple[list[str], str]], place: Place
) -> tuple[list[dict[str, Any]], dict[str, list[str]]]:
    result: list[dict[str, Any]] = []
    positions: dict[str, list[str]] = {}
    for key, (names, path) in names_of.items():
        own = [model for section, model in models.values() if section == key]
        known = known_names(names, own, Place(place.found, path))
        if known:
            positions[key] = known
        result += ordered(own, known)
    return result, positions
