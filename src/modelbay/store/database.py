"""The SQLite database of a data directory."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Mapping
from decimal import Context, Decimal, Inexact
from pathlib import Path
from typing import Any, Final

from modelbay.store.directory import create_private, open_directory
from modelbay.store.failures import in_words
from modelbay.store.schema import prepare

FILE: Final = "modelbay.db"
_WAIT = 30.0  # seconds for another process to finish its transaction
EXACT: Final = Context(prec=10_000, traps=[Inexact])
"""Sums of money: to the last digit, or an error."""
_NOTHING: Mapping[str, Any] = {}


class Database:
    """One connection, for one thread at a time. What is committed is on the disk."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.path = path
        self.connection = connection

    @classmethod
    def open(cls, directory: Path) -> Database:
        """Open a data directory's database; make both if they are missing.

        Raises:
            StoreError: It cannot be used; the message says why and what to do.
        """
        path = open_directory(directory) / FILE
        with in_words(path):
            _create_file(path)
            connection = sqlite3.connect(path, timeout=_WAIT, isolation_level=None, check_same_thread=False)
            try:
                _configure(connection)
                prepare(connection, path)
            except BaseException:
                connection.close()
                raise
        return cls(connection, path)

    def rows(self, statement: str, parameters: Mapping[str, Any] = _NOTHING) -> list[Any]:
        """Run a statement and return its rows."""
        with in_words(self.path):
            return self.connection.execute(statement, parameters).fetchall()

    def change(self, statement: str, parameters: Mapping[str, Any] = _NOTHING) -> int:
        """Run a statement and return how many rows it changed; durable unless in a `transaction`."""
        with in_words(self.path):
            return self.connection.execute(statement, parameters).rowcount

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the database for writing: all that happens inside happens, or nothing."""
        with in_words(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:  # a full disk has ended it already
                    self.connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class ExactSum:
    """SQL's `exact_sum(text)`: the sum of decimals, to the last digit; NULL where there is none."""

    def __init__(self) -> None:
        self._sum: Decimal | None = None

    def step(self, value: str | None) -> None:
        """Add one value."""
        if value is not None:
            self._sum = EXACT.add(self._sum or Decimal(0), Decimal(value))

    def finalize(self) -> str | None:
        """Return the sum."""
        return None if self._sum is None else f"{self._sum:f}"


def _create_file(path: Path) -> None:
    """Make the file before SQLite does, so that it is never readable by others."""
    with contextlib.suppress(FileExistsError):
        create_private(path)
    with contextlib.suppress(OSError):
        if path.stat().st_mode & 0o077 and os.name != "nt":
            path.chmod(0o600)


def _configure(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    # A journal is removed once its calls are committed, so a commit has to survive a loss of power.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.create_aggregate("exact_sum", 1, ExactSum)  # type: ignore[arg-type]
