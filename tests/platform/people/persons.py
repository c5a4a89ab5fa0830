"""People for tests: users, members, and a password hash that costs nothing."""

from __future__ import annotations

from modelbay.platform.people.invitations import new_user
from modelbay.platform.people.passwords import Passwords
from modelbay.platform.people.permissions import Role
from modelbay.platform.people.sessions import NewSession, begin
from modelbay.store import Database, audit, people

NOW = 1_700_000_000.0
GOOD = "correct horse battery"


class Calendar:
    """Time that passes when told."""

    now = NOW

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def quick_passwords() -> Passwords:
    """Return the real thing, with parameters that take no time."""
    return Passwords(time_cost=1, memory_cost=8, parallelism=1)


def add_user(database: Database, email: str, *, password: str = "") -> str:
    """Make a user; return the id."""
    with database.transaction():
        return new_user(database, email, name=email.partition("@")[0], password=password, now=NOW).id


def add_member(database: Database, email: str, role: Role, *, workspace: str = "default") -> str:
    """Make a user who is a member; return the id."""
    user = people.user_by_email(database, email)
    user_id = user.id if user else add_user(database, email)
    people.insert_member(database, workspace, user_id, role, NOW)
    return user_id


def add_session(database: Database, user_id: str, *, now: float = NOW, replaces: str = "") -> NewSession:
    """Begin a session."""
    with database.transaction():
        return begin(database, user_id, now=now, address="192.0.2.7", agent="Browser", replaces=replaces)


def actions(database: Database, workspace: str = "default") -> list[str]:
    """Return what the audit log tells, the oldest first."""
    return [row.action for row in reversed(audit.listed(database, workspace))]
