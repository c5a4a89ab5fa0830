"""Calls to write down, and looking at what was written."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from modelbay.platform.fold import FOLDER, fold
from modelbay.runtime.accounts import CallRecord
from modelbay.store import Database
from modelbay.store.journal import frames, journals

ROOT = Path(__file__).parents[2]


def a_call(name: str, **facts: Any) -> CallRecord:
    """Return the record of a call; what is not said is ordinary."""
    ordinary: dict[str, Any] = {
        "at": 1_700_000_000.0,
        "workspace": "default",
        "key_id": "key_a",
        "surface": "openai.chat",
        "model_type": "llm",
        "asked_model": "acme/large",
        "provider": "acme",
        "model": "large",
        "price": Decimal("0.0003125"),
    }
    return CallRecord(id=name, **ordinary | facts)


def in_journals(data_dir: Path) -> list[bytes]:
    """Return the lines of every journal, without their headers."""
    found = [[content for content, _ in frames(path.read_bytes())] for path in journals(data_dir / FOLDER)]
    return [line for lines in found for line in lines[1:]]


def in_table(data_dir: Path) -> list[str]:
    """Fold, and return the ids of all calls in the table, as often as they are there."""
    with Database.open(data_dir) as database:
        fold(database, data_dir)
        return [row[0] for row in database.rows("SELECT id FROM calls ORDER BY id")]


def program(code: str, *arguments: str | Path) -> Sequence[str]:
    """Return a command that runs Python code with arguments."""
    return [sys.executable, "-c", code, *map(str, arguments)]


def run(code: str, *arguments: str | Path) -> str:
    """Run Python code in a process of its own; return what it printed."""
    done = subprocess.run(
        program(code, *arguments), cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
