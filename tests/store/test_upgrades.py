"""Databases of earlier releases: brought up to date with all that is in them, on both databases."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from tests.platform.calls import ROOT, program
from tests.platform.databases import Server

from modelbay.store import Database, schema
from modelbay.store.database import VARIABLE
from modelbay.store.selection import Selection
from modelbay.store.sqlite import FILE
from modelbay.store.totals import sums

ROWS = (
    "INSERT INTO keys (workspace, id, name, hint, hash, models, created)"
    " VALUES ('default', 'key_a', 'ann', 'mb-1', 'hash', '[]', 5)",
    "INSERT INTO marks (name, number) VALUES ('keys', 7)",
    "INSERT INTO calls (workspace, id, at, key_id, surface, model_type, asked_model, provider, model, stream,"
    " status, error, attempts, prompt_tokens, completion_tokens, cached_tokens, cache_write_tokens,"
    " reasoning_tokens, quantity, meter, price, currency, estimated, latency, first_token, tag)"
    " VALUES ('default', 'one', 5, 'key_a', 'openai.chat', 'llm', 'acme/large', 'acme',"
    " 'large', false, 200, '', 1, 10, 20, 0, 0, 0, NULL, '', '0.10', 'USD', false, 0.5, NULL, '')",
    "INSERT INTO journals (name, folded) VALUES ('1-a.log', 99)",
    "INSERT INTO responses (workspace, id, created, expires, body, input)"
    " VALUES ('default', 'resp_1', 5, 6, 'body', 'input')",
)
"""What a release with the first tables has written."""

OPENER = """
import sys
from pathlib import Path
from modelbay.store import Database
Database.open(Path(sys.argv[1])).close()
"""


def at_first(directory: Path) -> None:
    """Make a database as the first release has left it."""
    url = os.environ.get(VARIABLE)
    if url:
        engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
        with engine.begin() as connection:
            schema.migrate(connection, "0001")
            for row in ROWS:
                connection.exec_driver_sql(row)
        engine.dispose()
        return
    with closing(sqlite3.connect(directory / FILE, isolation_level=None)) as database:
        schema.upgrade(database, "0001")
        for row in ROWS:
            database.execute(row)


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The data directory of a first release, with rows in every table."""
    monkeypatch.delenv(VARIABLE, raising=False)
    if request.param == "sqlite":
        at_first(tmp_path)
        yield tmp_path
        return
    server: Server = request.getfixturevalue("postgres")
    url = server.create(prepared=False)
    monkeypatch.setenv(VARIABLE, url)
    at_first(tmp_path)
    yield tmp_path
    server.drop(url)


def assert_upgraded(directory: Path) -> None:
    """Fail unless all is there that was, and the default workspace."""
    with Database.open(directory) as database:
        assert database.rows(schema.VERSION) == [(schema.HEAD,)]
        assert database.rows("SELECT id, last_used FROM keys") == [("key_a", None)]
        assert database.rows("SELECT number FROM marks WHERE name = 'keys'") == [(7,)]
        days = [row for row in sums(database, Selection(workspace="default"), ["day"]) if row.calls]
        assert [(row.labels, row.prices) for row in days] == [(("1970-01-01",), "0.10")]
        assert database.rows("SELECT folded FROM journals") == [(99,)]
        assert database.rows("SELECT id FROM responses") == [("resp_1",)]
        assert database.rows("SELECT id, name, version FROM workspaces") == [("default", "Default", 1)]


def test_an_upgrade_keeps_all_that_is_there(old: Path) -> None:
    """Nobody has to do anything but start the new release."""
    assert_upgraded(old)


def test_processes_that_start_at_once_upgrade_once(old: Path) -> None:
    """The first migrates under a lock; the others wait, and find nothing left to do."""
    started = [
        subprocess.Popen(program(OPENER, old), cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    ended = [(process.communicate(timeout=120)[1], process.returncode) for process in started]

    assert ended == [("", 0)] * 3
    assert_upgraded(old)


def test_the_release_before_works_on_what_an_upgrade_has_made(old: Path) -> None:
    """Replicas of both run side by side for a while; the old one's statements must still do."""
    with Database.open(old) as database:
        for row in ROWS:
            changed = row.replace("key_a", "key_b").replace("'one'", "'two'").replace("'keys', 7", "'old', 1")
            changed = (
                changed.replace("1-a.log", "1-b.log").replace("resp_1", "resp_2").replace("'hash'", "'hush'")
            )
            assert database.change(changed) == 1

        assert database.rows("SELECT id FROM calls ORDER BY id") == [("one",), ("two",)]
