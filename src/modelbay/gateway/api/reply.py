"""What an operation answers with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import BaseModel

    from modelbay.platform.people.sessions import NewSession


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer.

    Attributes:
        body: An object of the operation's `answer`; None for an empty answer.
        version: Of what the body shows; it becomes the `ETag`.
        session: The session that has begun: its token goes into the cookie.
        ended: Whether the caller's session is over: the cookie is taken away.
        content: The body of an answer that is no JSON, in the operation's `media`.
        status: Another status than the operation's own, such as that of a redirection.
    """

    body: BaseModel | None = None
    version: int | None = None
    session: NewSession | None = None
    ended: bool = False
    content: bytes | None = None
    status: int | None = None
    headers: Sequence[tuple[str, str]] = ()
