"""Leave out of a declaration what does not fit its entity, instead of losing the whole."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from modelbay.catalog.findings import Path, Place, WarningKind


class UnusableError(Exception):
    """A declaration lacks what it cannot do without; `path` says where."""

    def __init__(self, message: str, path: Path = ()) -> None:
        super().__init__(message)
        self.path = path


def repaired(
    entity: type[BaseModel], data: dict[str, Any], place: Place, *, essential: Set[str]
) -> dict[str, Any]:
    """Return `data` without the parts that `entity` refuses, each noted as a warning.

    The smallest part that can go is the item of a list that is at fault, else a key of the outermost mapping.

    Raises:
        UnusableError: What is at fault is one of the `essential` keys, or a required key is missing.
    """
    while True:
        try:
            entity.model_validate(data)
        except ValidationError as error:
            data = _without_fault(data, error.errors(include_url=False)[0], place, essential)
        else:
            return data


def _without_fault(
    data: dict[str, Any], fault: ErrorDetails, place: Place, essential: Set[str]
) -> dict[str, Any]:
    path = _existing(data, fault["loc"])
    words = f"{'.'.join(map(str, fault['loc']))}: {fault['msg'].lower()}"
    if not path or path[0] in essential:
        raise UnusableError(f"{words}; correct it", fault["loc"])
    lists = [depth for depth in range(1, len(path)) if isinstance(_at(data, path[:depth]), list)]
    cut = path[: lists[-1] + 1] if lists else path[:1]
    kind = WarningKind.DROPPED_RULE if cut[0] == "parameter_rules" else WarningKind.DROPPED_VALUE
    place.warn(kind, f"{words}; {'.'.join(map(str, cut))} is left out. Correct or remove it.", *cut)
    rest = _removed(data, cut)
    assert isinstance(rest, dict)
    return rest


def _existing(data: Any, path: Path) -> Path:
    """Return the part of an error's path that leads through the data: unions add steps of their own."""
    for depth, step in enumerate(path):
        if not _has(data, step):
            return path[:depth]
        data = data[step]
    return path


def _has(data: Any, step: str | int) -> bool:
    if isinstance(data, list):
        return isinstance(step, int) and step < len(data)
    return isinstance(data, dict) and step in data


def _at(data: Any, path: Path) -> Any:
    for step in path:
        data = data[step]
    return data


def _removed(data: Any, path: Path) -> Any:
    """Return a copy without the value at `path`; the original may be shared with other models."""
    first, *rest = path
    copy = data.copy()
    if rest:
        copy[first] = _removed(data[first], tuple(rest))
    else:
        del copy[first]
    return copy
