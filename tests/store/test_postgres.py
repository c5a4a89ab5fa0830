"""PostgreSQL: what can be wrong with it is said in words, and what passes is got over."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.platform.databases import Server

from modelbay.store import Database, StoreError
from modelbay.store.database import VARIABLE
from modelbay.store.postgres import PostgresDatabase
from modelbay.store.postgres_failures import place_of, read_url

HERE = Path("unused")
SECRET = "hunter2-horse"


@pytest.fixture
def url(postgres: Server) -> Iterator[str]:
    """A database with tables."""
    url = postgres.create()
    yield url
    postgres.drop(url)


@pytest.fixture
def database(url: str) -> Iterator[PostgresDatabase]:
    """A connection to it."""
    with PostgresDatabase.connect(url) as database:
        assert isinstance(database, PostgresDatabase)
        yield database


def cut(postgres: Server, database: Database) -> None:
    """End a database's connection as a server does that is stopped; return when it is gone."""
    [[process]] = database.rows("SELECT pg_backend_pid()")
    postgres.run(f"SELECT pg_terminate_backend({process})")
    while postgres.run(f"SELECT 1 FROM pg_stat_activity WHERE pid = {process}"):
        time.sleep(0.01)


def refusal(url: str) -> str:
    """Return what is said of a URL that does not work."""
    with pytest.raises(StoreError) as caught:
        PostgresDatabase.connect(url)
    assert SECRET not in str(caught.value) + repr(caught.value.__cause__) + repr(caught.value.__context__)
    return str(caught.value)


@pytest.mark.parametrize(
    ("given_url", "said"),
    [
        ("nonsense", f"{VARIABLE} cannot be read: write postgresql://"),
        (f"postgresql://ann:{SECRET}@host:five/bay", "cannot be read"),
        (f"postgresql://ann:x@{SECRET}@host/bay", "cannot be read"),
        (f"mysql://ann:{SECRET}@host/bay", "'mysql' is not known"),
        (f"postgresql://ann:{SECRET}@host", "names no database"),
        (
            f"postgresql://ann:{SECRET}@127.0.0.1:1/bay",
            "postgresql://ann@127.0.0.1:1/bay: the server cannot be",
        ),
        (f"postgresql://ann:{SECRET}@nowhere.invalid/bay", "cannot be reached"),
        (f"postgresql://ann:{SECRET}@127.0.0.1:1/bay?colour=red", 'invalid connection option "colour"'),
    ],
)
def test_a_wrong_url_is_said_in_one_line_without_the_password(given_url: str, said: str) -> None:
    """It is the first thing that goes wrong, and the line goes into a log."""
    message = refusal(given_url)

    assert said in message
    assert "\n" not in message


@given(st.text(min_size=4).filter(lambda text: text.strip() == text), st.sampled_from(["/bay", "", "?x=1"]))
def test_no_piece_of_a_password_is_ever_shown(password: str, end: str) -> None:
    """Also of one that was not encoded, so that it cuts the URL into other parts."""
    marked = "".join(f"⚿{letter}" for letter in password)
    try:
        place = place_of(read_url(f"postgresql://ann:{marked}@host{end}"))
    except StoreError as error:
        place = str(error)

    assert "⚿" not in place


def test_a_wrong_password_or_database_is_said(url: str) -> None:
    """In the server's words too, since only it knows."""
    start, _, end = url.partition("@")
    wrong = f"{start.rpartition(':')[0]}:{SECRET}@{end}"

    assert "check user, password and database" in refusal(wrong)
    assert "does not exist" in refusal(url + "_none")


def test_a_connection_that_was_lost_is_made_again(postgres: Server, database: Database) -> None:
    """A server that was restarted in the night needs nobody in the morning."""
    cut(postgres, database)
    assert database.rows("SELECT 1") == [(1,)]
    cut(postgres, database)
    assert database.change("INSERT INTO marks VALUES ('x', 1)") == 1
    cut(postgres, database)
    with database.transaction():
        assert database.change("INSERT INTO marks VALUES ('y', 1)") == 1

    assert database.rows("SELECT name FROM marks WHERE name < 'z' AND name > 'w'") == [("x",), ("y",)]


def test_a_connection_that_is_lost_in_a_transaction_undoes_it(postgres: Server, database: Database) -> None:
    """Nothing of it is repeated, and the next one is made on a new connection."""
    with pytest.raises(StoreError, match="the server went away") as caught, database.transaction():
        database.change("INSERT INTO marks VALUES ('x', 1)")
        cut(postgres, database)
        database.change("INSERT INTO marks VALUES ('y', 1)")
    assert caught.value.retryable
    with database.transaction():
        assert database.rows("SELECT name FROM marks WHERE name IN ('x', 'y')") == []


def test_a_change_whose_end_is_not_known_is_not_repeated(database: Database) -> None:
    """It could count twice; whoever made it is told."""
    with pytest.raises(StoreError, match="may or may not have been"):
        database.change("UPDATE marks SET number = number + 1 WHERE pg_terminate_backend(pg_backend_pid())")

    assert database.rows("SELECT number FROM marks WHERE name = 'schema.oldest'") == [(1,)]


def test_a_server_that_is_away_is_said_until_it_is_back(
    postgres: Server, url: str, database: Database
) -> None:
    """And then the same connection goes on."""
    name = url.rpartition("/")[2]
    postgres.run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    cut(postgres, database)
    with pytest.raises(StoreError, match="not currently accepting connections"):
        database.rows("SELECT 1")
    postgres.run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")

    assert database.rows("SELECT 1") == [(1,)]


def test_a_user_who_may_not_is_said(postgres: Server, url: str) -> None:
    """A database that was made without the grants is common."""
    name = url.rpartition("/")[2]
    postgres.run(f"CREATE ROLE {name}_reader LOGIN PASSWORD '{SECRET}'")
    try:
        reader = f"postgresql://{name}_reader:{SECRET}@{url.partition('@')[2]}"
        assert "its user may not do this: grant it all" in refusal(reader)
    finally:
        postgres.run(f"DROP ROLE {name}_reader")


def test_a_mistake_in_a_statement_shows_no_values(database: Database) -> None:
    """It is ours, and goes into a log with its traceback."""
    with pytest.raises(Exception, match="nosuch") as caught:
        database.change("INSERT INTO nosuch VALUES (:value)", {"value": SECRET})

    assert SECRET not in str(caught.value)


def test_transactions_under_other_locks_do_not_wait(url: str, database: Database) -> None:
    """One workspace's holds are nothing to another's."""
    done = threading.Event()

    def elsewhere() -> None:
        with PostgresDatabase.connect(url) as other, other.transaction("holds of two"):
            done.set()

    with database.transaction("holds of one"):
        thread = threading.Thread(target=elsewhere)
        thread.start()
        assert done.wait(60)
    thread.join()


def test_a_transaction_in_a_transaction_is_a_mistake(database: Database) -> None:
    """Its end would end the other."""
    with database.transaction(), pytest.raises(RuntimeError, match="under way"), database.transaction():
        pass


def test_what_is_missing_is_named() -> None:
    """Who installed only the gateway and names PostgreSQL needs one more extra."""
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from pathlib import Path; from modelbay.store import Database, StoreError\n"
        "try: Database.open(Path('unused'))\n"
        "except StoreError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={VARIABLE: f"postgresql://ann:{SECRET}@host/bay"},
    )

    assert (done.stdout, done.stderr) == (
        f"{VARIABLE} names PostgreSQL: install modelbay[gateway,postgres]\n",
        "",
    )
