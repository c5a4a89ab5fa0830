"""The order in which a provider wants its models shown. It is advice: it never adds or hides a model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from modelbay.catalog.documents import DocumentError, read_document
from modelbay.catalog.find import PluginFiles
from modelbay.catalog.findings import DeclarationWarning, Place, WarningKind
from modelbay.errors import DeclarationError

POSITION_SUFFIXES = ("_position.yaml", "_position.yml")


def read_position(
    files: PluginFiles, named: Any, matched: Iterable[str], found: list[DeclarationWarning]
) -> tuple[list[str], str]:
    """Return the names in a type's position file, and its path: the one named, else the one matched."""
    candidates = [named.removeprefix("./")] if isinstance(named, str) else []
    candidates += [path for path in matched if path.endswith(POSITION_SUFFIXES)]
    for path in candidates:
        if path in files:
            return _names(files, path, found), path
        Place(found, path).warn(
            WarningKind.POSITION, "the position file does not exist; add it or remove its name."
        )
    return [], ""


def _names(files: PluginFiles, path: str, found: list[DeclarationWarning]) -> list[str]:
    place = Place(found, path)
    try:
        names = read_document(files.content(path)).data
    except (DocumentError, DeclarationError) as error:
        place.warn(WarningKind.POSITION, f"{error} The order of the files is used.")
        return []
    if names is not None and not isinstance(names, list):
        place.warn(
            WarningKind.POSITION, "this must be a list of model names; the order of the files is used."
        )
        return []
    return [str(name) for name in names or [] if not isinstance(name, dict | list)]


def ordered(models: Sequence[dict[str, Any]], names: list[str]) -> list[dict[str, Any]]:
    """Return models by position; those that have none follow in the order they came."""
    rank = {name: index for index, name in reversed(list(enumerate(names)))}
    return sorted(models, key=lambda model: rank.get(model["model"], len(names)))


def known_names(names: list[str], models: Iterable[dict[str, Any]], place: Place) -> list[str]:
    """Return the names that models have; note the others."""
    present = {model["model"] for model in models}
    unknown = [name for name in names if name not in present]
    if unknown:
        message = f"no model is named {', '.join(map(repr, unknown))}; correct or remove what has no model."
        place.warn(WarningKind.POSITION, message)
    return [name for name in names if name in present]
