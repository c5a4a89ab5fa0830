"""People are known to all servers: a session, its end, and the link of the first start."""

from __future__ import annotations

import pytest
from tests.gateway.client import Answer, fetch
from tests.gateway.replicas.fleet import COOKIE, Replicas
from tests.platform.people.persons import GOOD, add_user, quick_passwords

from modelbay.store import Database, people

pytestmark = pytest.mark.asyncio(loop_scope="session")

SESSION = "/api/session"


async def ask(
    replicas: Replicas, server: int, method: str, path: str, body: object = None, **headers: str
) -> Answer:
    """Send a request to a server as a browser does."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await fetch(replicas.servers[server].place, method, path, body, named)


def cookie_of(answer: Answer) -> str:
    """Return what a browser keeps of an answer and sends from then on."""
    kept = answer.headers["set-cookie"].partition(";")[0]
    assert kept.startswith(f"{COOKIE}=")
    return kept


async def test_who_signs_in_at_one_server_is_signed_in_and_out_at_both(replicas: Replicas) -> None:
    """At once: a session is asked for at each request, so its end is an end everywhere."""
    passwords = quick_passwords()
    hashed = await passwords.hash(GOOD)
    passwords.close()
    email = "somebody@example.com"
    with replicas.now as database:
        add_user(database, email, password=hashed)
    begun = await ask(replicas, 0, "POST", SESSION, {"email": email, "password": GOOD})
    cookie, token = cookie_of(begun), begun.json["csrf_token"]
    before = [await ask(replicas, server, "GET", SESSION, cookie=cookie) for server in (0, 1)]
    ended = await ask(replicas, 1, "DELETE", SESSION, cookie=cookie, x_csrf_token=token)
    after = [await ask(replicas, server, "GET", SESSION, cookie=cookie) for server in (0, 1)]

    assert [answer.status for answer in (begun, *before, ended, *after)] == [201, 200, 200, 204, 401, 401]
    assert {answer.json["user"]["email"] for answer in before} == {email}


async def test_the_link_of_a_start_is_good_at_either_server_and_once(replicas: Replicas) -> None:
    """Whichever terminal it was read from; the other server's link is none any more either."""

    async def complete(server: int, link: str, email: str) -> int:
        body = {"token": link, "email": email, "name": "Owner", "password": GOOD}
        return (await ask(replicas, server, "POST", "/api/setup", body)).status

    async def needed() -> list[bool]:
        return [(await ask(replicas, server, "GET", "/api/setup")).json["needed"] for server in (0, 1)]

    first, second = replicas.links
    assert first != second
    assert await needed() == [True, True]
    assert await complete(1, first, "owner@example.com") == 201

    assert await needed() == [False, False]
    assert await complete(0, first, "again@example.com") == 404
    assert await complete(0, second, "other@example.com") == 404
    with replicas.now as database:
        assert owners(database) == ["owner@example.com"]


def owners(database: Database) -> list[str]:
    """Return who owns the first workspace."""
    return [each.email for each in people.members(database, "default")]
