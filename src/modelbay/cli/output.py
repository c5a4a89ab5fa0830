"""Writing results: JSON, lines and files."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelbay.cli.errors import Mistake, is_coloured

if TYPE_CHECKING:
    from pydantic import BaseModel

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # all but tab and line feed


def to_plain(entity: BaseModel) -> dict[str, Any]:
    """Return an entity as JSON can hold it; decimals become text, so that they stay exact."""
    return entity.model_dump(mode="json", exclude_none=True)


def json_line(value: Any) -> str:
    """Return a value as one line of JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: object) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def write_json(value: Any, target: str | None = None) -> None:
    """Write a value as JSON: indented on a terminal, else as one line."""
    if target in (None, "-") and sys.stdout.isatty():
        write_text(json.dumps(value, ensure_ascii=False, indent=2, default=_plain) + "\n", target)
    else:
        write_text(json_line(value) + "\n", target)


def write_text(text: str, target: str | None = None) -> None:
    """Write text to a file, or to stdout."""
    if target in (None, "-"):
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        write_bytes(text.encode("utf-8"), str(target))


def write_bytes(data: bytes, target: str) -> None:
    """Write bytes to a file, or to stdout for `-`."""
    if target == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        Path(target).expanduser().write_bytes(data)
    except OSError as error:
        raise Mistake(f"cannot write {target!r}: {error.strerror}") from None


def say(facts: Mapping[str, Any], as_json: bool, text: str) -> None:
    """Write what was done: as a line, or its facts as JSON."""
    if as_json:
        write_json(facts)
    else:
        write_text(text + "\n")


def write_rows(rows: Iterable[Sequence[str]]) -> None:
    """Write rows for another program: one a line, columns separated by tabs, no heading."""
    for row in rows:
        sys.stdout.write("\t".join(" ".join(cell.split()) for cell in row) + "\n")


def time_text(at: float | None) -> str | None:
    """Return a time as scripts read it: ISO 8601, UTC."""
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day_text(at: float | None) -> str:
    """Return the day of a time as people read it, UTC; `–` if there is none."""
    return (time_text(at) or "–")[:10]


def dim(text: str) -> str:
    """Return text that a terminal shows dimmed."""
    return f"\x1b[2m{text}\x1b[0m" if is_coloured(sys.stdout) else text


def bold(text: str) -> str:
    """Return text that a terminal shows bold."""
    return f"\x1b[1m{text}\x1b[0m" if is_coloured(sys.stdout) else text


def printable(text: str) -> str:
    """Return text without the control characters by which a model could steer the terminal."""
    return _CONTROLS.sub("", text)
