"""Bringing a database to the tables of this program: an empty one at once, an older one by migrations.

Migrations expand or contract. One that expands leaves all that the program before it uses; one that contracts
says in `marks` (`schema.oldest`) which program is the oldest that can work with what is left. So a program
may use tables that are newer than it knows, while the replicas of a gateway are replaced one by one.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from modelbay.store.failures import StoreError

if TYPE_CHECKING:
    from sqlalchemy import Connection

HEAD: Final = (
    "0007"  # the newest of migrations/versions; they are numbered, so that newer can be told from older
)
VERSION: Final = "SELECT version_num FROM alembic_version"
OLDEST: Final = "SELECT number FROM marks WHERE name = 'schema.oldest'"
_FOLDER = Path(__file__).parent
_OURS = re.compile(r"[0-9]{4}")


def is_behind(version: str | None, place: str, oldest: Callable[[], int | None]) -> bool:
    """Whether migrations are missing in a database of some version; None is an empty one.

    Args:
        oldest: Reads which program is the oldest that the tables still serve.

    Raises:
        StoreError: This program cannot use the tables.
    """
    if version is None:
        return True
    if not _OURS.fullmatch(version):
        raise StoreError(
            f"{place}: it is another program's (its tables are of version {version[:40]!r}): "
            "name a database of its own"
        )
    if version > HEAD and not (oldest() or int(version)) <= int(HEAD):
        raise StoreError(
            f"{place}: a newer Modelbay has made it (tables {version}, this one knows {HEAD}): "
            "update this one, or name another database"
        )
    return version < HEAD


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables of a SQLite database what this program expects; whoever comes at the same time waits.

    Raises:
        StoreError: This program cannot use them.
    """
    version = _version(connection)
    if not is_behind(version, str(path), lambda: _number(connection, OLDEST)):
        return
    if version is None:
        _create(connection)
    else:
        upgrade(connection)


def statements() -> list[str]:
    """Return what makes the tables in an empty SQLite database, and their first rows."""
    return [part.strip() for part in (_FOLDER / "schema.sql").read_text("utf-8").split(";") if part.strip()]


def upgrade(connection: sqlite3.Connection, target: str = HEAD) -> None:
    """Run the migrations that a SQLite database misses: all or none."""
    try:  # start-up time: 0.6 s, for this rare case only
        from sqlalchemy import StaticPool, create_engine, event  # noqa: PLC0415
    except ImportError:
        raise StoreError("the database has to be upgraded: install modelbay[gateway]") from None

    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    # SQLite's driver is told to begin nothing itself: its own transactions would leave out the tables.
    event.listen(engine, "begin", lambda opened: opened.exec_driver_sql("BEGIN IMMEDIATE"))
    with engine.begin() as shared:
        migrate(shared, target)


def migrate(connection: Connection, target: str = HEAD) -> None:
    """Run the migrations that are missing, in the transaction of a connection."""
    try:
        from alembic import command  # noqa: PLC0415 - start-up time, as above
        from alembic.config import Config  # noqa: PLC0415
    except ImportError:
        raise StoreError("the database has to be upgraded: install modelbay[gateway]") from None

    config = Config()
    config.set_main_option("script_location", str(_FOLDER / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, target)


@contextlib.contextmanager
def _locked(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> str | None:
    """Return the number of the tables; None if there are none."""
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
    row = connection.execute(VERSION).fetchone() if known else None
    return str(row[0]) if row else None


def _number(connection: sqlite3.Connection, statement: str) -> int | None:
    row = connection.execute(statement).fetchone()
    return int(row[0]) if row else None


def _create(connection: sqlite3.Connection) -> None:
    with _locked(connection):
        if _version(connection) is not None:  # somebody else was first
            return
        for statement in statements():
            connection.execute(statement)
        connection.execute("INSERT INTO alembic_version (version_num) VALUES (?)", (HEAD,))
