"""What a provider needs to let us in, held so that it cannot be printed by accident."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn


class Credentials(Mapping[str, Any]):
    """The credentials of one provider or model: a read-only mapping whose values never show.

    `repr`, `str`, `format` and logging show the names only; pickling and JSON serialisation refuse.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any] | None = None) -> None:
        self._values = dict(values or {})

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Credentials({', '.join(sorted(self._values))})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("credentials cannot be pickled or copied out of the process")

    def reveal(self) -> dict[str, Any]:
        """Return a deep copy of the plain values, for the plugin that needs them and for nothing else."""
        return copy.deepcopy(self._values)

    def secrets(self, names: frozenset[str] = frozenset()) -> list[str]:
        """Return the values that must not appear in any text.

        Args:
            names: The variables declared secret. Variables named like a key, token, secret or password are
                taken for secret too, so that an undeclared one is not shown.
        """
        return [
            value
            for name, value in self._values.items()
            if isinstance(value, str) and (name in names or _looks_secret(name))
        ]


def _looks_secret(name: str) -> bool:
    return any(word in name.lower() for word in ("key", "token", "secret", "password", "credential"))
