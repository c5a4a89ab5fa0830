"""Writing the answer: one set of headers for all of them, and the cookie wherever a session has changed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import orjson

from modelbay.gateway.api import problems
from modelbay.gateway.api.cookies import CSRF_HEADER, cookie
from modelbay.gateway.api.reading import etag
from modelbay.gateway.http.head import lines
from modelbay.gateway.ids import new_id
from modelbay.platform.people.csrf import csrf_token
from modelbay.runtime.accounts import CallRecord

if TYPE_CHECKING:
    from modelbay.gateway.api.callers import Admitted
    from modelbay.gateway.api.operation import Operation
    from modelbay.gateway.api.problems import ProblemError
    from modelbay.gateway.api.reply import Reply
    from modelbay.gateway.app import Gateway
    from modelbay.gateway.http.exchange import Exchange

_ALWAYS: Final = (
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
)


class Answering:
    """One answer on its way."""

    def __init__(self, gateway: Gateway, exchange: Exchange, *, secure: bool) -> None:
        self.exchange = exchange
        self.secure = secure
        self.operation: Operation | None = None
        self.id = new_id()
        self._gateway = gateway
        self._session: list[tuple[str, str]] = []
        self._who: Admitted | None = None

    @property
    def name(self) -> str:
        """What the log calls it."""
        return f"api.{self.operation.id}" if self.operation else "api"

    def recognised(self, who: Admitted) -> None:
        """Take note of who asks: a session's new token is told whatever the answer is, else it is lost."""
        self._who = who
        if who.current is not None and who.current.token:
            self._keep(who.current.token)

    def reply(self, reply: Reply) -> None:
        """Answer what an operation has returned."""
        operation = self.operation
        assert operation is not None
        if reply.session is not None:
            self._keep(reply.session.token)
        elif reply.ended:
            self._session = [cookie("", secure=self.secure)]
        headers = list(reply.headers)
        if reply.version is not None:
            headers.append(("etag", etag(reply.version)))
        content = reply.content
        if reply.body is not None:
            content = reply.body.model_dump_json().encode()
        if content is not None and not any(name == "content-type" for name, _ in headers):
            headers.append(("content-type", operation.media))
        self._respond(reply.status or operation.status, headers, content or b"")

    def problem(self, problem: ProblemError) -> None:
        """Answer why not."""
        headers = [*problem.headers, ("content-type", problems.MEDIA)]
        if problem.status == 401:
            headers.append(("www-authenticate", 'Bearer realm="modelbay"'))
        self._respond(problem.status, headers, orjson.dumps(problem.body(self.id)), error=problem.code)

    def _keep(self, token: str) -> None:
        self._session = [cookie(token, secure=self.secure), (CSRF_HEADER, csrf_token(token))]

    def _respond(self, status: int, headers: list[tuple[str, str]], body: bytes, *, error: str = "") -> None:
        given = {name for name, _ in headers}
        usual = [each for each in _ALWAYS if each[0] not in given]
        head = lines([*usual, *headers, *self._session, ("x-request-id", self.id)])
        self.exchange.respond(status, head, body)
        self._tell(status, error)

    def _tell(self, status: int, error: str) -> None:
        """Write a line into the access log: who, what, and what became of it."""
        log = self._gateway.log
        if log is None:
            return
        key = self._who.key if self._who else None
        record = CallRecord(
            id=self.id,
            at=time.time(),
            workspace=key.workspace if key else "",
            key_id=key.key_id if key else "",
            surface=self.name,
        )
        if self._who and self._who.current:
            record.member = self._who.current.user.id
        record.status, record.error = status, error
        record.latency = time.monotonic() - self.exchange.started
        log.write(record, self.exchange.peer)
