"""All operations, and finding the one that a request means."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

from modelbay.gateway.api import subjects
from modelbay.gateway.api.operation import VALUE, Operation
from modelbay.gateway.api.problems import ProblemError


def all_operations() -> Sequence[Operation]:
    """Return the operations of every module in `subjects`, by module."""
    names = sorted(each.name for each in pkgutil.iter_modules(subjects.__path__))
    modules = [importlib.import_module(f"{subjects.__name__}.{name}") for name in names]
    return [operation for module in modules for operation in module.OPERATIONS]


class Table:
    """Operations by the shape of their paths: words are compared as they were sent, once decoded."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        """Take operations.

        Raises:
            ValueError: Two have one id, or one method and path.
        """
        self.operations = tuple(operations)
        self._root: dict[str, Any] = {}
        ids = [operation.id for operation in self.operations]
        twice = {each for each in ids if ids.count(each) > 1}
        if twice:
            raise ValueError(f"there are two operations {sorted(twice)[0]}")
        for operation in self.operations:
            self._add(operation)

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]]:
        """Return the operation of a request and what the path says of its parameters.

        Raises:
            ProblemError: Nothing is there, or it takes other methods.
        """
        values: list[str] = []
        methods = _walk(self._root, _segments(path), values)
        if not methods:
            raise ProblemError(
                404, "nothing is served at this path; GET /api/openapi.json says what is", "no_path"
            )
        found = methods.get("GET" if method == "HEAD" else method)
        if found is None:
            allowed = sorted({*methods, *({"HEAD"} if "GET" in methods else ())})
            raise ProblemError(
                405,
                f"this path takes {' and '.join(allowed)}",
                "no_method",
                headers=(("allow", ", ".join(allowed)),),
            )
        return found, dict(zip(found.names, values, strict=True))

    def _add(self, operation: Operation) -> None:
        place = self._root
        for part in operation.segments:
            place = place.setdefault("{}" if part.startswith("{") else part, {})
        methods: dict[str, Operation] = place.setdefault("", {})
        if operation.method in methods:
            raise ValueError(f"there are two operations {operation.method} {operation.path}")
        methods[operation.method] = operation


def _walk(place: Mapping[str, Any], parts: Sequence[str], values: list[str]) -> Mapping[str, Operation]:
    """Return what is served at a path, by method; a word comes before a parameter."""
    for part in parts:
        if not part:
            return {}
        if part in place and part != "{}":
            place = place[part]
        elif "{}" in place and VALUE.fullmatch(part):
            values.append(part)
            place = place["{}"]
        else:
            return {}
    found: Mapping[str, Operation] = place.get("", {})
    return found


def _segments(path: str) -> list[str]:
    """Return the parts of a path behind the prefix, each decoded once; a slash in one divides nothing."""
    try:
        return [unquote_to_bytes(part).decode() for part in path.split("/")[2:]]
    except UnicodeDecodeError:
        raise ProblemError(404, "the path is not UTF-8", "no_path") from None
