"""Signing in and out; one's own sessions and password."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from pydantic import Field

from modelbay.gateway.api.fields import Answer, Body, Email, Page, PageQuery, Password, moment
from modelbay.gateway.api.operation import Operation
from modelbay.gateway.api.pages import begin, cut
from modelbay.gateway.api.reply import Reply
from modelbay.gateway.api.request import Request
from modelbay.platform.people import sessions
from modelbay.platform.people.csrf import csrf_token
from modelbay.platform.people.members import count_memberships
from modelbay.platform.people.refusals import SignInRefusedError
from modelbay.platform.people.sessions import NewSession
from modelbay.store import Database, people
from modelbay.store.people import UserRow
from modelbay.store.sessions import SessionRow


class UserAnswer(Answer):
    """A person with an account."""

    id: str = Field(description="The user's id, which the audit log names.")
    email: str = Field(description="The e-mail that the user signs in with.")
    name: str = Field(description="What the user is called.")


class SessionAnswer(Answer):
    """Who has signed in."""

    user: UserAnswer = Field(description="The user.")
    csrf_token: str = Field(description="What each change has to send as `x-csrf-token`.")
    workspaces: int = Field(description="How many workspaces the user is a member of.")
    expires: datetime = Field(description="When to sign in again in any case.")


class OwnSession(Answer):
    """A session of one's own."""

    id: str = Field(description="The session's id.")
    current: bool = Field(description="Whether it is the one that asks.")
    created: datetime = Field(description="When it began.")
    seen: datetime = Field(description="When it was last used, to the minute.")
    expires: datetime = Field(description="When it ends in any case.")
    address: str = Field(description="Where it began.")
    agent: str = Field(description="What the browser said of itself.")


class OwnSessions(Page[OwnSession]):
    """A page of sessions, the newest first."""


class Ended(Answer):
    """What has ended."""

    ended: int = Field(description="How many sessions.")


class Credentials(Body):
    """E-mail and password."""

    email: Email = Field(description="The e-mail of the account.")
    password: Password = Field(description="Its password.")


class NewPassword(Body):
    """A change of password."""

    old_password: Password = Field(description="The present password.")
    new_password: Password = Field(description="The new one: 12 to 1000 characters.")


def user_answer(user: UserRow) -> UserAnswer:
    """Return a user as answers have it."""
    return UserAnswer(id=user.id, email=user.email, name=user.name)


async def begun(request: Request[Any, Any], session: NewSession) -> Reply:
    """Return the answer that a session begins with."""
    body = await request.run(_described, session.row, session.token)
    return Reply(body, session=session)


def _described(database: Database, row: SessionRow, token: str) -> SessionAnswer:
    user = people.user(database, row.user_id)
    if user is None:
        raise SignInRefusedError
    return SessionAnswer(
        user=user_answer(user),
        csrf_token=csrf_token(token),
        workspaces=count_memberships(database, user.id),
        expires=moment(row.expires),
    )


async def sign_in(request: Request[Credentials, None]) -> Reply:
    """Begin a session."""
    body = request.body
    session = await request.services.sign_in.sign_in(body.email, body.password, request.browser)
    return await begun(request, session)


async def who_am_i(request: Request[None, None]) -> Reply:
    """Say who has signed in."""
    current = request.signed_in
    token = current.token or request.browser.token
    return Reply(await request.run(_described, current.row, token))


async def sign_out(request: Request[None, None]) -> Reply:
    """End the session that asks."""
    await request.run(sessions.sign_out, request.signed_in.token or request.browser.token)
    return Reply(ended=True)


async def list_own(request: Request[None, PageQuery]) -> Reply:
    """List one's own sessions."""
    current = request.signed_in
    rows = await request.run(
        sessions.page_of_sessions,
        current.user.id,
        now=request.now,
        before=begin(request, float, str),
        limit=request.query.limit + 1,
    )
    kept, following = cut(request, rows, lambda row: (row.created, row.id))
    items = [_own(row, current.row.id) for row in kept]
    return Reply(OwnSessions(items=items, next=following))


def _own(row: SessionRow, current: str) -> OwnSession:
    return OwnSession(
        id=row.id,
        current=row.id == current,
        created=moment(row.created),
        seen=moment(row.seen),
        expires=moment(row.expires),
        address=row.address,
        agent=row.agent,
    )


async def revoke(request: Request[None, None]) -> Reply:
    """End one of one's own sessions."""
    session = request.params["session"]
    await request.run(sessions.end_session, request.signed_in.user.id, session, actor=request.actor)
    return Reply(ended=session == request.signed_in.row.id)


async def revoke_others(request: Request[None, None]) -> Reply:
    """End all of one's own sessions but the one that asks."""
    current = request.signed_in
    count = await request.run(sessions.end_sessions, current.user.id, actor=request.actor, but=current.row.id)
    return Reply(Ended(ended=count))


async def change_password(request: Request[NewPassword, None]) -> Reply:
    """Change one's own password."""
    body = request.body
    await request.services.sign_in.change_password(
        request.signed_in, body.old_password, body.new_password, request.browser
    )
    return Reply()


OPERATIONS: Final = [
    Operation(
        id="signIn",
        method="POST",
        path="/api/session",
        action="session.create",
        summary="Sign in with e-mail and password.",
        description="Whatever is wrong is told in the same words. Guesses are counted, and have to wait.",
        serve=sign_in,
        body=Credentials,
        answer=SessionAnswer,
        status=201,
        errors=(401, 429),
    ),
    Operation(
        id="getSession",
        method="GET",
        path="/api/session",
        action="session.read",
        summary="Say who has signed in, and the CSRF token of the session.",
        serve=who_am_i,
        answer=SessionAnswer,
    ),
    Operation(
        id="signOut",
        method="DELETE",
        path="/api/session",
        action="session.revoke",
        summary="Sign out.",
        serve=sign_out,
        status=204,
    ),
    Operation(
        id="listSessions",
        method="GET",
        path="/api/sessions",
        action="session.read",
        summary="List one's own sessions, the newest first.",
        serve=list_own,
        query=PageQuery,
        answer=OwnSessions,
    ),
    Operation(
        id="revokeOtherSessions",
        method="DELETE",
        path="/api/sessions",
        action="session.revoke",
        summary="End all of one's own sessions but the one that asks.",
        serve=revoke_others,
        answer=Ended,
    ),
    Operation(
        id="revokeSession",
        method="DELETE",
        path="/api/sessions/{session}",
        action="session.revoke",
        summary="End one of one's own sessions.",
        serve=revoke,
        status=204,
    ),
    Operation(
        id="changePassword",
        method="PUT",
        path="/api/password",
        action="password.change",
        summary="Change one's own password; all other sessions end.",
        serve=change_password,
        body=NewPassword,
        status=204,
        errors=(429,),
    ),
]
