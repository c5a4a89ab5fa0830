"""Signing in and out, over real sockets: cookies, tokens against other sites, guesses, the first owner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.gateway.api.conftest import running
from tests.gateway.api.site import COOKIE, Person, Site
from tests.gateway.client import Answer
from tests.platform.people.persons import GOOD, quick_passwords

from modelbay.platform.people.csrf import csrf_token
from modelbay.platform.people.members import change_role
from modelbay.platform.people.permissions import Role
from modelbay.platform.people.setup import setup_link

OWNER = {"email": "ann@example.com", "name": "Ann", "password": GOOD}
WRONG = "incorrect horse battery"


async def known(site: Site, role: Role = Role.OWNER) -> Person:
    """Make a member with a password."""
    passwords = quick_passwords()
    person = site.person(role, password=await passwords.hash(GOOD))
    passwords.close()
    return person


async def sign_in(site: Site, email: str, password: str = GOOD, **headers: str) -> Answer:
    """Sign in."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await site.call("POST", "/api/session", {"email": email, "password": password}, named)


def cookie_of(answer: Answer) -> tuple[str, set[str]]:
    """Return the cookie that an answer sets, and how."""
    first, *rest = answer.headers["set-cookie"].split("; ")
    return first, set(rest)


async def test_whoever_has_the_link_becomes_the_first_owner(site: Site) -> None:
    """And is signed in; the link, and any other, is good no more."""
    link, other = setup_link(site.now), setup_link(site.now)
    assert (await site.call("GET", "/api/setup")).json == {"needed": True}

    answer = await site.call("POST", "/api/setup", {**OWNER, "token": link})
    again = await site.call("POST", "/api/setup", {**OWNER, "token": other})

    assert answer.status == 201
    cookie, _ = cookie_of(answer)
    who = await site.call("GET", "/api/session", headers={"cookie": cookie})
    assert (who.json["user"]["email"], who.json["workspaces"]) == ("ann@example.com", 1)
    assert again.status == 404
    assert (await site.call("GET", "/api/setup")).json == {"needed": False}


async def test_a_first_start_is_closed_to_who_has_no_link(site: Site) -> None:
    """The first to come must not be whoever scans the network."""
    setup_link(site.now)

    answer = await site.call("POST", "/api/setup", {**OWNER, "token": "a-guess"})

    assert (answer.status, answer.json["errors"][0]["field"]) == (404, "token")
    assert "set-cookie" not in answer.headers


async def test_a_session_is_a_cookie_that_scripts_and_other_sites_do_not_have(site: Site) -> None:
    """What a script can read a hostile script can send away."""
    person = await known(site)

    answer = await sign_in(site, person.email)

    cookie, how = cookie_of(answer)
    name, _, token = cookie.partition("=")
    assert (answer.status, name) == (201, COOKIE)
    assert {"Path=/", "HttpOnly", "SameSite=Strict"} <= how
    assert "Secure" not in how
    assert answer.json["csrf_token"] == csrf_token(token) == answer.headers["x-csrf-token"]
    assert token not in answer.body.decode()


async def test_under_tls_the_cookie_goes_nowhere_else(site: Site) -> None:
    """A proxy says that it speaks TLS; a plain cookie is not taken for a session then."""
    person = await known(site)

    answer = await sign_in(site, person.email, x_forwarded_proto="https")

    cookie, how = cookie_of(answer)
    assert cookie.startswith(f"__Host-{COOKIE}=")
    assert {"Secure", "Path=/", "HttpOnly"} <= how
    token = cookie.partition("=")[2]
    for sent, status in ((cookie, 200), (f"{COOKIE}={token}", 401)):
        headers = {"cookie": sent, "x-forwarded-proto": "https"}
        assert (await site.call("GET", "/api/session", headers=headers)).status == status


async def test_a_gateway_with_a_certificate_knows_that_it_has_one(tmp_path: Any, installation: str) -> None:
    """Without a proxy nobody says so."""
    async with running(tmp_path, tls=True) as site:
        person = await known(site)
        answer = await sign_in(site, person.email)

        assert cookie_of(answer)[0].startswith("__Host-")


async def test_nothing_tells_which_part_was_wrong(site: Site) -> None:
    """Else anybody could learn who has an account."""
    person = await known(site)

    answers = [
        await sign_in(site, person.email, WRONG),
        await sign_in(site, "nobody@example.com"),
        await sign_in(site, "no address"),
    ]

    told = [(answer.status, {**answer.json, "request_id": ""}) for answer in answers]
    assert told == [told[0]] * 3
    assert answers[0].status == 401
    assert [set(answer.headers) for answer in answers] == [set(answers[0].headers)] * 3


async def test_guesses_have_to_wait(site: Site) -> None:
    """Not even the right password is looked at then, so that a guess learns nothing."""
    person = await known(site)
    for _ in range(6):
        await sign_in(site, person.email, WRONG)

    answer = await sign_in(site, person.email)

    assert (answer.status, answer.json["code"]) == (429, "too_many_attempts")
    assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.parametrize(("trusted", "address"), [(["127.0.0.1"], "198.51.100.9"), ([], "127.0.0.1")])
