"""What one call has tried and passed over, as the ledger keeps it."""

from __future__ import annotations

from typing import Any, Final

from modelbay.runtime.cooling import ErrorClass
from modelbay.runtime.names import ModelName
from modelbay.runtime.ports import Using

_MOST_PASSED: Final = 4
_LONGEST_NAME: Final = 80


class Tried:
    """The `notes` of one call, in order: all attempts, which are few, and the first that were passed over."""

    __slots__ = ("_passed", "notes")

    def __init__(self) -> None:
        self.notes: list[dict[str, Any]] = []
        self._passed: list[dict[str, Any]] = []

    def attempted(
        self, name: ModelName, using: Using, *, why: str, error: str, status: int | None, seconds: float
    ) -> None:
        """Note an attempt, and the class of its error; "" if it answers."""
        told = {"error": error, "status": status, "seconds": round(seconds, 3), "why": why}
        self.notes.append(_who(name, using) | told)

    def passed(self, name: ModelName, using: Using, kind: ErrorClass | None, left: float | None) -> None:
        """Note credentials that were left alone: after what, and the seconds for which they still are.

        Where these are too many, the last of those that are told says how many `more` there were.
        """
        if len(self._passed) == _MOST_PASSED:
            self._passed[-1]["more"] = self._passed[-1].get("more", 0) + 1
            return
        told = {"passed": kind.value if kind else "", "left": round(left or 0.0, 1)}
        self._passed.append(_who(name, using) | told)
        self.notes.append(self._passed[-1])

    def summary(self) -> str:
        """Return what was tried in one line: names, and after which class of error each was left."""
        tried = [note for note in self.notes if "passed" not in note]
        return ", ".join(f"{note['model']} ({note['name']}) {note['error'] or 'ok'}" for note in tried)


def _who(name: ModelName, using: Using) -> dict[str, Any]:
    return {"model": str(name)[:_LONGEST_NAME], "credential": using.id, "name": using.name[:_LONGEST_NAME]}
