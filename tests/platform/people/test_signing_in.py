"""Signing in: one answer to all that is wrong, and guesses that cost time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.platform.databases import stored_bytes
from tests.platform.people.persons import GOOD, NOW, Calendar, actions, add_user, quick_passwords

from modelbay.errors import InvokeBadRequestError, ModelbayError
from modelbay.platform.background import BackgroundDatabase
from modelbay.platform.people.invitations import invite
from modelbay.platform.people.members import role_of
from modelbay.platform.people.passwords import Passwords
from modelbay.platform.people.permissions import Role
from modelbay.platform.people.refusals import SignInRefusedError, TooManyAttemptsError
from modelbay.platform.people.sessions import Current, NewSession, current, page_of_sessions
from modelbay.platform.people.setup import setup_link
from modelbay.platform.people.signing_in import Browser, SignIn
from modelbay.store import Database, people

pytestmark = pytest.mark.usefixtures("backend")

ANN = "ann@example.com"
HERE = Browser("192.0.2.7", "Browser")


class Door:
    """An installation that one can sign in to."""

    def __init__(self, directory: Path) -> None:
        self.database = BackgroundDatabase(directory)
        self.passwords = quick_passwords()
        self.calendar = Calendar()
        self.sign_in = SignIn(self.database, self.passwords, now=self.calendar)

    async def add(self, email: str = ANN, password: str = GOOD) -> str:
        """Make a user with a password; return the id."""
        return await self.database.run(add_user, email, password=await self.passwords.hash(password))

    async def enter(self, email: str = ANN, password: str = GOOD, browser: Browser = HERE) -> NewSession:
        """Sign in."""
        return await self.sign_in.sign_in(email, password, browser)

    async def refusal(self, email: str = ANN, password: str = "wrong") -> ModelbayError:
        """Fail to sign in; return why."""
        with pytest.raises(ModelbayError) as caught:
            await self.enter(email, password)
        return caught.value

    async def current(self, session: NewSession) -> Current:
        """Return whose a session is."""
        return await self.database.run(current, session.token, now=self.calendar())

    async def link(self, email: str = ANN) -> str:
        """Invite somebody as an admin; return the token."""
        new = await self.database.run(
            invite, "default", email, Role.ADMIN, actor="cli", authority=Role.OWNER, now=NOW
        )
        return new.token


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    """An installation without users."""
    door = Door(tmp_path)
    yield door
    door.passwords.close()
    await door.database.close()


async def test_the_right_password_begins_a_session(door: Door) -> None:
    """However the address is written."""
    ann = await door.add()
    session = await door.enter("  Ann@EXAMPLE.com ")
    found = await door.current(session)

    assert (found.user.id, found.row.address, found.row.agent) == (ann, "192.0.2.7", "Browser")


async def test_all_that_is_wrong_has_the_same_answer(door: Door) -> None:
    """Neither words nor status tell who has an account (CVE-2026-28288 did)."""
    await door.add()
    await door.add("oidc@example.com")
    await door.database.run(_forget_password, "oidc@example.com")
    told = [
        await door.refusal(email, password)
        for email, password in [
            (ANN, "wrong"),
            ("eve@example.com", GOOD),
            ("oidc@example.com", ""),
            ("no address", GOOD),
            (ANN, "x" * 5000),
        ]
    ]

    assert {type(error) for error in told} == {SignInRefusedError}
    assert {(str(error), error.status, error.code) for error in told} == {
        ("E-mail or password is not right.", 401, "sign_in_refused")
    }


@pytest.mark.parametrize("email", [ANN, "eve@example.com"])
async def test_guesses_are_throttled_whether_there_is_an_account_or_not(door: Door, email: str) -> None:
    """Else being throttled would tell."""
    await door.add()
    told = [await door.refusal(email) for _ in range(8)]

    assert [type(error) for error in told] == [SignInRefusedError] * 6 + [TooManyAttemptsError] * 2
    assert told[-1].retry_after == 1.0


async def test_the_right_password_is_not_looked_at_too_early(door: Door) -> None:
    """Else a guess that waits would cost nothing; after the wait it opens, and all is forgotten."""
    await door.add()
    for _ in range(6):
        await door.refusal()
    assert isinstance(await door.refusal(password=GOOD), TooManyAttemptsError)
    door.calendar.now += 1.0
    await door.enter()

    assert [type(await door.refusal()) for _ in range(6)] == [SignInRefusedError] * 6


async def test_guesses_at_once_are_not_more_than_guesses_one_by_one(door: Door) -> None:
    """Each is counted before it is looked at."""
    await door.add()
    ends = await asyncio.gather(*(door.enter(password=f"{n}") for n in range(30)), return_exceptions=True)

    assert (
        sorted(type(end).__name__ for end in ends)
        == ["SignInRefusedError"] * 6 + ["TooManyAttemptsError"] * 24
    )


async def test_a_password_under_old_parameters_is_stored_anew(door: Door) -> None:
    """At the only time that it is known."""
    ann = await door.add()
    stronger = Passwords(time_cost=2, memory_cost=16, parallelism=1)
    await SignIn(door.database, stronger, now=door.calendar).sign_in(ANN, GOOD, HERE)
    user = await door.database.run(people.user, ann)

    assert user is not None
    assert user.password.startswith("$argon2id$v=19$m=16,t=2,p=1$")
    assert await stronger.matches(user.password, GOOD)
    stronger.close()


async def test_a_changed_password_ends_all_other_sessions(door: Door) -> None:
    """Whoever had the old one is out; who has changed it stays, with another token."""
    ann = await door.add()
    here, there = await door.enter(), await door.enter()
    await door.sign_in.change_password(await door.current(here), GOOD, "another long one", HERE)
    renewed = await door.current(here)

    assert renewed.token not in ("", here.token)
    with pytest.raises(SignInRefusedError):
        await door.current(there)
    assert isinstance(await door.refusal(password=GOOD), SignInRefusedError)
    await door.enter(password="another long one")
    assert "password.change" in await door.database.run(actions)
    assert len(await door.database.run(page_of_sessions, ann, now=NOW, before=None, limit=9)) == 2


async def test_a_password_is_changed_by_who_knows_it(door: Door) -> None:
    """A session left open is not enough; and guesses count there too."""
    await door.add()
    found = await door.current(await door.enter())
    with pytest.raises(InvokeBadRequestError, match=r"^new_password: 12 to 1000 characters"):
        await door.sign_in.change_password(found, GOOD, "short", HERE)
    for _ in range(6):
        with pytest.raises(SignInRefusedError):
            await door.sign_in.change_password(found, "wrong", "another long one", HERE)
    with pytest.raises(TooManyAttemptsError):
        await door.sign_in.change_password(found, GOOD, "another long one", HERE)


async def test_who_is_invited_joins_with_a_password_of_their_own(door: Door) -> None:
    """And is signed in."""
    session = await door.sign_in.accept_invitation(await door.link(), name="Ann", password=GOOD, browser=HERE)
    found = await door.current(session)

    assert found.user.name == "Ann"
    assert await door.database.run(role_of, "default", found.user.id) is Role.ADMIN
    await door.enter()


async def test_who_has_an_account_joins_with_its_password_only(door: Door) -> None:
    """A link opens nobody's account; a wrong password does not use it up."""
    ann = await door.add()
    token = await door.link()
    with pytest.raises(SignInRefusedError):
        await door.sign_in.accept_invitation(token, name="Eve", password="eve's own password", browser=HERE)
    assert await door.database.run(role_of, "default", ann) is None
    session = await door.sign_in.accept_invitation(token, name="", password=GOOD, browser=HERE)

    assert (await door.current(session)).user.name == "ann"
    assert await door.database.run(role_of, "default", ann) is Role.ADMIN


