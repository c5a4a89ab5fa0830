"""A model file: one model, or a table of them (`defaults:` under each entry of `models:`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from modelbay.catalog.documents import Document
from modelbay.catalog.findings import Path, Place, WarningKind
from modelbay.catalog.rules import rule_name

_MERGED = frozenset({"model_properties", "pricing", "wire"})
_ADD = "+"


class DeclaredModel(NamedTuple):
    """One model as it stands in a file, before tolerance; `line_of` finds its values in the file."""

    values: dict[str, Any]
    line_of: Callable[[Path], int | None]


def declared_models(document: Document, place: Place) -> Iterator[DeclaredModel]:
    """Yield the models of a file in order; what is no model is noted and left."""
    data = document.data
    if not isinstance(data, dict) or not data:
        fault = "the file is empty" if not data else "the file is not a mapping"
        place.warn(WarningKind.SKIPPED_MODEL, f"{fault}; declare a model in it or remove it.")
    elif "models" in data:
        yield from _table(document, data, place)
    else:
        yield DeclaredModel(_with_written_name(data, document, ()), document.line_of)


def _table(document: Document, table: dict[str, Any], place: Place) -> Iterator[DeclaredModel]:
    for key in sorted(table.keys() - {"defaults", "models"}):
        message = f"the key {key} beside `models:` is not used; move it under `defaults:`."
        place.warn(WarningKind.UNKNOWN_KEY, message, key)
    defaults, entries = table.get("defaults") or {}, table["models"] or []
    if not isinstance(defaults, dict) or not isinstance(entries, list):
        message = "`defaults:` must be a mapping and `models:` a list; no model of the file is read."
        place.warn(WarningKind.SKIPPED_MODEL, message, "models")
        return
    for index, entry in enumerate(entries):
        values = {"model": entry} if isinstance(entry, str) else entry
        if not isinstance(values, dict):
            message = f"entry {index + 1} of `models:` is not a mapping; give it `model:` or remove it."
            place.warn(WarningKind.SKIPPED_MODEL, message, "models", index)
            continue
        values = _with_written_name(values, document, ("models", index))
        yield DeclaredModel(merged(defaults, values), _line_in_table(document, values, index))


def merged(defaults: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    """Lay an entry over the defaults.

    A value replaces its default, but the keys of `model_properties`, `pricing` and `wire` are merged one by
    one, and a key that ends in `+` appends to the default list: a rule replaces the default rule of its name.
    """
    model = dict(defaults)
    for key, value in entry.items():
        if key in _MERGED and isinstance(value, dict) and isinstance(model.get(key), dict):
            model[key] = {**model[key], **value}
        elif not key.endswith(_ADD):
            model[key] = value
    for key, value in entry.items():
        if key.endswith(_ADD):
            name = key.removesuffix(_ADD)
            model[name] = _appended(name, model.get(name), value)
    return model


def _appended(name: str, defaults: Any, value: Any) -> list[Any]:
    before = defaults if isinstance(defaults, list) else []
    added = value if isinstance(value, list) else [value]
    if name != "parameter_rules":
        return before + [item for item in added if item not in before]
    # A replaced rule keeps the place of the default, so that forms show parameters in one order.
    own = {str(rule_name(rule)): rule for rule in added}
    kept = [own.pop(str(rule_name(rule)), rule) for rule in before]
    return kept + list(own.values())


def _with_written_name(values: dict[str, Any], document: Document, path: Path) -> dict[str, Any]:
    """Take a model's name as it was written: 1.10 is a name here, not the number 1.1."""
    name = values.get("model")
    if name is None or isinstance(name, str | dict | list):
        return values
    return {**values, "model": document.text_at((*path, "model"))}


def _line_in_table(document: Document, entry: dict[str, Any], index: int) -> Callable[[Path], int | None]:
    def line_of(path: Path) -> int | None:
        own = bool(path) and path[0] in entry
        return document.line_of(("models", index, *path) if own else ("models", index))

    return line_of
