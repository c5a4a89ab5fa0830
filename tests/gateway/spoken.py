"""What clients say and hear, in words that all of their dialects share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.gateway.client import Answer

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PDF = "JVBERi0xLjQKJSVFT0YK"
CITY = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


@dataclass
class Said:
    """What an answer says. `finish` is in the dialect's own word."""

    text: str = ""
    reasoning: str = ""
    calls: list[tuple[str, Any]] = field(default_factory=list)
    finish: str | None = None
    tokens: tuple[int, int] | None = None


class Speaker(Protocol):
    """One dialect. `schema` and `event` are published names, "" for what is not described."""

    path: str
    surface: str
    file: str
    schema: str
    event: str
    stopped: str
    called: str
    cut: str

    def ask(self, model: str, text: str, **wishes: Any) -> dict[str, Any]:
        """Return a request."""
        ...

    def again(self, body: dict[str, Any], answer: Any, results: Sequence[str]) -> dict[str, Any]:
        """Return the next request: the answer as it is, then results of its calls or a new turn."""
        ...

    def read(self, body: Any) -> Said:
        """Read a whole answer."""
        ...

    def whole(self, answer: Answer) -> Any:
        """Return a streamed answer as the whole one that a client makes of it."""
        ...


def streamed(wishes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the field that asks for a stream, if one is wished for."""
    return {"stream": True} if wishes.get("stream") else {}
