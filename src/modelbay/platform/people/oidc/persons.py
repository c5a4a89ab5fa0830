"""Which user somebody is whom a provider has proved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.people.emails import normal_email
from modelbay.platform.people.invitations import accept_all, new_user
from modelbay.platform.people.oidc.settings import OidcSettings
from modelbay.platform.people.permissions import FIRST_WORKSPACE, Role
from modelbay.platform.people.refusals import SignInRefusedError
from modelbay.store import Database, audit, identities, people, workspaces
from modelbay.store.people import UserRow

_LONGEST_NAME = 100


def user_for(database: Database, settings: OidcSettings, claims: Mapping[str, Any], *, now: float) -> UserRow:
    """Return who somebody is here, by subject; at the first time by an e-mail that the provider has proved.

    Raises:
        SignInRefusedError: Nobody. Always in the same words: they do not tell whether there is an account.
    """
    email = verified_email(claims)
    if settings.domains and not (email and settings.allows(email)):
        raise _nobody()
    with database.transaction():
        known = identities.user_of(database, settings.issuer, claims["sub"])
        user = people.user(database, known) if known else _first_time(database, settings, claims, email, now)
        if user is None:
            raise _nobody()
    return user


def verified_email(claims: Mapping[str, Any]) -> str:
    """Return the e-mail address that the provider says it has proved; "" if none."""
    email = claims.get("email")
    proved = claims.get("email_verified")
    if not (proved is True or proved == "true") or not isinstance(email, str):
        return ""
    try:
        return normal_email(email)
    except InvokeBadRequestError:
        return ""


def _first_time(
    database: Database, settings: OidcSettings, claims: Mapping[str, Any], email: str, now: float
) -> UserRow | None:
    if not email:
        return None
    user = people.user_by_email(database, email) or _made(database, settings, claims, email, now)
    if user is None:
        return None
    place = (settings.issuer, str(claims["sub"]))
    if not identities.insert(database, *place, user_id=user.id, email=email, created=now):
        return None  # the user is somebody else there: the address has a new owner
    detail = {"issuer": settings.issuer, "email": email}
    audit.record(database, FIRST_WORKSPACE, user.id, "identity.create", user.id, detail, at=now)
    return user


def _made(
    database: Database, settings: OidcSettings, claims: Mapping[str, Any], email: str, now: float
) -> UserRow | None:
    """Make the user who was invited, or who may come without being invited."""
    invited = any(row.expires > now for row in people.invitations_for(database, email))
    if not invited and not settings.create_users:
        return None
    user = new_user(database, email, name=_name(claims, email), password="", now=now)
    joined = accept_all(database, user, now=now)
    if not joined and settings.workspace and workspaces.get(database, settings.workspace) is not None:
        people.insert_member(database, settings.workspace, user.id, Role.MEMBER, now)
        detail = {"email": email, "role": Role.MEMBER, "issuer": settings.issuer}
        audit.record(database, settings.workspace, user.id, "member.create", user.id, detail, at=now)
    return user


def _name(claims: Mapping[str, Any], email: str) -> str:
    given = claims.get("name")
    text = "".join(letter for letter in given if letter.isprintable()) if isinstance(given, str) else ""
    return text.strip()[:_LONGEST_NAME].strip() or email.partition("@")[0]


def _nobody() -> SignInRefusedError:
    return SignInRefusedError(
        "you cannot sign in here this way: ask whoever runs this gateway for an invitation"
    )
