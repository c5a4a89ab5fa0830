"""Who asks, and whether they may: decided by the operation, never by the text of a path."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modelbay.gateway.api.cookies import CSRF_HEADER, is_from_elsewhere
from modelbay.gateway.api.operation import WORKSPACE, Operation, Scope
from modelbay.gateway.api.problems import ProblemError, not_found_workspace
from modelbay.platform.people.csrf import is_csrf_token
from modelbay.platform.people.members import role_of
from modelbay.platform.people.permissions import ACTIONS, FIRST_WORKSPACE, Role, may
from modelbay.platform.people.sessions import Current, current

if TYPE_CHECKING:
    from collections.abc import Mapping

    from modelbay.gateway.api.services import Services
    from modelbay.gateway.http.exchange import Exchange
    from modelbay.runtime.accounts import Caller
    from modelbay.store import Database


@dataclass(slots=True)
class Admitted:
    """Who has been recognised, and what they are in the workspace that counts."""

    current: Current | None = None
    key: Caller | None = None
    role: Role | None = None


async def recognise(
    services: Services, operation: Operation, exchange: Exchange, params: Mapping[str, str], token: str
) -> Admitted:
    """Return who asks. Whether they may do it is `authorise`'s question.

    Raises:
        ProblemError: Nobody has signed in, or another site's page asks.
        ModelbayError: The session is over, or the key opens nothing.
    """
    headers = exchange.headers
    if operation.changes and is_from_elsewhere(headers):
        raise ProblemError(403, "another site's page has sent this: only our own may", "cross_site")
    if operation.scope is Scope.OPEN:
        return Admitted()
    if services.has_key(exchange):
        if not operation.by_key:
            raise ProblemError(403, "keys cannot do this: sign in", "session_required")
        return Admitted(key=await services.caller(exchange))
    if not token:
        raise ProblemError(401, "sign in: there is no session", "sign_in")
    if operation.changes and not is_csrf_token(token, headers.get(CSRF_HEADER, "")):
        text = f"the header {CSRF_HEADER} is not this session's: GET /api/session tells it"
        raise ProblemError(403, text, "csrf", errors={CSRF_HEADER: text})
    where = FIRST_WORKSPACE if operation.scope is Scope.INSTALLATION else params.get(WORKSPACE)
    return await services.database.run(_by_session, token, where)


def authorise(operation: Operation, params: Mapping[str, str], who: Admitted) -> None:
    """Refuse what the operation's action does not allow.

    Raises:
        ProblemError: The workspace is not there or somebody else's, which are told alike; or the role is too
            little.
    """
    if operation.scope in (Scope.OPEN, Scope.SELF):
        return
    if who.key is not None:
        if who.key.workspace != params[WORKSPACE]:
            raise not_found_workspace()
        return
    if who.role is None and operation.scope is Scope.WORKSPACE:
        raise not_found_workspace()
    if not may(who.role, operation.action):
        least = ACTIONS[operation.action]
        where = " of the first workspace" if operation.scope is Scope.INSTALLATION else ""
        raise ProblemError(403, f"this needs the role {least}{where}", "forbidden")


def _by_session(database: Database, token: str, workspace: str | None) -> Admitted:
    found = current(database, token, now=time.time())
    role = role_of(database, workspace, found.user.id) if workspace is not None else None
    return Admitted(current=found, role=role)
