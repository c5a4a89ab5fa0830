"""Queries to a database of Dify: read as one moment shows it, never changed."""

from __future__ import annotations

import contextlib
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from modelbay.store.failures import StoreError

if TYPE_CHECKING:
    import psycopg

Row = dict[str, Any]
TABLES: Final = (
    "providers",
    "provider_credentials",
    "provider_models",
    "provider_model_credentials",
    "provider_model_settings",
    "load_balancing_model_configs",
    "tenant_default_models",
    "tenant_preferred_model_providers",
)
"""What is read of a tenant; a release has not all of them."""
_SHAPE: Final = "write postgresql://user@host:5432/dify, or the path of an SQLite file"
_SQLITE: Final = "sqlite:///"


class DifyDatabase(ABC):
    """Dify's database. Rows are by column, since releases differ in what columns they have."""

    @staticmethod
    def open(place: str) -> AbstractContextManager[DifyDatabase]:
        """Open PostgreSQL by its URL, or an SQLite file.

        Raises:
            StoreError: It cannot be opened or read, also while it is used; no message quotes a password.
        """
        if "://" in place and not place.startswith(_SQLITE):
            return _postgres(place)
        return _sqlite(Path(place.removeprefix(_SQLITE)).expanduser())

    def tenants(self) -> Sequence[Row]:
        """Return the tenants, the oldest first.

        Raises:
            StoreError: It is no database of Dify.
        """
        if "tenants" not in self._tables():
            raise StoreError("there is no table tenants: this is no database of Dify")
        return self._rows("tenants", "")

    def of_tenant(self, tenant: str) -> dict[str, Sequence[Row]]:
        """Return all rows of a tenant, by table; none of a table that this release has not."""
        present = self._tables()
        return {table: self._rows(table, tenant) if table in present else [] for table in TABLES}

    @abstractmethod
    def _tables(self) -> set[str]: ...

    @abstractmethod
    def _rows(self, table: str, tenant: str) -> list[Row]:
        """Return a table's rows, the oldest first; of one tenant if it is named."""


class _Postgres(DifyDatabase):
    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self._connection = connection

    def _tables(self) -> set[str]:
        found = self._connection.execute(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = ANY(current_schemas(false))"
        )
        return {row["table_name"] for row in found}

    def _rows(self, table: str, tenant: str) -> list[Row]:
        statement = _select(table, "%(tenant)s" if tenant else "").encode()
        return list(self._connection.execute(statement, {"tenant": tenant} if tenant else None))


class _Sqlite(DifyDatabase):
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def _tables(self) -> set[str]:
        return {row["name"] for row in self._connection.execute("SELECT name FROM sqlite_master")}

    def _rows(self, table: str, tenant: str) -> list[Row]:
        statement = _select(table, ":tenant" if tenant else "")
        return [
            dict(row) for row in self._connection.execute(statement, {"tenant": tenant} if tenant else {})
        ]


def _select(table: str, tenant: str) -> str:
    where = f"WHERE tenant_id = {tenant} " if tenant else ""
    return f"SELECT * FROM {table} {where}ORDER BY created_at, id"  # noqa: S608 - names of ours


@contextlib.contextmanager
def _postgres(url: str) -> Iterator[DifyDatabase]:
    try:  # start-up time, and an extra
        import psycopg  # noqa: PLC0415
        from psycopg.rows import dict_row  # noqa: PLC0415
    except ImportError:
        raise StoreError("Dify's database is PostgreSQL: install modelbay[postgres]") from None
    try:
        with psycopg.connect(_checked(url), row_factory=dict_row, connect_timeout=10) as connection:
            connection.read_only = True
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            yield _Postgres(connection)
    except psycopg.Error as error:
        raise StoreError(f"Dify's database cannot be read: {_line(error)}", retryable=True) from None


def _checked(url: str) -> str:
    """Return a URL for libpq, which quotes what it misunderstands: that may be a piece of a password."""
    scheme, _, rest = url.partition("://")
    if scheme.partition("+")[0] not in ("postgresql", "postgres"):
        raise StoreError(f"{scheme[:20]!r} is no database that can be read: {_SHAPE}")
    parts = urlsplit(f"//{rest}")
    try:
        is_clear = parts.netloc.count("@") == rest.count("@") <= 1 and parts.port != 0
    except ValueError:
        is_clear = False
    if not is_clear:
        raise StoreError(
            f"the URL of Dify's database cannot be read: {_SHAPE}; in a password %40 is @, %2F is /"
        )
    return f"postgresql://{rest}"


@contextlib.contextmanager
def _sqlite(path: Path) -> Iterator[DifyDatabase]:
    if not path.is_file():
        raise StoreError(f"there is no file {path}: {_SHAPE}")
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        with contextlib.closing(connection):
            connection.row_factory = sqlite3.Row
            connection.execute("BEGIN")
            yield _Sqlite(connection)
    except sqlite3.Error as error:
        raise StoreError(f"{path} cannot be read as an SQLite database: {error}") from None


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
