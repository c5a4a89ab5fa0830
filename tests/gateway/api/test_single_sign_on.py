"""Single sign-on against a real provider on this machine: who gets in, and all that opens no door."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.gateway.api.conftest import running
from tests.gateway.api.sign_ins import CLIENT_SECRET, COOKIE, KEPT, SECRET, START, Browser, settings
from tests.gateway.api.site import Site
from tests.platform.people.persons import add_user
from tests.upstreams.oidc import CLIENT, Key, OidcServer, query_of

from modelbay.platform.people.invitations import invite
from modelbay.platform.people.permissions import Role
from modelbay.store import people

ANN = {"sub": "ann-1", "email": "ann@example.com", "email_verified": True, "name": "Ann Lee"}
NOBODY = "you cannot sign in here this way: ask whoever runs this gateway for an invitation"
UNPROVED = "the provider has not proved who you are: begin again"
OVER = "this sign-in is over, or was begun in another browser: begin again"


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[OidcServer]:
    """A provider that knows the gateway by a secret in the environment."""
    monkeypatch.setenv(CLIENT_SECRET, SECRET)
    with OidcServer().running() as server:
        yield server
        assert not server.complaints


@pytest.fixture
async def open_site(tmp_path: Path, installation: str, provider: OidcServer) -> AsyncIterator[Any]:
    """Run a gateway with single sign-on."""
    async with AsyncExitStack() as stack:

        async def start(**more: Any) -> Site:
            return await stack.enter_async_context(running(tmp_path, oidc=settings(provider, **more)))

        yield start


def invited(site: Site, email: str = "ann@example.com", role: Role = Role.ADMIN) -> str:
    """Invite somebody into a workspace; return its id."""
    workspace = site.workspace()
    invite(site.now, workspace, email, role, actor="cli", authority=Role.OWNER, now=time.time())
    return workspace


def accounts(site: Site) -> dict[str, list[Any]]:
    """Return all that a sign-in could have made."""
    tables = ("users", "members", "identities", "sessions")
    return {table: site.now.rows(f"SELECT * FROM {table}") for table in tables}


async def test_somebody_who_was_invited_signs_in(open_site: Any, provider: OidcServer) -> None:
    """The proved address is what the link would have proved: the user is made, and joins."""
    site = await open_site()
    workspace = invited(site)
    browser = Browser(site, provider)
    back = await browser.sign_in(ANN)
    who = await browser.who()

    assert (back.status, back.headers["location"]) == (303, "/")
    assert (who["email"], who["name"]) == ("ann@example.com", "Ann Lee")
    member = people.member(site.now, workspace, who["id"])
    assert member is not None
    assert member.role == Role.ADMIN
    assert [row.action for row in site.audited()][-2:] == ["identity.create", "session.create"]


async def test_a_user_of_this_address_is_known_from_then_on_by_the_subject(
    open_site: Any, provider: OidcServer
) -> None:
    """Addresses change, and are given to others; a provider's subject is not."""
    site = await open_site()
    user = add_user(site.now, "ann@example.com")
    first, second = Browser(site, provider), Browser(site, provider)
    await first.sign_in(ANN)
    await second.sign_in(ANN | {"email": "ann.lee@example.com", "email_verified": False})

    assert [(await each.who())["id"] for each in (first, second)] == [user, user]


async def test_an_address_that_has_a_new_owner_opens_nobodys_account(
    open_site: Any, provider: OidcServer
) -> None:
    """The provider has proved the address, but it was somebody else's when the account was made."""
    site = await open_site()
    add_user(site.now, "ann@example.com")
    await Browser(site, provider).sign_in(ANN)
    before = accounts(site)
    answer = await Browser(site, provider).sign_in(ANN | {"sub": "another"})

    assert (answer.status, answer.json["detail"]) == (401, NOBODY)
    assert accounts(site) == before


async def test_nobody_else_gets_in_and_nothing_tells_who_has_an_account(
    open_site: Any, provider: OidcServer
) -> None:
    """Unproved addresses of users and invited people, strangers, no address: one answer for all."""
    site = await open_site()
    add_user(site.now, "ann@example.com")
    invited(site, "ben@example.com")
    before = accounts(site)
    wrong: list[dict[str, Any]] = [
        {"email_verified": False},
        {"email_verified": None},
        {"email_verified": "false"},
        {"email_verified": 1},
        {"email": "ben@example.com", "email_verified": False},
        {"email": "stranger@example.com"},
        {"email": None},
        {"email": ["ann@example.com"]},
        {"email": "no address"},
    ]
    answers = [await Browser(site, provider).sign_in(ANN | each) for each in wrong]

    told = [{**answer.json, "request_id": ""} for answer in answers]
    assert told == [told[0]] * len(wrong)
    assert (told[0]["status"], told[0]["detail"]) == (401, NOBODY)
    assert accounts(site) == before


