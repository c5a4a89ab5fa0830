"""Keys: random, shown once, stored as a hash."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.platform.databases import stored_bytes

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.keys import create_key, list_keys, revoke_key
from modelbay.platform.lineages import state_of
from modelbay.platform.periods import parse_period
from modelbay.platform.secrets import digest_of, hint_of, is_plausible, new_secret
from modelbay.store import Database

SECRET = new_secret()

on_both = pytest.mark.usefixtures("backend")


def test_a_key_is_long_random_and_recognised() -> None:
    """A scanner of leaked secrets knows it by its beginning and its checksum."""
    keys = {new_secret() for _ in range(1000)}

    assert len(keys) == 1000
    assert all(key.startswith("mb-") and len(key) == 52 and key[3:].isalnum() for key in keys)
    assert all(is_plausible(key) for key in keys)


@given(st.integers(0, len(SECRET) - 1), st.characters())
def test_one_wrong_character_is_noticed_without_a_look(place: int, character: str) -> None:
    """A mistyped key costs the database nothing."""
    changed = SECRET[:place] + character + SECRET[place + 1 :]

    assert is_plausible(changed) == (changed == SECRET)


@given(st.text())
def test_any_text_can_be_asked_about(text: str) -> None:
    """A header holds whatever a client put there."""
    assert not is_plausible(text)
    assert len(digest_of(text)) == 32


@on_both
def test_a_key_itself_is_nowhere(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Whoever steals the database can open nothing with it."""
    with Database.open(tmp_path) as database:
        secret = create_key(database, name="ann").secret
        stored = stored_bytes(tmp_path, request)
        [row] = list_keys(database)

    assert row.id.encode() in stored
    assert secret.encode() not in stored
    assert secret[7:].encode() not in stored
    assert (row.name, row.hint, row.hash) == ("ann", secret[:7], digest_of(secret))
    assert hint_of(secret) == row.hint


@on_both
def test_keys_are_listed_in_order_with_their_state(tmp_path: Path) -> None:
    """A revoked key stays in the list: its calls are in the ledger."""
    with Database.open(tmp_path) as database:
        made = [create_key(database, lifetime=lifetime).row for lifetime in (None, 60.0, None)]
        revoke_key(database, made[2].id)
        rows = list_keys(database)
        elsewhere = list_keys(database, workspace="other")

    assert [row.id for row in rows] == [row.id for row in made]
    assert [state_of(row, time.time() + 61) for row in rows] == ["active", "expired", "revoked"]
    assert elsewhere == []


@on_both
def test_what_cannot_be_revoked_is_said(tmp_path: Path) -> None:
    """A typing error must not look like a success, and no workspace closes another's keys."""
    with Database.open(tmp_path) as database:
        row = create_key(database).row
        with pytest.raises(InvokeBadRequestError, match="there is no key 'key_x' that could be revoked"):
            revoke_key(database, "key_x")
        with pytest.raises(InvokeBadRequestError):
            revoke_key(database, row.id, workspace="other")
        revoke_key(database, row.id)
        with pytest.raises(InvokeBadRequestError):
            revoke_key(database, row.id)


@pytest.mark.parametrize(
    ("name", "models", "field"),
    [
        ("x" * 201, [], "name: "),
        ("two\nlines", [], "name: "),
        ("ok", ["openai/*", ""], r"models\[1\]: "),
        ("ok", ["openai/* anthropic/*"], r"models\[0\]: "),
        ("ok", ["a"] * 1001, "models: "),
    ],
)
def test_a_name_or_pattern_that_is_none_is_refused(
    tmp_path: Path, name: str, models: list[str], field: str
) -> None:
    """And nothing is made."""
    with Database.open(tmp_path) as database:
        with pytest.raises(InvokeBadRequestError, match=f"^{field}"):
            create_key(database, name=name, models=models)
        assert list_keys(database) == []


@pytest.mark.parametrize(
    ("text", "seconds"), [("30d", 2_592_000), ("12h", 43_200), ("2W", 1_209_600), ("9s", 9)]
)
def test_a_period_is_read(text: str, seconds: float) -> None:
    """As people write them."""
    assert parse_period(text, field="--since") == seconds


@given(st.text().filter(lambda text: text.strip()[-1:].lower() not in set("smhdw")))
def test_what_is_no_period_is_refused_by_name(text: str) -> None:
    """Never a traceback for a user's mistake."""
    with pytest.raises(InvokeBadRequestError, match=r"^--since: .*such as 30d"):
        parse_period(text, field="--since")
