"""The PostgreSQL database that a URL names. Importing this loads SQLAlchemy and psycopg."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from hashlib import blake2b
from typing import Any, Final

import orjson
import psycopg
from psycopg.types.string import TextLoader
from sqlalchemy import URL, Connection, Engine, NullPool, TextClause, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from modelbay.store.database import NOTHING, SECONDS, WAIT, Database, storable
from modelbay.store.failures import StoreError
from modelbay.store.postgres_failures import in_words, is_disconnection, place_of, read_url
from modelbay.store.schema import OLDEST, VERSION, is_behind, migrate

_MIGRATING: Final = 600.0  # seconds to wait for another process to migrate
_OPTIONS: Final = {  # of libpq, where the URL says nothing else: a server that is gone is noticed
    "application_name": "modelbay",
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
_MEMORY: Final = (  # totals in thousands of groups are hashed with it and sorted without: twice as long
    "SELECT set_config('work_mem', '16MB', false)"
    " WHERE pg_size_bytes(current_setting('work_mem')) < pg_size_bytes('16MB')"
)
_NUMBER_OF = re.compile(r"\b(days|hours)_of\(([^()]*)\)")
_EXACT_SUM = re.compile(r"\bexact_(sum|parts)\(")
_SELECT = re.compile(r"\s*SELECT\b", re.IGNORECASE)


class PostgresDatabase(Database):
    """A connection to PostgreSQL: made again where it was lost, between two statements or transactions.

    A statement that only reads is repeated if the connection is lost while it runs. One that changes
    something is not, since nobody knows whether it has.
    """

    dialect = "postgresql"

    def __init__(self, engine: Engine, place: str) -> None:
        self.place = place
        self._engine = engine
        self._connection: Connection | None = None
        self._inside = False

    @staticmethod
    def connect(url: str) -> PostgresDatabase:
        """Open a URL's database and bring its tables up to date; whoever comes at the same time waits."""
        parsed = read_url(url)
        database = PostgresDatabase(_engine(parsed), place_of(parsed))
        try:
            database.prepare()
        except BaseException:
            database.close()
            raise
        return database

    def rows(self, statement: str, parameters: Mapping[str, Any] = NOTHING) -> list[Any]:
        """Run a statement and return its rows."""
        with in_words(self.place):
            try:
                return self._rows(statement, parameters)
            except DBAPIError as error:
                if self._inside or not is_disconnection(error) or not _SELECT.match(statement):
                    raise
            self._leave()
            return self._rows(statement, parameters)

    def change(self, statement: str, parameters: Mapping[str, Any] = NOTHING) -> int:
        """Run a statement and return how many rows it changed."""
        with in_words(self.place, changing=not self._inside):
            return self._live().execute(_portable(statement), _storable(parameters)).rowcount

    def keep(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows; one whose key is there already stays as it is."""
        # One parameter for all of them: a statement with one each takes three times as long.
        named = [dict(zip(columns, map(_as_json, row), strict=True)) for row in rows]
        self.change(_insertion(table, tuple(columns)), {"rows": orjson.dumps(named).decode()})

    @contextlib.contextmanager
    def transaction(self, lock: str = "") -> Iterator[None]:
        """Hold a lock: all that happens inside happens, or nothing."""
        if self._inside:
            raise RuntimeError("a transaction is under way")
        with in_words(self.place):
            connection = self._live()
            self._inside = True
            try:
                _script(connection, f"BEGIN; {_waiting(WAIT)}; {_locking(lock)}")
                yield
                with in_words(self.place, changing=True):
                    _script(connection, "COMMIT")
            except BaseException:
                if not connection.invalidated:
                    with contextlib.suppress(psycopg.Error):
                        _script(connection, "ROLLBACK")
                raise
            finally:
                self._inside = False

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read from one moment; who writes meanwhile does not wait."""
        if self._inside:
            raise RuntimeError("a transaction is under way")
        with in_words(self.place):
            connection = self._live()
            self._inside = True
            try:
                _script(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                yield
            finally:
                self._inside = False
                if not connection.invalidated:
                    with contextlib.suppress(psycopg.Error):
                        _script(connection, "ROLLBACK")

    @property
    def in_transaction(self) -> bool:
        """Whether a `transaction` is under way."""
        return self._inside

    def close(self) -> None:
        """Close the connection."""
        self._leave()
        self._engine.dispose()

    def prepare(self) -> None:
        """Make the tables what this program expects, an empty database's too."""
        with in_words(self.place):
            if not self._is_behind(self._live()):
                return
            ordinary = self._engine.execution_options(isolation_level="READ COMMITTED")
            with ordinary.begin() as connection:
                _script(connection, f"{_waiting(_MIGRATING)}; {_locking('schema')}; {_waiting(WAIT)}")
                if self._is_behind(connection):  # nobody else was first
                    migrate(connection)

    def _rows(self, statement: str, parameters: Mapping[str, Any]) -> list[Any]:
        found = self._live().execute(_portable(statement), _storable(parameters))
        return [tuple(row) for row in found]

    def _live(self) -> Connection:
        """Return the connection, a new one if the server has closed it; that is seen without asking it."""
        if self._connection is not None and _is_lost(self._connection):
            if self._inside:
                raise StoreError(f"{self.place}: the server went away: try again", retryable=True)
            self._leave()
        if self._connection is None:
            self._connection = self._engine.connect()
            _script(self._connection, _MEMORY)
        return self._connection

    def _leave(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()

    def _is_behind(self, connection: Connection) -> bool:
        def first(statement: str) -> Any:
            return connection.exec_driver_sql(statement).scalar()

        version = first(VERSION) if first("SELECT to_regclass('alembic_version')::text") else None
        return is_behind(version, self.place, lambda: first(OLDEST))


def _engine(url: URL) -> Engine:
    options = {name: value for name, value in _OPTIONS.items() if name not in url.query}
    engine = create_engine(
        url,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",  # transactions are begun by `transaction`, as on SQLite
        hide_parameters=True,  # what is stored must not be in an error
        use_native_hstore=False,
        # Prepared statements would not survive a pooler between us and the server.
        connect_args=options | {"prepare_threshold": None},
    )
    event.listen(engine, "connect", _configure)
    return engine


def _configure(connection: Any, _record: object) -> None:
    """Read exact numbers as text, as from SQLite."""
    connection.adapters.register_loader("numeric", TextLoader)


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver


def _is_lost(connection: Connection) -> bool:
    if connection.invalidated:
        return True
    driver = _driver(connection)
    try:
        for _ in range(2):  # first the server's farewell, then the end
            driver.pgconn.consume_input()
    except psycopg.OperationalError:
        return True
    return driver.closed


def _script(connection: Connection, statements: str) -> None:
    """Run statements without parameters: one way to the server and back."""
    _driver(connection).execute(statements.encode())


def _waiting(seconds: float) -> str:
    return f"SET LOCAL lock_timeout = {int(seconds * 1000)}"


def _locking(name: str) -> str:
    number = int.from_bytes(blake2b(f"modelbay:{name}".encode(), digest_size=8).digest(), signed=True)
    return f"SELECT pg_advisory_xact_lock({number})"


@lru_cache(maxsize=1000)
def _portable(statement: str) -> TextClause:
    """Return a statement with our functions in PostgreSQL's words."""
    return text(_EXACT_SUM.sub("sum(", _NUMBER_OF.sub(_number_of, statement)))


def _number_of(found: re.Match[str]) -> str:
    return f"CAST(floor(floor({found[2]}) / {SECONDS[found[1]]}) AS BIGINT)"


@cache
def _insertion(table: str, columns: Sequence[str]) -> str:
    names = ", ".join(columns)
    return (
        f"INSERT INTO {table} ({names}) SELECT {names}"  # noqa: S608 - all ours
        f" FROM json_populate_recordset(CAST(NULL AS {table}), CAST(:rows AS json)) ON CONFLICT DO NOTHING"
    )


def _as_json(value: Any) -> Any:
    return f"\\x{value.hex()}" if isinstance(value, bytes) else storable(value)


def _storable(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: storable(value) for name, value in parameters.items()}
