"""The fields of a client's request: each is taken once, or refused by its name; what nobody took is left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.errors import InvokeBadRequestError


class _Anything:
    """Equals every value."""

    def __eq__(self, _: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


HINT = _Anything()
"""Stands in a dialect's neutral values for a field that changes nothing in an answer, whatever it says."""


def wrong(field: str, how: str) -> InvokeBadRequestError:
    """Return the error that refuses a field."""
    return InvokeBadRequestError(f"{field}: {how}")


class Fields:
    """An object that a client sent. Null is as good as absent, wherever a field may be absent."""

    def __init__(self, body: Any, place: str = "") -> None:
        """Begin to read; `place` leads to the object ("documents[0]"), "" is the body itself."""
        if not isinstance(body, Mapping):
            raise wrong(place or "body", "must be a JSON object")
        self._left = dict(body)
        self._place = f"{place}." if place else ""

    def name(self, field: str) -> str:
        """Return the name by which the client finds the field."""
        return self._place + field

    def take(self, field: str) -> Any:
        """Return a value as it came, None if there is none."""
        return self._left.pop(field, None)

    def rest(self) -> dict[str, Any]:
        """Return what was not taken."""
        return self._left

    def text(self, field: str) -> str | None:
        """Return a string that may be absent."""
        value = self.take(field)
        if value is not None and not isinstance(value, str):
            raise wrong(self.name(field), "must be a string")
        return value

    def required_text(self, field: str) -> str:
        """Return a string that says something."""
        value = self.text(field)
        if not value:
            raise wrong(self.name(field), "is required: give a string that is not empty")
        return value

    def flag(self, field: str) -> bool | None:
        """Return true or false, or None."""
        value = self.take(field)
        if value is not None and not isinstance(value, bool):
            raise wrong(self.name(field), "must be true or false")
        return value

    def whole(self, field: str, least: int = 1) -> int | None:
        """Return a whole number, or None."""
        value = self.take(field)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise wrong(self.name(field), f"must be a whole number of at least {least}")
        return value

    def number(self, field: str) -> float | None:
        """Return a number, or None."""
        value = self.take(field)
        if value is not None and (not isinstance(value, int | float) or isinstance(value, bool)):
            raise wrong(self.name(field), "must be a number")
        return value

    def one_of(self, field: str, values: tuple[str, ...]) -> str | None:
        """Return one of some words, or None."""
        value = self.take(field)
        if value is not None and value not in values:
            raise wrong(self.name(field), f"{_shown(value)} is not one of {', '.join(values)}")
        return None if value is None else str(value)

    def items(self, field: str) -> list[Any] | None:
        """Return a list, or None."""
        value = self.take(field)
        if value is not None and not isinstance(value, list):
            raise wrong(self.name(field), "must be a list")
        return value

    def texts(self, field: str) -> list[str] | None:
        """Return a list of strings, or None."""
        values = self.items(field)
        for place, value in enumerate(values or ()):
            if not isinstance(value, str):
                raise wrong(f"{self.name(field)}[{place}]", "must be a string")
        return values


def _shown(value: Any) -> str:
    return repr(value)[:60]