async def test_a_proxy_that_is_trusted_says_for_whom_it_asks(
    tmp_path: Path, installation: str, trusted: list[str], address: str
) -> None:
    """Guesses from one address must not shut everybody out who comes through the same proxy."""
    async with running(tmp_path, trusted_proxies=trusted) as site:
        await sign_in(site, "a@example.com", WRONG, x_forwarded_for="203.0.113.7, 198.51.100.9")
        names = [row[0] for row in site.now.rows("SELECT name FROM attempts")]

    assert f"address:{address}" in names


async def test_signing_out_ends_the_session_everywhere(site: Site) -> None:
    """Whoever has copied the cookie has nothing."""
    person = site.person(Role.MEMBER)

    answer = await person.call("DELETE", "/api/session")

    assert answer.status == 204
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert (await person.get("/api/session")).status == 401


async def test_own_sessions_are_listed_and_ended(site: Site) -> None:
    """A session on a lost telephone is ended from here; nobody else's can be."""
    person, other = site.person(Role.MEMBER), site.person(Role.MEMBER)
    second = Person(site, person.id, person.email, site.session(person.id))
    third = Person(site, person.id, person.email, site.session(person.id))

    listed = (await person.get("/api/sessions")).json["items"]
    assert [each["current"] for each in listed].count(True) == 1
    assert len(listed) == 3
    foreign = (await other.get("/api/sessions")).json["items"][0]["id"]
    assert (await person.call("DELETE", f"/api/sessions/{foreign}")).status == 404
    own = (await second.get("/api/sessions")).json["items"]
    second_id = next(each["id"] for each in own if each["current"])
    assert (await person.call("DELETE", f"/api/sessions/{second_id}")).status == 204

    assert (await second.get("/api/session")).status == 401
    assert (await person.call("DELETE", "/api/sessions")).json == {"ended": 1}
    assert (await third.get("/api/session")).status == 401
    assert (await other.get("/api/session")).status == 200


async def test_another_password_ends_the_other_sessions(site: Site) -> None:
    """Whoever knew the old one is out."""
    person = await known(site)
    thief = Person(site, person.id, person.email, site.session(person.id))
    body = {"old_password": GOOD, "new_password": "another few words together"}

    short = await person.call("PUT", "/api/password", {**body, "new_password": "short"})
    wrong = await person.call("PUT", "/api/password", {**body, "old_password": WRONG})
    done = await person.call("PUT", "/api/password", body)

    assert (short.status, short.json["errors"][0]["field"]) == (422, "new_password")
    assert (wrong.status, done.status) == (401, 204)
    assert (await thief.get("/api/session")).status == 401
    assert (await sign_in(site, person.email)).status == 401
    assert (await sign_in(site, person.email, body["new_password"])).status == 201


async def test_a_session_whose_role_has_changed_gets_another_token_whatever_is_answered(site: Site) -> None:
    """The new one is told with an error too: else the browser would be left with one that is no more."""
    person = site.person(Role.ADMIN)
    change_role(site.now, "default", person.id, Role.MEMBER, actor="cli", authority=Role.OWNER)

    answer = await person.get("/api/workspaces/default/invitations")

    assert answer.status == 403
    token = cookie_of(answer)[0].partition("=")[2]
    assert token != person.token
    assert answer.headers["x-csrf-token"] == csrf_token(token)
    renewed = Person(site, person.id, person.email, token)
    assert (await renewed.get("/api/session")).json["csrf_token"] == csrf_token(token)


@pytest.mark.parametrize(("where", "status"), [("cross-site", 403), ("same-site", 403), ("same-origin", 401)])
async def test_another_sites_page_cannot_sign_anybody_in(site: Site, where: str, status: int) -> None:
    """Nobody is signed in, unnoticed, as somebody else."""
    answer = await sign_in(site, "a@example.com", sec_fetch_site=where)

    assert answer.status == status


async def test_an_invitation_makes_an_account_and_signs_in(site: Site) -> None:
    """By a link, once; the link leads to our own page, and keeps its token to the browser."""
    owner = site.person(Role.OWNER)
    made = await owner.post(
        "/api/workspaces/default/invitations", {"email": "Bo@example.com", "role": "member"}
    )
    token = made.json["token"]
    assert made.json["link"] == f"http://gateway/join#{token}"

    looked = await site.call("POST", "/api/invitations/open", {"token": token})
    body = {"token": token, "name": "Bo", "password": GOOD}
    taken = await site.call("POST", "/api/invitations/accept", body)
    again = await site.call("POST", "/api/invitations/accept", body)

    assert looked.json == {"workspace": "Default", "email": "bo@example.com", "role": "member"}
    assert taken.status == 201
    assert again.status == 404
    bo = await site.call("GET", "/api/workspaces", headers={"cookie": cookie_of(taken)[0]})
    assert bo.json["items"] == [{"id": "default", "name": "Default", "role": "member"}]


async def test_a_link_opens_nobodys_account(site: Site) -> None:
    """Who has one proves it with its password."""
    person, workspace = await known(site, Role.MEMBER), site.workspace()
    owner = site.person(Role.OWNER, workspace)
    body = {"email": person.email, "role": "admin"}
    made = await owner.post(f"/api/workspaces/{workspace}/invitations", body)
    given = {"token": made.json["token"], "name": "Somebody"}

    wrong = await site.call("POST", "/api/invitations/accept", {**given, "password": WRONG})
    right = await site.call("POST", "/api/invitations/accept", {**given, "password": GOOD})

    assert (wrong.status, right.status) == (401, 201)
    assert (await person.get(f"/api/workspaces/{workspace}")).status == 200