async def test_an_invitation_with_a_short_password_makes_nobody(door: Door) -> None:
    """The link stays good for another try."""
    token = await door.link()
    with pytest.raises(InvokeBadRequestError, match=r"^password: 12 to 1000 characters"):
        await door.sign_in.accept_invitation(token, name="Ann", password="short", browser=HERE)
    with pytest.raises(InvokeBadRequestError, match=r"^name: "):
        await door.sign_in.accept_invitation(token, name="", password=GOOD, browser=HERE)
    assert await door.database.run(people.user_by_email, ANN) is None


async def test_the_first_owner_is_signed_in(
    door: Door, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """From the link on the terminal to the console in one form; the password is nowhere."""
    token = await door.database.run(setup_link) or ""
    with pytest.raises(InvokeBadRequestError, match=r"^token: this link is not valid"):
        await door.sign_in.complete_setup("x", email=ANN, name="Ann", password=GOOD, browser=HERE)
    session = await door.sign_in.complete_setup(token, email=ANN, name="Ann", password=GOOD, browser=HERE)
    found = await door.current(session)
    stored = stored_bytes(tmp_path, request)

    assert await door.database.run(role_of, "default", found.user.id) is Role.OWNER
    assert not any(secret.encode() in stored for secret in (GOOD, token, session.token))
    assert ANN.encode() in stored


def _forget_password(database: Database, email: str) -> None:
    database.change("UPDATE users SET password = '' WHERE email = :email", {"email": email})