async def test_people_of_a_domain_may_come_uninvited_where_that_is_wanted(
    open_site: Any, provider: OidcServer
) -> None:
    """Others not, nor those whose address only looks like it."""
    site = await open_site(domains=["Example.com"], create_users=True, workspace="default")
    ann = Browser(site, provider)
    await ann.sign_in(ANN)
    others = [
        await Browser(site, provider).sign_in(ANN | {"sub": each, "email": each})
        for each in ("x@evil.com", "x@example.com.evil.com", "x@sub.example.com")
    ]
    who = await ann.who()
    member = people.member(site.now, "default", who["id"])

    assert member is not None
    assert member.role == Role.MEMBER
    assert [answer.json["detail"] for answer in others] == [NOBODY] * 3


async def test_domains_also_shut_out_users_and_known_subjects(open_site: Any, provider: OidcServer) -> None:
    """Somebody who has left the company's domain has left."""
    site = await open_site(domains=["example.com"])
    add_user(site.now, "ann@example.com")
    add_user(site.now, "ann@elsewhere.example")
    first = await Browser(site, provider).sign_in(ANN)
    left = await Browser(site, provider).sign_in(ANN | {"email": "ann@elsewhere.example"})

    assert (first.status, left.status) == (303, 401)


async def test_a_sign_in_comes_back_once(open_site: Any, provider: OidcServer) -> None:
    """Whoever finds the address in a history or a log gets nothing, even with the cookie."""
    site = await open_site()
    add_user(site.now, "ann@example.com")
    browser = Browser(site, provider)
    provider.person = ANN
    back = await browser.begin()
    kept = browser.cookies[KEPT]
    first = await browser.get(back)
    emptied = browser.cookies[KEPT]
    again = Browser(site, provider, {KEPT: kept})
    second = await again.get(back)

    assert (first.status, emptied) == (303, "")
    assert (second.status, second.json["detail"]) == (401, OVER)
    assert COOKIE not in again.cookies


async def test_a_sign_in_ends_in_the_browser_that_has_begun_it(open_site: Any, provider: OidcServer) -> None:
    """Else somebody could be signed in to another's account by a link, or have the code taken from them."""
    site = await open_site()
    add_user(site.now, "ann@example.com")
    provider.person = ANN
    mine, other = Browser(site, provider), Browser(site, provider)
    back = await mine.begin()
    await other.begin()
    kept = mine.cookies[KEPT]
    forged = [{}, dict(other.cookies), {KEPT: ""}, {KEPT: "x"}, {KEPT: kept[:-2]}, {KEPT: "A" * 5000}]
    answers = [await Browser(site, provider, cookies).get(back) for cookies in forged]
    answers += [await mine.get(f"{START}/callback?{urlencode(query_of(back) | {'state': 'x' * 43})}")]

    assert [(answer.status, answer.json["detail"]) for answer in answers] == [(401, OVER)] * len(answers)
    assert (await mine.get(back)).status == 303  # none of that has used it up


async def test_a_code_of_another_sign_in_is_not_good(open_site: Any, provider: OidcServer) -> None:
    """Put into a victim's browser it would sign the victim in as the attacker: PKCE."""
    site = await open_site()
    add_user(site.now, "ann@example.com")
    provider.person = ANN
    attacker, victim = Browser(site, provider), Browser(site, provider)
    stolen = query_of(await attacker.begin())["code"]
    back = query_of(await victim.begin())
    answer = await victim.get(f"{START}/callback?{urlencode(back | {'code': stolen})}")

    assert answer.status == 401
    assert await victim.who() is None


async def test_what_comes_back_otherwise_is_refused(open_site: Any, provider: OidcServer) -> None:
    """Without a code, with an error, or from another provider than the one that was asked (RFC 9207)."""
    site = await open_site()
    add_user(site.now, "ann@example.com")
    provider.person = ANN
    changes: list[dict[str, str | None]] = [
        {"error": "access_denied", "code": None},
        {"code": None},
        {"iss": "https://another.example"},
        {"iss": None},
    ]
    answers = []
    for change in changes:
        browser = Browser(site, provider)
        back = query_of(await browser.begin()) | change
        named = {name: value for name, value in back.items() if value is not None}
        answers.append(await browser.get(f"{START}/callback?{urlencode(named)}"))

    assert [answer.json["detail"] for answer in answers] == [UNPROVED] * 4


