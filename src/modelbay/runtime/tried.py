"""What one call has tried and passed over, as the ledger keeps it."""

from __future__ import annotations

from typing import Any, Final

from modelbay.runtime.cooling import ErrorClass
from modelbay.runtime.names import ModelName
from modelbay.runtime.ports import Using

_MOST: Final = 12
_LONGEST_NAME: Final = 80


class Tried:
    """The `notes` of one call, in order; no more than the ledger has room for."""

    __slots__ = ("notes",)

    def __init__(self) -> None:
        self.notes: list[dict[str, Any]] = []

    def attempted(
        self, name: ModelName, using: Using, *, why: str, error: str, status: int | None, seconds: float
    ) -> None:
        """Note an attempt, and the class of its error; "" if it answers."""
        told = {"error": error, "status": status, "seconds": round(seconds, 3), "why": why}
        self._note(name, using, told)

    def passed(self, name: ModelName, using: Using, kind: ErrorClass | None, left: float | None) -> None:
        """Note credentials that were left alone: after what, and the seconds for which they still are."""
        told = {"passed": kind.value if kind else "", "left": round(left or 0.0, 1)}
        self._note(name, using, told)

    def summary(self) -> str:
        """Return what was tried in one line: names, and after which class of error each was left."""
        tried = [note for note in self.notes if "passed" not in note]
        return ", ".join(f"{note['model']} ({note['name']}) {note['error'] or 'ok'}" for note in tried)

    def _note(self, name: ModelName, using: Using, told: dict[str, Any]) -> None:
        if len(self.notes) >= _MOST:
            return
        where = {
            "model": str(name)[:_LONGEST_NAME],
            "credential": using.id,
            "name": using.name[:_LONGEST_NAME],
        }
        self.notes.append(where | told)
