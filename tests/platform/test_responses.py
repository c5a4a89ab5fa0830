"""Stored responses: durable, of one workspace, not for ever, not of any size."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.background import BackgroundDatabase
from modelbay.platform.responses import RETENTION, StoredResponses
from modelbay.store import Database

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


pytestmark = pytest.mark.usefixtures("backend")


class Calendar:
    """Days that pass when told."""

    now = 1_700_000_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[BackgroundDatabase]:
    """The database of an empty data directory."""
    database = BackgroundDatabase(tmp_path)
    yield database
    await database.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.dictionaries(st.text(), JSON, max_size=3), st.lists(JSON, max_size=3))
async def test_what_was_kept_is_given_back(
    database: BackgroundDatabase, body: dict[str, object], items: list[object]
) -> None:
    """There and back is the identity, unknown fields and all."""
    responses = StoredResponses(database)
    await responses.put("default", "resp_1", body, items)
    found = await responses.get("default", "resp_1")

    assert found is not None
    assert (found.body, found.input) == (body, items)


async def test_a_response_is_there_for_another_process_at_once(
    database: BackgroundDatabase, tmp_path: Path
) -> None:
    """The next turn of a conversation may reach another worker."""
    await StoredResponses(database).put("default", "resp_1", {"id": "resp_1"}, [])
    other = BackgroundDatabase(tmp_path)

    assert await StoredResponses(other).get("default", "resp_1") is not None
    await other.close()


async def test_no_workspace_sees_anothers_responses(database: BackgroundDatabase) -> None:
    """An id that leaks is worth nothing elsewhere."""
    responses = StoredResponses(database)
    await responses.put("default", "resp_1", {}, [])

    assert await responses.get("other", "resp_1") is None
    assert not await responses.delete("other", "resp_1")
    assert await responses.delete("default", "resp_1")
    assert not await responses.delete("default", "resp_1")
    assert await responses.get("default", "resp_1") is None


async def test_responses_expire_and_are_removed(database: BackgroundDatabase, tmp_path: Path) -> None:
    """What clients said is kept no longer than was promised."""
    today = Calendar()
    responses = StoredResponses(database, now=today)
    await responses.put("default", "old", {}, [])
    today.now += RETENTION
    assert await responses.get("default", "old") is None
    assert not await responses.delete("default", "old")
    await responses.put("default", "new", {}, [])

    with Database.open(tmp_path) as other:
        assert other.rows("SELECT id FROM responses") == [("new",)]


async def test_a_response_that_is_too_large_is_refused(database: BackgroundDatabase) -> None:
    """With what the client can do; what it replaces stays."""
    responses = StoredResponses(database, largest=1000)
    await responses.put("default", "resp_1", {"text": "short"}, [])
    with pytest.raises(
        InvokeBadRequestError, match=r"^store: .* bytes, at most 1,000 are kept; send store: false"
    ):
        await responses.put("default", "resp_1", {"text": "long" * 300}, [])
    found = await responses.get("default", "resp_1")

    assert found is not None
    assert found.body == {"text": "short"}
