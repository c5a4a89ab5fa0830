"""One schema, said three ways: the tables, the migrations, and the SQL that makes an empty database."""

from __future__ import annotations

import os
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
from tests.platform.databases import Server

from modelbay.store import Database, StoreError, schema, tables
from modelbay.store.database import VARIABLE
from modelbay.store.sqlite import SqliteDatabase


def empty() -> sqlite3.Connection:
    """Return a database without tables, which begins no transaction by itself."""
    return sqlite3.connect(":memory:", isolation_level=None)


def tables_of(connection: sqlite3.Connection) -> dict[str, str]:
    """Return what SQLite knows of its tables and indexes, without the layout."""
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {name: " ".join(sql.split()) for name, sql in rows}


def rows_of(connection: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    """Return what is in each table but times."""
    times = {"created"}
    names = [name for [name] in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    columns = {
        name: {column[1] for column in connection.execute(f"PRAGMA table_info({name})")} for name in names
    }
    return {
        name: connection.execute(f"SELECT {', '.join(sorted(columns[name] - times))} FROM {name}").fetchall()
        for name in names
    }


def test_migrations_make_the_tables_that_an_empty_database_gets_at_once(tmp_path: Path) -> None:
    """A fresh start loads no migration tool, and must not end up with other tables or rows for it."""
    with SqliteDatabase.open(tmp_path) as fresh, closing(empty()) as migrated:
        assert isinstance(fresh, SqliteDatabase)
        schema.upgrade(migrated)

        assert tables_of(migrated) == tables_of(fresh.connection)
        assert rows_of(migrated) == rows_of(fresh.connection)
        assert migrated.execute(schema.VERSION).fetchall() == [(schema.HEAD,)]


def test_the_tables_in_python_are_those_in_the_database(tmp_path: Path, backend: str) -> None:
    """The next migration is generated from the difference: there may be none before it."""
    Database.open(tmp_path).close()
    place = f"sqlite:///{tmp_path / 'modelbay.db'}"
    engine = create_engine(place if backend == "sqlite" else driver_url(os.environ[VARIABLE]))
    with engine.connect() as connection:
        difference = compare_metadata(MigrationContext.configure(connection), tables.metadata)
    engine.dispose()

    assert difference == []


def driver_url(url: str) -> str:
    """Return a URL for SQLAlchemy."""
    return url.replace("postgresql:", "postgresql+psycopg:")


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


@pytest.mark.usefixtures("backend")
def test_a_database_that_needs_a_newer_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    """An old program that wrote to it could lose what it does not know of."""
    with Database.open(tmp_path) as database:
        database.change("UPDATE alembic_version SET version_num = '0999'")
        database.change("UPDATE marks SET number = 998 WHERE name = 'schema.oldest'")

        with pytest.raises(StoreError, match=r"newer Modelbay has made it \(tables 0999.*update this one"):
            Database.open(tmp_path)
        assert database.rows(schema.VERSION) == [("0999",)]


@pytest.mark.usefixtures("backend")
def test_a_newer_database_that_still_serves_this_program_is_used(tmp_path: Path) -> None:
    """The replicas of a gateway are replaced one by one: the first new one migrates, the others go on."""
    with Database.open(tmp_path) as database:
        database.change("UPDATE alembic_version SET version_num = '0999'")
    with Database.open(tmp_path) as database:
        assert database.rows(schema.VERSION) == [("0999",)]


@pytest.mark.usefixtures("backend")
def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    """Others use the same migration tool, and number their tables with letters and digits."""
    with Database.open(tmp_path) as database:
        database.change("UPDATE alembic_version SET version_num = '1c9ba48be8e4'")

        with pytest.raises(StoreError, match=r"it is another program's .*'1c9ba48be8e4'.*of its own"):
            Database.open(tmp_path)


def test_many_can_begin_at_once_on_an_empty_directory(tmp_path: Path) -> None:
    """The workers of a gateway start together."""
    assert versions_of_many(tmp_path / "new") == [[(schema.HEAD,)]] * 8


def test_many_can_begin_at_once_on_an_empty_server(
    tmp_path: Path, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of them migrates, the others wait for it."""
    url = postgres.create(prepared=False)
    monkeypatch.setenv(VARIABLE, url)

    assert versions_of_many(tmp_path) == [[(schema.HEAD,)]] * 8
    postgres.drop(url)


def versions_of_many(directory: Path) -> list[list[tuple[str]]]:
    """Open a database eight times at once; return the version that each finds."""
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda _: Database.open(directory), range(8)))
    versions = [database.rows(schema.VERSION) for database in opened]
    for database in opened:
        database.close()
    return versions


def test_an_ordinary_start_loads_no_migration_tool(tmp_path: Path) -> None:
    """SQLAlchemy and Alembic take longer to load than all the rest of a gateway."""
    code = (
        "import sys; from pathlib import Path\n"
        "from modelbay.platform.embedded import Embedded; from modelbay.store import Database\n"
        f"Database.open(Path({str(tmp_path)!r})).close()\n"
        "heavy = {'sqlalchemy', 'alembic', 'psycopg', 'rich', 'typer'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
