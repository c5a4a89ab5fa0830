"""One port to a database: SQLite in the data directory, or PostgreSQL where `MODELBAY_DATABASE_URL` says."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

from modelbay.store.failures import StoreError

VARIABLE: Final = "MODELBAY_DATABASE_URL"
NOTHING: Final[Mapping[str, Any]] = {}
WAIT: Final = 30.0  # seconds for others to finish their transactions
LARGEST: Final = 2**63 - 1
SECONDS: Final = {"days": 86_400, "hours": 3_600}


class Database(ABC):
    """One connection, for one thread at a time. What is committed is on the disk.

    Statements are SQL that SQLite and PostgreSQL read alike, with named parameters (`:name`) and functions of
    ours: `exact_sum(x)`, the sum of exact numbers, which are text on both sides; `exact_parts(x)`, of which
    `sum_of` makes that sum; `days_of(x)` and `hours_of(x)`, how many days and hours of seconds since 1970 are
    over (UTC). What else keeps a statement portable: `docs/decisions/0010-databases.md`.
    """

    dialect: ClassVar[Literal["sqlite", "postgresql"]]
    place: str
    """Where it is, in words for people: without a password."""

    @staticmethod
    def open(directory: Path) -> Database:
        """Open the database; make what is missing.

        Args:
            directory: The data directory; it holds the database where no other is named.

        Raises:
            StoreError: It cannot be used; the message says why and what to do.
        """
        url = os.environ.get(VARIABLE, "").strip()
        return _open_postgres(url) if url else _open_sqlite(directory)

    @abstractmethod
    def rows(self, statement: str, parameters: Mapping[str, Any] = NOTHING) -> list[Any]:
        """Run a statement and return its rows, as tuples."""

    @abstractmethod
    def change(self, statement: str, parameters: Mapping[str, Any] = NOTHING) -> int:
        """Run a statement and return how many rows it changed; durable unless in a `transaction`.

        Raises:
            ConflictError: A row that may be there once is there already.
            StoreError: The database cannot be used. Where its connection was lost meanwhile, the message
                says that the change may have been made.
        """

    @abstractmethod
    def keep(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows, in one statement; one whose key is there already stays as it is."""

    @abstractmethod
    def transaction(self, lock: str = "") -> AbstractContextManager[None]:
        """All that happens inside happens, or nothing.

        What is read inside is as it will be at the end, for all who change it under the same lock: they come
        one after the other. SQLite has one lock for all. On PostgreSQL the lock has a name, and the name
        that is not given is one for the whole platform: name another where that would be too many.
        """

    @abstractmethod
    def snapshot(self) -> AbstractContextManager[None]:
        """All that is read inside is of one moment; nothing can be changed inside, and nobody has to wait."""

    @property
    @abstractmethod
    def in_transaction(self) -> bool:
        """Whether a `transaction` is under way; another cannot begin inside it."""

    @abstractmethod
    def close(self) -> None:
        """Close the connection."""

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.place})"


def storable(value: Any) -> Any:
    """Return what both databases can hold of a value: no text with NUL, no integer beyond 64 bits."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, int):
        return max(-LARGEST, min(value, LARGEST))
    return value


def _open_sqlite(directory: Path) -> Database:
    from modelbay.store.sqlite import SqliteDatabase  # noqa: PLC0415 - start-up time, as below

    return SqliteDatabase.open(directory)


def _open_postgres(url: str) -> Database:
    try:  # start-up time: 0.7 s and 41 MB, for who uses it
        from modelbay.store.postgres import PostgresDatabase  # noqa: PLC0415
    except ImportError:
        raise StoreError(f"{VARIABLE} names PostgreSQL: install modelbay[gateway,postgres]") from None
    return PostgresDatabase.connect(url)
