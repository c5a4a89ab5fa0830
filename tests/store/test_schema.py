"""One schema, said three ways: the tables, the migrations, and the SQL that makes an empty database."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from modelbay.store import Database, StoreError, schema, tables


def empty() -> sqlite3.Connection:
    """Return a database without tables, which begins no transaction by itself."""
    return sqlite3.connect(":memory:", isolation_level=None)


def tables_of(connection: sqlite3.Connection) -> dict[str, str]:
    """Return what SQLite knows of its tables and indexes, without the layout."""
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {name: " ".join(sql.split()) for name, sql in rows}


def test_migrations_make_the_tables_that_an_empty_database_gets_at_once(tmp_path: Path) -> None:
    """A fresh start loads no migration tool, and must not end up with other tables for it."""
    with Database.open(tmp_path) as fresh, closing(empty()) as migrated:
        schema.upgrade(migrated)

        assert tables_of(migrated) == tables_of(fresh.connection)
        assert migrated.execute("SELECT version_num FROM alembic_version").fetchall() == [(schema.HEAD,)]


def test_the_tables_in_python_are_those_in_the_database(tmp_path: Path) -> None:
    """The next migration is generated from the difference: there may be none before it."""
    Database.open(tmp_path).close()
    engine = create_engine(f"sqlite:///{tmp_path / 'modelbay.db'}")
    with engine.connect() as connection:
        difference = compare_metadata(MigrationContext.configure(connection), tables.metadata)
    engine.dispose()

    assert difference == []


def test_the_program_knows_the_newest_migration() -> None:
    """The number is written down so that a start need not read the migrations."""
    folder = Path(schema.__file__).parent / "migrations"

    assert ScriptDirectory(folder).get_current_head() == schema.HEAD


def test_a_migration_that_fails_leaves_nothing() -> None:
    """Half a migration could neither be used nor repeated."""
    with closing(empty()) as connection:
        connection.execute("CREATE TABLE responses (id TEXT)")
        with pytest.raises(OperationalError, match="responses"):
            schema.upgrade(connection)

        assert list(tables_of(connection)) == ["responses"]


def test_a_database_of_a_newer_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    """An old program that wrote to it could lose what it does not know of."""
    with Database.open(tmp_path) as database:
        database.change("UPDATE alembic_version SET version_num = '0999'")
        before = tables_of(database.connection)

        with pytest.raises(StoreError, match=r"newer Modelbay has made it \(tables 0999.*update this one"):
            Database.open(tmp_path)
        assert tables_of(database.connection) == before


def test_many_can_begin_at_once_on_an_empty_directory(tmp_path: Path) -> None:
    """The workers of a gateway start together."""
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda _: Database.open(tmp_path / "new"), range(8)))
    versions = [database.rows("SELECT version_num FROM alembic_version") for database in opened]
    for database in opened:
        database.close()

    assert versions == [[(schema.HEAD,)]] * 8


def test_an_ordinary_start_loads_no_migration_tool(tmp_path: Path) -> None:
    """SQLAlchemy and Alembic take longer to load than all the rest of a gateway."""
    code = (
        "import sys; from pathlib import Path\n"
        "from modelbay.platform.embedded import Embedded; from modelbay.store import Database\n"
        f"Database.open(Path({str(tmp_path)!r})).close()\n"
        "sys.exit(', '.join({'sqlalchemy', 'alembic', 'rich', 'typer'} & set(sys.modules)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