def hs256(provider: OidcServer) -> Any:
    """Return a signature with what everybody knows for a secret."""
    return lambda data: hmac.new(provider.public_pem(), data, hashlib.sha256).digest()


async def test_an_id_token_that_is_not_right_is_refused(open_site: Any, provider: OidcServer) -> None:
    """For each check of OpenID Connect Core 3.1.3.7 a provider, or somebody in between, that fails it."""
    site = await open_site()
    add_user(site.now, "ann@example.com")
    now = time.time()
    claims: list[dict[str, Any]] = [
        {"iss": "https://another.example"},
        {"iss": None},
        {"aud": "another"},
        {"aud": None},
        {"aud": [CLIENT, "another"]},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"azp": "another"},
        {"exp": now - 120},
        {"exp": None},
        {"exp": "tomorrow"},
        {"nbf": now + 120},
        {"iat": now - 3600},
        {"iat": now + 120},
        {"iat": None},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": None},
        {"sub": ""},
        {"sub": "ann\0"},
    ]
    headers: list[tuple[dict[str, Any], Any]] = [
        ({"alg": "none"}, lambda _: b""),
        ({"alg": "None"}, lambda _: b""),
        ({"alg": "HS256"}, hs256(provider)),
        ({"alg": "RS256"}, Key.new().sign),
        ({"alg": "ES256"}, None),
        ({"kid": "unknown"}, None),
        ({"crit": ["exp"], "exp": 1}, None),
        ({"alg": None}, None),
    ]
    wrong: list[tuple[dict[str, Any], dict[str, Any], Any]] = [(each, {}, None) for each in claims]
    wrong += [({}, header, sign) for header, sign in headers]
    before, told = accounts(site), []
    for provider.claims, provider.header, provider.sign in wrong:
        answer = await Browser(site, provider).sign_in(ANN)
        told.append((provider.claims or provider.header, answer.status, answer.json["detail"]))
        site.now.change("DELETE FROM attempts")  # else we would have to wait

    assert told == [(claims or header, 401, UNPROVED) for claims, header, _ in wrong]
    assert accounts(site) == before


async def test_an_id_token_that_is_right_in_another_way_is_taken(
    open_site: Any, provider: OidcServer
) -> None:
    """The refusals above prove something only if these are let in."""
    site = await open_site()
    add_user(site.now, "ann@example.com")
    right: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({}, {}),
        ({"aud": [CLIENT]}, {}),
        ({"aud": [CLIENT, "another"], "azp": CLIENT}, {}),
        ({"nbf": 1}, {}),
        ({"email_verified": "true"}, {}),
        ({}, {"kid": None, "typ": None}),
    ]
    statuses = []
    for provider.claims, provider.header in right:
        statuses.append((await Browser(site, provider).sign_in(ANN)).status)

    assert statuses == [303] * len(right)


@pytest.mark.one_process("what a process remembers is counted")
async def test_keys_are_remembered_until_the_provider_has_new_ones(
    open_site: Any, provider: OidcServer
) -> None:
    """A rotation must not shut everybody out for an hour; keys of elliptic curves will do too."""
    site = await open_site()
    add_user(site.now, "ann@example.com")
    answers = []
    for rotation in (None, None, "RS256", "ES256", None):
        if rotation:
            provider.rotate(rotation)
        answers.append((await Browser(site, provider).sign_in(ANN)).status)

    assert answers == [303] * 5
    assert (provider.asked.count("/jwks"), provider.asked.count("/token")) == (3, 5)
    assert provider.asked.count("/.well-known/openid-configuration") == 1


async def test_userinfo_tells_what_the_token_does_not(open_site: Any, provider: OidcServer) -> None:
    """Some providers put the address only there; what is told of somebody else does not count."""
    site = await open_site()
    user = add_user(site.now, "ann@example.com")
    provider.in_token = False
    provider.told = ANN | {"sub": "another"}
    other = await Browser(site, provider).sign_in(ANN)
    provider.told = None
    browser = Browser(site, provider)
    own = await browser.sign_in(ANN)

    assert (other.status, own.status) == (401, 303)
    assert (await browser.who())["id"] == user


async def test_an_address_is_not_proved_by_what_is_said_of_another(
    open_site: Any, provider: OidcServer
) -> None:
    """The token has an unproved one, userinfo a proved one: they do not lend each other anything."""
    site = await open_site()
    add_user(site.now, "ann@example.com")
    mine = {"email": "own@evil.example", "email_verified": True}
    provider.claims = {"email": "ann@example.com", "email_verified": None}
    provider.told = ANN | mine

    assert (await Browser(site, provider).sign_in(ANN)).status == 401


