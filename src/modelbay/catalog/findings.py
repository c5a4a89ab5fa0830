"""What is odd in a plugin's declarations: kept as data, so that a list, a page or a check can show it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

Path = tuple[str | int, ...]
"""Where a value is in a document: mapping keys and list positions from the root."""


class WarningKind(StrEnum):
    """What sort of oddity it is. The value read is usable in every case."""

    UNKNOWN_FEATURE = "unknown-feature"
    UNKNOWN_PROPERTY = "unknown-property"
    UNKNOWN_VALUE = "unknown-value"
    UNKNOWN_KEY = "unknown-key"
    REPEATED_KEY = "repeated-key"
    ODD_TEXT = "odd-text"
    ODD_VALUE = "odd-value"
    ODD_PRICE = "odd-price"
    DROPPED_VALUE = "dropped-value"
    DROPPED_RULE = "dropped-rule"
    DROPPED_FILE = "dropped-file"
    SKIPPED_MODEL = "skipped-model"
    REPEATED_MODEL = "repeated-model"
    REPEATED_VARIABLE = "repeated-variable"
    REPEATED_PROVIDER = "repeated-provider"
    POSITION = "position"
    FILES = "files"


class DeclarationWarning(NamedTuple):
    """One oddity: in which file of the plugin (and line, from 1, where known), on which model; what to do."""

    kind: WarningKind
    message: str
    file: str
    line: int | None = None
    model: str | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.model}: {self.message}" if self.model else f"{place}: {self.message}"


def _no_line(_path: Path) -> int | None:
    return None


@dataclass(frozen=True, slots=True)
class Place:
    """A file, and perhaps a model in it, about which warnings are collected into `found`."""

    found: list[DeclarationWarning]
    file: str
    line_of: Callable[[Path], int | None] = _no_line
    model: str | None = None

    def warn(self, kind: WarningKind, message: str, *path: str | int) -> None:
        """Note an oddity of the value at `path`."""
        self.found.append(DeclarationWarning(kind, message, self.file, self.line_of(path), self.model))

    def warn_of_repeated(self, keys: Iterable[tuple[str, int]]) -> None:
        """Note the keys that stand twice in one mapping of the file, with the line of the second."""
        for key, line in keys:
            message = f"the key {key} stands twice; the last counts. Remove one."
            self.found.append(DeclarationWarning(WarningKind.REPEATED_KEY, message, self.file, line))

    def of_model(self, model: str, line_of: Callable[[Path], int | None]) -> Place:
        """Return the place of one model of this file."""
        return replace(self, model=model, line_of=line_of)


def count_kinds(warnings: Iterable[DeclarationWarning]) -> dict[str, int]:
    """Return how many warnings there are of each kind."""
    return dict(Counter(warning.kind.value for warning in warnings))
