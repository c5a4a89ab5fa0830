"""The port to a database: the same statements give the same answers on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from modelbay.store import ConflictError, Database, audit
from modelbay.store.calls import COLUMNS, DEFAULTS
from modelbay.store.selection import Selection
from modelbay.store.totals import sums

pytestmark = pytest.mark.usefixtures("backend")

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=12)
TIMES = st.floats(min_value=0, max_value=4_000_000_000, allow_nan=False)
one_database = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def database(tmp_path: Path, backend: str) -> Iterator[Database]:
    """An empty database, of each kind in turn."""
    with Database.open(tmp_path) as database:
        assert database.dialect == backend
        yield database


def call(name: str, **facts: object) -> list[object]:
    """Return a row of `calls`."""
    return [*(dict(DEFAULTS) | {"id": name} | facts).values()]


def keep(database: Database, *rows: list[object]) -> None:
    """Insert calls."""
    database.keep("calls", COLUMNS, rows)


@one_database
@given(st.lists(AMOUNTS, min_size=1))
def test_sums_are_exact_and_text(database: Database, amounts: list[Decimal]) -> None:
    """There and back without a rounding, and the same digits from both."""
    database.change("DELETE FROM calls")
    keep(database, *(call(str(place), price=f"{amount:f}") for place, amount in enumerate(amounts)))
    [[total]] = database.rows("SELECT exact_sum(price) FROM calls")

    assert sorted(row[0] for row in database.rows("SELECT price FROM calls")) == sorted(
        f"{amount:f}" for amount in amounts
    )
    assert int(Decimal(total).scaleb(12)) == sum(int(amount.scaleb(12)) for amount in amounts)


def test_the_sum_of_nothing_is_not_nought(database: Database) -> None:
    """Calls whose price is not known have not been free."""
    keep(database, call("one"))

    assert database.rows("SELECT exact_sum(price) FROM calls") == [(None,)]


@one_database
@example(5e-324)
@example(86399.99999999999)
@given(TIMES)
def test_days_are_those_of_the_calendar(database: Database, at: float) -> None:
    """Of UTC, wherever the server is."""
    database.change("DELETE FROM calls")
    keep(database, call("one", at=at))

    assert database.rows("SELECT days_of(at), hours_of(at) FROM calls") == [(at // 86400, at // 3600)]
    [found] = sums(database, Selection(workspace="default"), ["day", "hour", "week", "month"])
    time = datetime.fromtimestamp(int(at), UTC)
    assert found.labels == tuple(map(time.strftime, ("%Y-%m-%d", "%Y-%m-%dT%H", "%G-W%V", "%Y-%m")))


@one_database
@given(st.text(), st.binary(), st.booleans(), st.integers(-(2**63) + 1, 2**63 - 1))
def test_values_come_back_as_they_were(
    database: Database, text: str, content: bytes, truth: bool, number: int
) -> None:
    """Also what would be half a character, a quotation or a parameter; but PostgreSQL has no NUL."""
    text = text.encode("utf-8", "replace").decode().replace("\0", "")
    database.change("DELETE FROM keys")
    database.change("DELETE FROM calls")
    values = {"name": text, "hash": content}
    database.change(
        "INSERT INTO keys (workspace, id, name, hint, hash, models, created)"
        " VALUES ('default', 'key_a', :name, '', :hash, '[]', 0)",
        values,
    )
    keep(database, call("one", tag=text, stream=truth, prompt_tokens=number))

    assert database.rows("SELECT name, hash FROM keys WHERE name = :name AND hash = :hash", values) == [
        (text, content)
    ]
    assert database.rows("SELECT tag, stream, prompt_tokens FROM calls") == [(text, truth, number)]


def test_what_a_hostile_client_or_upstream_sends_is_kept_as_far_as_it_can_be(database: Database) -> None:
    """A row that could never be stored would keep all calls behind it out of the ledger."""
    keep(database, call("one", asked_model="a\0b", prompt_tokens=2**64 - 1), call("two"))
    [[model, tokens], _] = database.rows("SELECT asked_model, prompt_tokens FROM calls ORDER BY id")

    assert model in ("a\0b", "a\ufffdb")
    assert tokens == 2**63 - 1


def test_what_is_kept_already_stays_as_it_is(database: Database) -> None:
    """Whoever is not sure whether something was written may write it again."""
    keep(database, call("one", tag="first"))
    keep(database, call("one", tag="second"), call("two"))

    assert database.rows("SELECT id, tag FROM calls ORDER BY id") == [("one", "first"), ("two", "")]


def test_a_second_row_where_one_may_be_is_a_conflict(database: Database) -> None:
    """The same error from both, and nothing is changed."""
    database.change("INSERT INTO marks VALUES ('x', 1)")
    with pytest.raises(ConflictError), database.transaction():
        database.change("INSERT INTO marks VALUES ('y', 1)")
        database.change("INSERT INTO marks VALUES ('x', 2)")

    assert database.rows("SELECT name, number FROM marks WHERE name IN ('x', 'y')") == [("x", 1)]


def test_a_transaction_that_fails_changes_nothing(database: Database, tmp_path: Path) -> None:
    """A journal's place and its calls are one: never one without the other."""
    with pytest.raises(KeyError), database.transaction():
        assert database.in_transaction
        database.change("INSERT INTO marks VALUES ('x', 1)")
        raise KeyError
    assert not database.in_transaction
    with Database.open(tmp_path) as other:
        assert other.rows("SELECT * FROM marks WHERE name = 'x'") == []


@pytest.mark.parametrize("lock", ["", "holds of one"])
def test_transactions_under_one_lock_come_one_after_the_other(
    database: Database, tmp_path: Path, lock: str
) -> None:
    """What is read inside is still so when it is written: no update is lost, with no more said."""
    database.change("INSERT INTO marks VALUES ('x', 0)")

    def count(_: int) -> None:
        with Database.open(tmp_path) as own:
            for _ in range(25):
                with own.transaction(lock):
                    [[number]] = own.rows("SELECT number FROM marks WHERE name = 'x'")
                    own.change("UPDATE marks SET number = :next WHERE name = 'x'", {"next": number + 1})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, range(4)))

    assert database.rows("SELECT number FROM marks WHERE name = 'x'") == [(100,)]


def test_the_audit_log_is_read_from_the_newest_on_and_page_by_page(database: Database) -> None:
    """Of one workspace; what happened at one moment has an order too."""
    for number in range(5):
        audit.record(database, "default", "cli", "key.create", f"key_{number}", {"n": number}, at=number // 2)
    audit.record(database, "other", "user_a", "key.create", "key_x")
    first = audit.listed(database, "default", limit=2)
    rest = audit.listed(database, "default", before=(first[-1].at, first[-1].id))

    assert sorted(row.target for row in [*first, *rest]) == [f"key_{number}" for number in range(5)]
    assert [row.at for row in [*first, *rest]] == [2.0, 1.0, 1.0, 0.0, 0.0]
    assert first[0].detail == {"n": 4}
