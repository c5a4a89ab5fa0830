"""A request as an operation sees it: who asks, what was sent, and the platform to ask of."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Concatenate, Generic, ParamSpec, TypeVar

from modelbay.platform.people.permissions import Role
from modelbay.platform.people.signing_in import Browser
from modelbay.runtime.accounts import Caller

if TYPE_CHECKING:
    from modelbay.gateway.api.operation import Operation
    from modelbay.gateway.api.services import Services
    from modelbay.platform.people.sessions import Current
    from modelbay.store import Database

P = ParamSpec("P")
T = TypeVar("T")
BodyT = TypeVar("BodyT")
QueryT = TypeVar("QueryT")


@dataclass(slots=True, kw_only=True)
class Request(Generic[BodyT, QueryT]):
    """One request that has been let in.

    Attributes:
        params: What the path says, by parameter.
        body, query: Objects of the operation's models, valid.
        current: The session; None for a key, and where nobody need have signed in.
        key: Whose key it is; None for a session.
        role: What the caller is in the workspace that counts; None for a key.
        version: What `If-Match` asks for; None takes any.
        browser: Where the request comes from.
        base: The address of this gateway as the caller knows it, for links.
        headers: As they were sent, for what is kept in cookies of its own.
    """

    operation: Operation
    services: Services
    params: Mapping[str, str]
    body: BodyT
    query: QueryT
    current: Current | None = None
    key: Caller | None = None
    role: Role | None = None
    version: int | None = None
    browser: Browser = field(default_factory=lambda: Browser("unknown"))
    base: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    async def run(
        self, function: Callable[Concatenate[Database, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return `function(database, …)`, run on a thread of the database."""
        return await self.services.database.run(function, *args, **kwargs)

    @property
    def workspace(self) -> str:
        """The workspace that the path names."""
        return self.params["workspace"]

    @property
    def signed_in(self) -> Current:
        """The session, where the operation is not for keys."""
        assert self.current is not None
        return self.current

    @property
    def authority(self) -> Role:
        """What the caller is, where the operation is not for keys."""
        assert self.role is not None
        return self.role

    @property
    def actor(self) -> str:
        """Who asks, as the audit log writes it: a user's id, or `key:` and a key's."""
        if self.current is not None:
            return self.current.user.id
        return f"key:{self.key.key_id}" if self.key is not None else ""

    @property
    def now(self) -> float:
        """The time, in seconds since 1970."""
        return time.time()
