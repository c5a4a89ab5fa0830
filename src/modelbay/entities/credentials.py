"""What a provider needs to let us in, held so that it cannot be printed by accident."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

_LOOKS_SECRET = re.compile("key|token|secret|password|credential", re.IGNORECASE)


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
        return {
            name: value if isinstance(value, str) else copy.deepcopy(value)
            for name, value in self._values.items()
        }

    def secrets(self, names: frozenset[str] = frozenset()) -> list[str]:
        """Return the values that must not appear in any text.

        Args:
            names: The variables declared secret. Variables named like a key, token, secret or password are
                taken for secret too, so that an undeclared one is not shown.
        """
        return [
            secret
            for name, value in self._values.items()
            for secret in _secrets_in(value, secret=name in names or _looks_secret(name))
        ]


def _looks_secret(name: str) -> bool:
    return _LOOKS_SECRET.search(name) is not None


def _secrets_in(value: Any, *, secret: bool) -> list[str]:
    """Return the texts of a value that are secret; inside a mapping the names there count too."""
    if isinstance(value, str):
        return [value] if secret else []
    if isinstance(value, Mapping):
        pairs = ((item, secret or _looks_secret(str(name))) for name, item in value.items())
        return [found for item, hidden in pairs for found in _secrets_in(item, secret=hidden)]
    if isinstance(value, list | tuple):
        return [found for item in value for found in _secrets_in(item, secret=secret)]
    return []
