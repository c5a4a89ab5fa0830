"""How the built-in providers stand in the kit's conformance suite, as it was run when they were built."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import NamedTuple

import orjson


class Standing(NamedTuple):
    """One way to call a provider: cases that it has to pass by capability, and those that it passed."""

    way: str
    provider: str
    cases: dict[str, int]
    passed: dict[str, int]

    def shown(self, capability: str) -> str:
        """Return "12", or "11/12" if one case fails; "" where there is nothing to pass."""
        due, passed = self.cases.get(capability, 0), self.passed.get(capability, 0)
        return f"{passed}/{due}" if passed != due else str(due or "")


@cache
def standings() -> list[Standing]:
    """Return the built-in providers' results, by name; a provider may be called in several ways."""
    rows = orjson.loads((files("modelbay.providers") / "conformance.json").read_bytes())
    return [Standing(way, row["provider"], row["cases"], row["passed"]) for way, row in rows.items()]
