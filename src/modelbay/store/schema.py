"""Bringing a database to the tables of this program: an empty one at once, an older one by migrations."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from modelbay.store.failures import StoreError

HEAD: Final = (
    "0001"  # the newest of migrations/versions; they are numbered, so that newer can be told from older
)
_FOLDER = Path(__file__).parent


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables what this program expects; whoever comes at the same time waits.

    Raises:
        StoreError: A newer program has made them.
    """
    version = _version(connection)
    if version is None:
        _create(connection)
    elif version > HEAD:
        raise StoreError(
            f"{path}: a newer Modelbay has made it (tables {version}, this one knows {HEAD}): "
            "update this one, or name another data directory"
        )
    elif version < HEAD:
        upgrade(connection)


def statements() -> list[str]:
    """Return what makes the tables in an empty database."""
    return [part.strip() for part in (_FOLDER / "schema.sql").read_text("utf-8").split(";") if part.strip()]


def upgrade(connection: sqlite3.Connection, target: str = "head") -> None:
    """Run the migrations that are missing: all or none."""
    try:  # start-up time: 0.6 s, for this rare case only
        from alembic import command  # noqa: PLC0415
        from alembic.config import Config  # noqa: PLC0415
        from sqlalchemy import StaticPool, create_engine, event  # noqa: PLC0415
    except ImportError:
        raise StoreError("the database has to be upgraded: install modelbay[gateway]") from None

    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    # SQLite's driver is told to begin nothing itself: its own transactions would leave out the tables.
    event.listen(engine, "begin", lambda opened: opened.exec_driver_sql("BEGIN IMMEDIATE"))
    config = Config()
    config.set_main_option("script_location", str(_FOLDER / "migrations").replace("%", "%%"))
    with engine.begin() as shared:
        config.attributes["connection"] = shared
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
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone() if known else None
    return str(row[0]) if row else None


def _create(connection: sqlite3.Connection) -> None:
    with _locked(connection):
        if _version(connection) is not None:  # somebody else was first
            return
        for statement in statements():
            connection.execute(statement)
        connection.execute("INSERT INTO alembic_version (version_num) VALUES (?)", (HEAD,))
