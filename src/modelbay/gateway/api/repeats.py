"""`Idempotency-Key`: a POST that is sent again, since no answer came, is answered and not done again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from modelbay.errors import ModelbayError
from modelbay.gateway.api.problems import ProblemError
from modelbay.gateway.api.reply import Reply
from modelbay.platform import repeats
from modelbay.platform.people.refusals import invalid
from modelbay.platform.repeats import Repeatable
from modelbay.store import StoreError

if TYPE_CHECKING:
    from modelbay.gateway.api.request import Request
    from modelbay.gateway.api.services import Services
    from modelbay.gateway.http.exchange import Exchange

HEADER: Final = "idempotency-key"
REPEATED: Final = ("idempotency-replayed", "true")


class Repeats:
    """Does requests once."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def once(self, request: Request[Any, Any], exchange: Exchange, raw: bytes) -> Reply:
        """Do a request, or answer as it was answered before.

        Raises:
            ModelbayError: It is refused, or its key is another request's.
        """
        operation, key = request.operation, exchange.headers.get(HEADER)
        if key is None or not operation.repeatable:
            return await operation.serve(request)
        if not key:
            raise invalid(repeats.FIELD, "is empty")
        one = Repeatable.of(
            request.actor,
            request.params.get("workspace", ""),
            key,
            operation.id.encode(),
            orjson.dumps(request.params, option=orjson.OPT_SORT_KEYS),
            exchange.query.encode(),
            _canonical(raw),
        )
        before = await request.run(repeats.begin, self._services.vault, one, now=request.now)
        return _repeated(request, before) if before is not None else await self._do(request, one)

    async def _do(self, request: Request[Any, Any], one: Repeatable) -> Reply:
        """Do it, and keep the answer; what was refused may be sent again under the same key."""
        secret, vault = request.operation.secret, self._services.vault
        try:
            if secret:  # an answer that could not be sealed afterwards would be lost
                await request.run(vault.prepare, one.workspace)
            reply = await request.operation.serve(request)
        except (ModelbayError, ProblemError) as error:
            if not isinstance(error, StoreError):  # which may come after the change was made
                await request.run(repeats.forget, one)
            raise
        body = reply.body.model_dump(mode="json") if reply.body is not None else None
        kept = orjson.dumps({"status": reply.status, "version": reply.version, "body": body}).decode()
        await request.run(repeats.finish, vault, one, kept, secret=secret)
        return reply


def _repeated(request: Request[Any, Any], kept: str) -> Reply:
    found = orjson.loads(kept)
    answer = request.operation.answer
    content = orjson.dumps(found["body"]) if answer is not None and found["body"] is not None else None
    return Reply(content=content, version=found["version"], status=found["status"], headers=(REPEATED,))


def _canonical(raw: bytes) -> bytes:
    """Return a body as it is compared: written in another order it is the same request."""
    try:
        return orjson.dumps(orjson.loads(raw), option=orjson.OPT_SORT_KEYS) if raw else b""
    except orjson.JSONDecodeError:  # which takes less than what has read it
        return raw
