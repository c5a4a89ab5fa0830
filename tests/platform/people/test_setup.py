"""The first start: nobody becomes the owner but who reads the terminal."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from tests.platform.databases import stored_bytes
from tests.platform.people.persons import NOW, actions, add_member

from modelbay.errors import InvokeBadRequestError, ModelbayError
from modelbay.platform.people.permissions import Role
from modelbay.platform.people.setup import check_setup, complete_setup, has_owner, setup_link
from modelbay.store import Database, people
from modelbay.store.people import UserRow

pytestmark = pytest.mark.usefixtures("backend")

INVALID = "^token: this link is not valid"


def completed(database: Database, token: str | None, email: str = "Ann@example.com") -> UserRow:
    """Fill in the form of a link."""
    return complete_setup(database, token or "", email=email, name="Ann", password="hash", now=NOW)


def test_the_link_makes_the_first_owner_once(tmp_path: Path) -> None:
    """From then on there is no link any more, whatever was printed before."""
    with Database.open(tmp_path) as database:
        earlier, token = setup_link(database), setup_link(database)
        assert not has_owner(database)
        user = completed(database, token)
        row = people.member(database, "default", user.id)

        assert row is not None
        assert (row.email, row.role) == ("ann@example.com", "owner")
        assert has_owner(database)
        assert setup_link(database) is None
        assert actions(database) == ["member.create"]
        for used in (earlier, token):
            with pytest.raises(InvokeBadRequestError, match=INVALID):
                completed(database, used, "eve@example.com")


def test_without_the_link_there_is_no_first_owner(tmp_path: Path) -> None:
    """The first visitor of a fresh installation is not always the one who has installed it."""
    with Database.open(tmp_path) as database:
        setup_link(database)
        for token in ("", "x" * 43, "\0", "\udc80"):
            with pytest.raises(InvokeBadRequestError, match=INVALID):
                check_setup(database, token)
            with pytest.raises(InvokeBadRequestError, match=INVALID):
                completed(database, token)

        assert database.rows("SELECT count(*) FROM users") == [(0,)]


def test_a_link_is_void_once_there_is_an_owner_by_another_way(tmp_path: Path) -> None:
    """Somebody was invited on the command line meanwhile."""
    with Database.open(tmp_path) as database:
        token = setup_link(database)
        add_member(database, "ann@example.com", Role.OWNER)
        with pytest.raises(InvokeBadRequestError, match=INVALID):
            completed(database, token, "eve@example.com")


def test_a_form_with_mistakes_can_be_sent_again(tmp_path: Path) -> None:
    """The link is used up by success only."""
    with Database.open(tmp_path) as database:
        token = setup_link(database)
        with pytest.raises(InvokeBadRequestError, match=r"^email: 'ann' is not an e-mail address"):
            completed(database, token, "ann")

        assert completed(database, token).email == "ann@example.com"


def test_of_two_who_use_links_at_once_one_is_the_owner(tmp_path: Path) -> None:
    """Each holds a good link of another replica."""
    with Database.open(tmp_path) as database:
        tokens = [setup_link(database) for _ in range(2)]
    barrier = Barrier(2)

    def complete(number: int) -> str:
        with Database.open(tmp_path) as own:
            barrier.wait()
            try:
                return completed(own, tokens[number], f"{number}@example.com").name
            except ModelbayError as error:
                return str(error.code)

    with ThreadPoolExecutor(2) as pool:
        ends = sorted(pool.map(complete, range(2)))
    with Database.open(tmp_path) as database:
        assert ends == ["Ann", "not_found"]
        assert database.rows("SELECT role FROM members") == [("owner",)]
        assert database.rows("SELECT count(*) FROM users") == [(1,)]


def test_links_are_hashes_and_few(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """A server that restarts all night leaves no heap of links behind."""
    with Database.open(tmp_path) as database:
        tokens = [setup_link(database) or "" for _ in range(30)]
        stored = stored_bytes(tmp_path, request)

        assert database.rows("SELECT count(*) FROM setup_links") == [(20,)]
        check_setup(database, tokens[-1])
    assert not any(token.encode() in stored for token in tokens)
