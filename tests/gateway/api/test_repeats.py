"""A POST that is sent again is answered and not done again; and what is kept for that holds no secret."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.gateway.api.site import Site

from modelbay.platform import repeats
from modelbay.platform.people.permissions import Role
from modelbay.platform.repeats import KEPT, MOST, Repeatable
from modelbay.platform.vault import MasterKeys, Vault

KEYS = "/api/workspaces/default/keys"
NOW = 1_800_000_000.0


def names(site: Site) -> list[str]:
    """Return the names of the keys that there are."""
    return [row[0] for row in site.now.rows("SELECT name FROM keys ORDER BY created, name")]


async def test_a_request_that_is_sent_again_is_done_once(site: Site) -> None:
    """The answer was lost on the way: the client has to learn the key all the same."""
    owner = site.person(Role.OWNER)

    first = await owner.post(KEYS, {"name": "a", "models": ["x/*"]}, idempotency_key="one")
    again = await owner.post(KEYS, {"models": ["x/*"], "name": "a"}, idempotency_key="one")

    assert (first.status, again.status) == (201, 201)
    assert again.json == first.json
    assert again.headers["idempotency-replayed"] == "true"
    assert names(site).count("a") == 1


async def test_requests_that_come_at_once_are_one(site: Site) -> None:
    """A client that is impatient must not have two."""
    owner = site.person(Role.OWNER)

    answers = await asyncio.gather(
        *(owner.post(KEYS, {"name": "a"}, idempotency_key="one") for _ in range(5))
    )

    assert {answer.status for answer in answers} <= {201, 409}
    assert names(site).count("a") == 1
    waiting = [answer for answer in answers if answer.status == 409]
    assert all(answer.headers["retry-after"] == "1" for answer in waiting)


async def test_another_request_under_the_same_key_is_refused(site: Site) -> None:
    """A client that counts its keys wrongly must not get the answer to another question."""
    owner, other = site.person(Role.OWNER), site.person(Role.OWNER)
    workspace = (await owner.post("/api/workspaces", {"name": "W"}, idempotency_key="one")).json["id"]

    for path, body in ((KEYS, {"name": "W"}), ("/api/workspaces", {"name": "V"})):
        answer = await owner.post(path, body, idempotency_key="one")
        assert (answer.status, answer.json["errors"][0]["field"]) == (422, "Idempotency-Key")
    theirs = await other.post("/api/workspaces", {"name": "W"}, idempotency_key="one")
    assert theirs.json["id"] != workspace


async def test_what_was_refused_may_be_sent_again(site: Site) -> None:
    """Nothing was done, and what stood in the way may be gone."""
    owner = site.person(Role.OWNER)
    body = {"email": "bo@example.com", "role": "member"}
    path = "/api/workspaces/{}/invitations"
    member = site.person(Role.MEMBER)
    taken = {**body, "email": member.email}

    refused = await owner.post(path.format("default"), taken, idempotency_key="one")
    site.now.change("DELETE FROM members WHERE user_id = :user", {"user": member.id})
    done = await owner.post(path.format("default"), taken, idempotency_key="one")

    assert (refused.status, done.status) == (409, 201)


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
async def test_a_key_that_is_none_is_refused(site: Site, key: str) -> None:
    """In words that name it."""
    answer = await site.person(Role.OWNER).post(KEYS, {}, idempotency_key=key)

    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "Idempotency-Key")
    assert len(names(site)) == 1


async def test_no_secret_is_kept_in_plain(site: Site, request: pytest.FixtureRequest) -> None:
    """Neither that of an answer, which the vault seals, nor that of a request, of which a hash is kept."""
    owner = site.person(Role.OWNER)

    made = await owner.post(KEYS, {"name": "a"}, idempotency_key="a-key-of-a-client")
    invited = await owner.post(
        "/api/workspaces/default/invitations",
        {"email": "bo@example.com", "role": "member"},
        idempotency_key="another",
    )

    everything = site.stored(request)
    assert (made.status, invited.status) == (201, 201)
    for secret in (made.json["key"], invited.json["token"], "a-key-of-a-client"):
        assert secret.encode() not in everything


async def test_answers_are_kept_for_a_day_and_a_thousand_of_a_caller(site: Site) -> None:
    """What is kept for a lost answer must not grow for ever."""
    vault = Vault(MasterKeys(site.data_dir))

    def ask(number: int, at: float) -> str | None:
        one = Repeatable.of("usr_1", "", f"key {number}", b"request")
        found = repeats.begin(site.now, vault, one, now=at)
        if found is None:
            repeats.finish(site.now, vault, one, f"answer {number}", secret=False)
        return found

    def kept() -> int:
        return int(site.now.rows("SELECT count(*) FROM repeats")[0][0])

    for number in range(MOST + 5):
        assert ask(number, NOW + number) is None
    assert kept() == MOST
    assert ask(MOST, NOW + MOST) == f"answer {MOST}"
    assert ask(7, NOW + KEPT + 5000) is None
    assert kept() == 1


async def test_a_request_that_was_cut_off_is_not_done_again(site: Site) -> None:
    """Whether it was done nobody knows: a person has to look."""
    vault: Any = Vault(MasterKeys(site.data_dir))
    one = Repeatable.of("usr_1", "", "key", b"request")
    assert repeats.begin(site.now, vault, one, now=NOW) is None

    with pytest.raises(Exception, match="still being done"):
        repeats.begin(site.now, vault, one, now=NOW + 1)
    with pytest.raises(Exception, match="may or may not have been done"):
        repeats.begin(site.now, vault, one, now=NOW + 1000)
