"""The SQLite database of a data directory."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, Final

from modelbay.store.database import NOTHING, SECONDS, WAIT, Database, storable
from modelbay.store.directory import create_private, open_directory
from modelbay.store.exact import sum_of
from modelbay.store.failures import in_words
from modelbay.store.schema import prepare

FILE: Final = "modelbay.db"
_BETWEEN: Final = 0.005  # seconds between two tries
_EXACT_PARTS = re.compile(r"\bexact_parts\((\w+)\)")
_EXACT_SUM = re.compile(r"\bexact_sum\((\w+)\)")
_NUMBER_OF = re.compile(r"\b(days|hours)_of\(([^()]*)\)")


class SqliteDatabase(Database):
    """A connection to the database of a data directory."""

    dialect = "sqlite"

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.path = path
        self.place = str(path)
        self.connection = connection

    @staticmethod
    def open(directory: Path) -> SqliteDatabase:
        """Open a data directory's database; make both if they are missing."""
        path = open_directory(directory) / FILE
        with in_words(path):
            _create_file(path)
            connection = sqlite3.connect(path, timeout=WAIT, isolation_level=None, check_same_thread=False)
            try:
                _configure(connection)
                prepare(connection, path)
            except BaseException:
                connection.close()
                raise
        return SqliteDatabase(connection, path)

    def rows(self, statement: str, parameters: Mapping[str, Any] = NOTHING) -> list[Any]:
        """Run a statement and return its rows."""
        with in_words(self.path):
            return self.connection.execute(_portable(statement), parameters).fetchall()

    def change(self, statement: str, parameters: Mapping[str, Any] = NOTHING) -> int:
        """Run a statement and return how many rows it changed."""
        with in_words(self.path):
            return self.connection.execute(statement, parameters).rowcount

    def keep(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows; one whose key is there already stays as it is."""
        statement = _insertion(table, tuple(columns), len(rows))
        with in_words(self.path):
            try:
                self.connection.execute(statement, list(chain.from_iterable(rows)))
            except OverflowError:
                self.connection.execute(statement, [*map(storable, chain.from_iterable(rows))])

    @contextlib.contextmanager
    def transaction(self, lock: str = "") -> Iterator[None]:
        """Hold the one lock there is: all that happens inside happens, or nothing."""
        with in_words(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:  # a full disk has ended it already
                    self.connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read from one moment; who writes meanwhile does not wait."""
        with in_words(self.path):
            self.connection.execute("BEGIN")
            try:
                yield
            finally:
                self.connection.execute("ROLLBACK")

    @property
    def in_transaction(self) -> bool:
        """Whether a `transaction` is under way."""
        return self.connection.in_transaction

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()


@lru_cache(maxsize=1000)
def _portable(statement: str) -> str:
    """Return a statement with our functions in SQLite's words."""
    statement = _EXACT_PARTS.sub(r"group_concat(\1, ' ')", statement)
    statement = _EXACT_SUM.sub(r"sum_of(group_concat(\1, ' '))", statement)
    return _NUMBER_OF.sub(lambda found: f"(CAST({found[2]} AS INTEGER) / {SECONDS[found[1]]})", statement)


@cache
def _insertion(table: str, columns: Sequence[str], count: int) -> str:
    row = f"({', '.join('?' * len(columns))})"
    return (
        f"INSERT INTO {table} ({', '.join(columns)})"  # noqa: S608 - all ours
        f" VALUES {', '.join([row] * count)} ON CONFLICT DO NOTHING"
    )


def _create_file(path: Path) -> None:
    """Make the file before SQLite does, so that it is never readable by others."""
    with contextlib.suppress(FileExistsError):
        create_private(path)
    with contextlib.suppress(OSError):
        if path.stat().st_mode & 0o077 and os.name != "nt":
            path.chmod(0o600)


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Turn the write-ahead log on, which a fresh file needs once.

    Of several who do so at the same moment SQLite refuses all but one at once, without the usual patience.
    """
    until = time.monotonic() + WAIT
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(_BETWEEN)


def _configure(connection: sqlite3.Connection) -> None:
    _write_ahead(connection)
    # A journal is removed once its calls are committed, so a commit has to survive a loss of power.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.create_function(sum_of.__name__, 1, sum_of, deterministic=True)
