"""A gateway, and people who talk to its management API over real sockets."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from tests.gateway.client import Answer, fetch
from tests.gateway.installation import Installation
from tests.platform.databases import stored_bytes
from tests.platform.people.persons import add_user

from modelbay.platform.keys import create_key
from modelbay.platform.people.csrf import csrf_token
from modelbay.platform.people.permissions import Role
from modelbay.platform.people.sessions import begin
from modelbay.platform.people.workspaces import create_workspace
from modelbay.store import audit, people

COOKIE = "modelbay_session"
_numbers = count(1)


class Site:
    """A running gateway. `now` is its database, as another process has it."""

    def __init__(self, served: Installation) -> None:
        self.served = served
        self.data_dir = served.folder
        self.now = served.database()

    async def call(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send one request as nobody in particular."""
        return await fetch(self.served.place, method, path, body, headers or {})

    def workspace(self, name: str = "Team") -> str:
        """Make a workspace; return its id."""
        return create_workspace(self.now, name, actor="cli").id

    def person(self, role: Role | None = None, workspace: str = "default", *, password: str = "") -> Person:
        """Make a user with a session, who is a member if a role is given."""
        email = f"person{next(_numbers)}@example.com"
        user = add_user(self.now, email, password=password)
        if role is not None:
            people.insert_member(self.now, workspace, user, role, time.time())
        return Person(self, user, email, self.session(user))

    def session(self, user: str) -> str:
        """Begin a session; return its token."""
        with self.now.transaction():
            return begin(self.now, user, now=time.time(), address="192.0.2.7", agent="Browser").token

    def key(self, workspace: str = "default", **facts: Any) -> Holder:
        """Make a key of the gateway."""
        new = create_key(self.now, workspace=workspace, **facts)
        return Holder(self, new.row.id, new.secret)

    def audited(self, workspace: str = "default") -> list[audit.AuditRow]:
        """Return what the audit log tells, the oldest first."""
        return list(reversed(audit.listed(self.now, workspace)))

    async def entered(self) -> None:
        """Have the calls so far in the table, to which a server moves its own within a second or two."""
        await self.served.records()

    def stored(self, request: pytest.FixtureRequest) -> bytes:
        """Return all that is stored: in its data directories, and in its database."""
        return b"".join(stored_bytes(folder, request) for folder in self.served.folders)


@dataclass
class Person:
    """Somebody who has signed in."""

    site: Site
    id: str
    email: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """What the browser sends."""
        return {"cookie": f"{COOKIE}={self.token}", "x-csrf-token": csrf_token(self.token)}

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send a request as this person."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.site.call(method, path, body, {**self.headers, **named})

    async def get(self, path: str, **headers: str) -> Answer:
        """Read something."""
        return await self.call("GET", path, **headers)

    async def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        """Make something."""
        return await self.call("POST", path, body, **headers)


@dataclass
class Holder:
    """A program with a key of the gateway."""

    site: Site
    id: str
    secret: str

    async def call(self, method: str, path: str, body: Any = None) -> Answer:
        """Send a request with the key."""
        return await self.site.call(method, path, body, {"authorization": f"Bearer {self.secret}"})