@pytest.mark.parametrize(
    ("says", "refusing", "said"),
    [
        ({"issuer": "https://another.example"}, {}, "it calls itself otherwise than issuer in gateway.yaml"),
        (
            {"token_endpoint": "http://provider.example/token"},
            {},
            "its token_endpoint is no https:// address",
        ),
        ({"jwks_uri": None}, {}, "its jwks_uri is no https:// address"),
        ({}, {"/.well-known/openid-configuration": 500}, "it answers 500"),
        ({}, {"/token": 503}, "it answers 503"),
        ({}, {"/token": 401}, "it answers 401"),
        ({}, {"/jwks": 404}, "it answers 404"),
    ],
)
async def test_a_provider_that_fails_is_told_as_that(
    open_site: Any, provider: OidcServer, says: dict[str, Any], refusing: dict[str, int], said: str
) -> None:
    """It is not the person's fault, and may be over in a minute."""
    site = await open_site()
    add_user(site.now, "ann@example.com")
    provider.says, provider.refusing, provider.person = says, refusing, ANN
    browser = Browser(site, provider)
    begins = not says and not set(refusing) - {"/token", "/jwks"}
    answer = await browser.get(await browser.begin() if begins else START)

    assert (answer.status, answer.json["code"]) == (503, "unavailable")
    assert answer.json["detail"].endswith(said)
    assert SECRET not in str(answer.json)


async def test_the_secret_is_sent_as_the_provider_wants_it(open_site: Any, provider: OidcServer) -> None:
    """In the header, or in the form where it takes only that."""
    site = await open_site()
    add_user(site.now, "ann@example.com")
    provider.says = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}

    assert (await Browser(site, provider).sign_in(ANN)).status == 303


@pytest.mark.parametrize(
    ("following", "ends"),
    [
        ("/workspaces/a?b=c", "/workspaces/a?b=c"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/a\r\nset-cookie: x=y", "/"),
        ("", "/"),
    ],
)
async def test_it_ends_on_a_page_of_ours(
    open_site: Any, provider: OidcServer, following: str, ends: str
) -> None:
    """A link that begins with our address must not end at somebody else's."""
    site = await open_site()
    add_user(site.now, "ann@example.com")
    answer = await Browser(site, provider).sign_in(ANN, f"{START}?{urlencode({'next': following})}")

    assert answer.headers["location"] == ends


async def test_the_session_that_the_browser_had_is_over(open_site: Any, provider: OidcServer) -> None:
    """Whoever has planted it is not signed in along with its new user."""
    site = await open_site()
    add_user(site.now, "ann@example.com")
    planted = site.person()
    browser = Browser(site, provider, {COOKIE: planted.token})
    await browser.sign_in(ANN)

    assert (await browser.who())["email"] == "ann@example.com"
    assert (await planted.get("/api/session")).status == 401


async def test_guesses_have_to_wait(open_site: Any, provider: OidcServer) -> None:
    """Each costs the provider a question; the address is counted as for passwords."""
    site = await open_site()
    statuses = {(await Browser(site, provider).get(f"{START}/callback?state=x")).status for _ in range(33)}

    assert statuses == {401, 429}


async def test_what_a_browser_keeps_tells_it_nothing(open_site: Any, provider: OidcServer) -> None:
    """State, nonce and verifier are sealed; scripts and other sites do not get the cookie."""
    site = await open_site()
    browser = Browser(site, provider)
    answer = await browser.get(START)
    asked = query_of(answer.headers["location"])
    cookie = answer.headers["set-cookie"]

    assert "; HttpOnly; SameSite=Lax" in cookie
    assert "Max-Age=600" in cookie
    assert asked["state"] not in cookie
    assert browser.cookies[KEPT].startswith("mbv1.")


async def test_the_button_is_told_to_everybody(open_site: Any, provider: OidcServer) -> None:
    """The page on which people sign in has to know it."""
    site = await open_site()
    answer = await site.call("GET", "/api/sign-in")

    assert answer.json == {"password": True, "oidc": {"label": "Sign in with Acme", "path": START}}


async def test_without_settings_there_is_none(site: Site) -> None:
    """And nobody is sent anywhere."""
    ways = await site.call("GET", "/api/sign-in")
    answers = [await site.call("GET", path) for path in (START, f"{START}/callback?state=x")]

    assert ways.json == {"password": True, "oidc": None}
    assert [answer.status for answer in answers] == [404, 404]
