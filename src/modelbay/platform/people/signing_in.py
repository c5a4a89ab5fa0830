"""Signing in with e-mail and password: the same answer, and the same work, whoever is meant."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.background import BackgroundDatabase
from modelbay.platform.people import invitations, setup, throttle
from modelbay.platform.people.emails import normal_email
from modelbay.platform.people.passwords import Passwords, check_password
from modelbay.platform.people.permissions import FIRST_WORKSPACE
from modelbay.platform.people.refusals import SignInRefusedError
from modelbay.platform.people.sessions import Current, NewSession, begin
from modelbay.platform.people.workspaces import check_name
from modelbay.store import Database, audit, people, sessions
from modelbay.store.people import UserRow


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a sign-in comes from. `token` is the session that the browser has brought, "" if none."""

    address: str
    agent: str = ""
    token: str = ""


class SignIn:
    """All that asks for a password. Guesses are throttled, by e-mail and by address, over all processes."""

    def __init__(
        self,
        database: BackgroundDatabase,
        passwords: Passwords,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Use a database.

        Args:
            now: Seconds since 1970.
        """
        self._database = database
        self._passwords = passwords
        self._now = now

    async def sign_in(self, email: str, password: str, browser: Browser) -> NewSession:
        """Begin a session.

        Raises:
            SignInRefusedError: E-mail or password is not right; nothing tells which.
            TooManyAttemptsError: Too many guesses; not even the right password is looked at.
        """
        user = await self._prove(_spelt(email), password, browser)
        return await self._begin(user, password, browser)

    async def change_password(self, current: Current, old: str, new: str, browser: Browser) -> None:
        """Change the password of who is signed in; all other sessions of this user end.

        Raises:
            SignInRefusedError: The old one is not right.
            InvokeBadRequestError: The new one is too short or too long.
            TooManyAttemptsError: Too many guesses.
        """
        check_password(new, field="new_password")
        user = await self._prove(current.user.email, old, browser)
        stored = await self._passwords.hash(new)
        await self._database.run(self._replace, user, stored, current.row.id)

    async def accept_invitation(
        self, token: str, *, name: str, password: str, browser: Browser
    ) -> NewSession:
        """Take an invitation and begin a session.

        Who has an account proves it with its password: a link alone opens nobody's account.

        Raises:
            InvokeBadRequestError: The invitation is not valid, or name or password cannot be taken.
            SignInRefusedError: There is an account, and this is not its password.
            TooManyAttemptsError: Too many guesses.
        """
        row = await self._database.run(invitations.open_invitation, token, now=self._now())
        if await self._database.run(people.user_by_email, row.email) is None:
            stored = await self._chosen(name, password)
            user = await self._database.run(
                invitations.accept_as_new, token, name=name, password=stored, now=self._now()
            )
        else:
            user = await self._prove(row.email, password, browser)
            await self._database.run(invitations.accept_as, token, user.id, now=self._now())
        return await self._begin(user, password, browser)

    async def complete_setup(
        self, token: str, *, email: str, name: str, password: str, browser: Browser
    ) -> NewSession:
        """Make the first owner and begin a session.

        Raises:
            InvokeBadRequestError: The token is not valid, or a field cannot be taken.
        """
        await self._database.run(setup.check_setup, token)
        stored = await self._chosen(name, password)
        user = await self._database.run(
            setup.complete_setup, token, email=email, name=name, password=stored, now=self._now()
        )
        return await self._begin(user, password, browser)

    async def _chosen(self, name: str, password: str) -> str:
        check_name(name)
        return await self._passwords.hash(check_password(password))

    async def _prove(self, email: str, password: str, browser: Browser) -> UserRow:
        """Return the user whose e-mail and password these are."""
        user = await self._database.run(self._admit, email, browser.address)
        matches = await self._passwords.matches(user.password if user else "", password)
        if user is None or not matches:
            raise SignInRefusedError
        await self._database.run(self._passed, email, browser.address)
        return user

    def _admit(self, database: Database, email: str, address: str) -> UserRow | None:
        counted = (throttle.counted_by_email(email), throttle.counted_by_address(address))
        with database.transaction(throttle.LOCK):
            throttle.admit(database, counted, now=self._now())
        return people.user_by_email(database, email)

    def _passed(self, database: Database, email: str, address: str) -> None:
        by_email, by_address = throttle.counted_by_email(email), throttle.counted_by_address(address)
        with database.transaction(throttle.LOCK):
            throttle.passed(database, by_email, by_address, now=self._now())

    async def _begin(self, user: UserRow, password: str, browser: Browser) -> NewSession:
        """Begin a session; store the password under today's parameters if it was under others."""
        outdated = self._passwords.is_outdated(user.password)
        stored = await self._passwords.hash(password) if outdated else user.password
        return await self._database.run(self._enter, user, stored, browser)

    def _enter(self, database: Database, user: UserRow, stored: str, browser: Browser) -> NewSession:
        with database.transaction(throttle.LOCK):
            # Whoever has changed the password meanwhile does not want the old one to open anything.
            if not people.set_password(database, user.id, stored, instead_of=user.password):
                raise SignInRefusedError
            return begin(
                database,
                user.id,
                now=self._now(),
                address=browser.address,
                agent=browser.agent,
                replaces=browser.token,
            )

    def _replace(self, database: Database, user: UserRow, stored: str, session: str) -> None:
        with database.transaction(throttle.LOCK):
            if not people.set_password(database, user.id, stored, instead_of=user.password):
                raise SignInRefusedError
            sessions.delete_all(database, user.id, but=session)
            sessions.renew(database, user.id)
            audit.record(database, FIRST_WORKSPACE, user.id, "password.change", user.id, at=self._now())


def _spelt(email: str) -> str:
    """Return an e-mail as it would be stored; what is none is nobody's."""
    try:
        return normal_email(email)
    except InvokeBadRequestError:
        return "?" + email
