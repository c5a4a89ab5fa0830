"""The first start: closed to all but the person who reads the terminal, until there is an owner."""

from __future__ import annotations

import time
from typing import Final

from modelbay.platform.people.emails import normal_email
from modelbay.platform.people.invitations import new_user
from modelbay.platform.people.permissions import FIRST_WORKSPACE, Role
from modelbay.platform.people.refusals import not_found
from modelbay.platform.people.tokens import digest_of, new_token
from modelbay.platform.people.workspaces import check_name
from modelbay.store import Database, audit, people
from modelbay.store import sessions as queries
from modelbay.store.people import UserRow

PAGE: Final = "/setup"
_MOST: Final = 20  # replicas that start together each print a link


def setup_link(database: Database) -> str | None:
    """Return a token for the page of the first start; None if there is an owner.

    It is good once, until there is an owner. A later start makes another; the newest twenty are good.
    """
    with database.transaction():
        if has_owner(database):
            return None
        token = new_token()
        queries.insert_setup(database, digest_of(token), time.time(), most=_MOST)
    return token


def has_owner(database: Database) -> bool:
    """Whether the first workspace has an owner."""
    return people.count_with_role(database, FIRST_WORKSPACE, Role.OWNER) > 0


def check_setup(database: Database, token: str) -> None:
    """Check the token of a first start before somebody fills in the form.

    Raises:
        InvokeBadRequestError: It is none, or there is an owner.
    """
    if has_owner(database) or not queries.has_setup(database, digest_of(token)):
        raise not_found("token", "this link is not valid: start the server again for another, or sign in")


def complete_setup(
    database: Database, token: str, *, email: str, name: str, password: str, now: float
) -> UserRow:
    """Make the first owner; no link is good any more.

    Args:
        password: Its hash.

    Raises:
        InvokeBadRequestError: The token is not valid, there is an owner, or e-mail or name is none.
    """
    email = normal_email(email)
    check_name(name)
    with database.transaction():
        check_setup(database, token)
        user = new_user(database, email, name=name, password=password, now=now)
        people.insert_member(database, FIRST_WORKSPACE, user.id, Role.OWNER, now)
        queries.delete_setups(database)
        detail = {"email": email, "role": Role.OWNER}
        audit.record(database, FIRST_WORKSPACE, user.id, "member.create", user.id, detail, at=now)
    return user
