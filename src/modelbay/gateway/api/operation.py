"""An operation of the management API: what it is called, who may do it, what it takes and answers."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Literal

from modelbay.platform.people.permissions import ACTIONS, INSTALLATION, OPEN, Role

if TYPE_CHECKING:
    from pydantic import BaseModel

    from modelbay.gateway.api.reply import Reply
    from modelbay.gateway.api.request import Request

PREFIX: Final = "/api"
WORKSPACE: Final = "workspace"
"""The parameter of a path that names the workspace in which the caller needs a role."""
SEGMENTS: Final[Mapping[str, str]] = {
    "workspace": "The id of a workspace, such as `default`.",
    "member": "The id of a user who is a member of the workspace.",
    "invitation": "The id of an invitation.",
    "key": "The id of a key.",
    "credential": "The id of credentials.",
    "provider": "The name of a provider, such as `openai`.",
    "session": "The id of a session.",
}
"""What the parameters of paths mean; an operation may bring more in `parameters`."""
BODY_LIMIT: Final = 256 * 1024  # bytes: a key file of a cloud is 10 KiB
VALUE: Final = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
"""What a parameter of a path may be: ids, and names of providers and routes."""
_JSON: Final = "application/json"
_SEGMENT = re.compile(r"[a-z0-9.-]+|\{[a-z_]+\}")

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Serve = Callable[["Request[Any, Any]"], Awaitable["Reply"]]


class Scope(Enum):
    """Where the caller needs the role that an operation's action asks for."""

    OPEN = "nowhere: nobody need have signed in"
    SELF = "nowhere: whoever has signed in may, with what is their own"
    WORKSPACE = "in the workspace that the path names"
    INSTALLATION = "in the first workspace"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Operation:
    """One method on one path.

    Attributes:
        id: What clients that are generated call it: `createKey`.
        path: Its segments are words or parameters: `/api/workspaces/{workspace}/keys/{key}`.
        action: A name of `permissions.ACTIONS`; who may do it is nowhere else.
        summary: What it does, in a line; `description` says the rest.
        serve: Does it. The caller has been let in, and what was sent is valid.
        body, query, answer: Pydantic models whose fields are described; None for nothing.
        status: What is answered if all goes well.
        media: The type of an answer that is no JSON.
        by_key: Whether a key of the gateway may call it, for its own workspace.
        versioned: Whether its answer has an `ETag`; a change of what is there takes `If-Match` then.
        secret: Whether the answer holds a secret, which is sealed where an answer is kept to be repeated.
        errors: Statuses beside those that follow from the rest.
        parameters: What the path's parameters mean where `SEGMENTS` does not say.
        limit: Bytes of the body.
    """

    id: str
    method: Method
    path: str
    action: str
    summary: str
    serve: Serve
    description: str = ""
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    answer: type[BaseModel] | None = None
    status: int = 200
    media: str = _JSON
    by_key: bool = False
    versioned: bool = False
    secret: bool = False
    errors: tuple[int, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    limit: int = BODY_LIMIT

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise ValueError(
                f"{self.id}: {self.action!r} is no action of platform.people.permissions.ACTIONS"
            )
        if not self.path.startswith(f"{PREFIX}/") or not all(map(_SEGMENT.fullmatch, self.segments)):
            raise ValueError(f"{self.id}: {self.path} is no path of words and {{parameters}} under {PREFIX}")
        undescribed = [name for name in self.names if name not in {*self.parameters, *SEGMENTS}]
        if undescribed:
            raise ValueError(f"{self.id}: say in `parameters` what {undescribed[0]} is")
        if self.scope is Scope.SELF and ACTIONS[self.action] is not Role.MEMBER:
            raise ValueError(f"{self.id}: {self.action} needs a role, and the path names no workspace")
        if self.by_key and self.scope is not Scope.WORKSPACE:
            raise ValueError(f"{self.id}: a key has a workspace, and the path names none")

    @property
    def segments(self) -> list[str]:
        """The path's parts behind the prefix."""
        return self.path.split("/")[2:]

    @property
    def names(self) -> list[str]:
        """The names of the path's parameters, in order."""
        return [part[1:-1] for part in self.segments if part.startswith("{")]

    @property
    def scope(self) -> Scope:
        """Where the caller needs a role."""
        if self.action in OPEN:
            return Scope.OPEN
        if self.action in INSTALLATION:
            return Scope.INSTALLATION
        return Scope.WORKSPACE if WORKSPACE in self.names else Scope.SELF

    @property
    def changes(self) -> bool:
        """Whether a browser has to prove that its own page asks."""
        return self.method != "GET"

    @property
    def conditional(self) -> bool:
        """Whether it takes an `If-Match`."""
        return self.versioned and self.method not in ("GET", "POST")

    @property
    def repeatable(self) -> bool:
        """Whether it takes an `Idempotency-Key`; a file is made again, and never kept."""
        return self.method == "POST" and self.scope is not Scope.OPEN and self.media == _JSON
