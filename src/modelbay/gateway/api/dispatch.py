"""Serves every operation: recognises who asks, asks whether they may, checks what was sent, answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from modelbay.errors import ModelbayError
from modelbay.gateway.api import reading
from modelbay.gateway.api.answering import Answering
from modelbay.gateway.api.callers import authorise, recognise
from modelbay.gateway.api.cookies import base_of, browser_of, is_secure, token_of
from modelbay.gateway.api.operation import WORKSPACE
from modelbay.gateway.api.problems import ProblemError, of_error, unexpected
from modelbay.gateway.api.repeats import Repeats
from modelbay.gateway.api.request import Request
from modelbay.gateway.api.services import Services
from modelbay.gateway.api.table import Table, all_operations
from modelbay.gateway.http.exchange import ClientGoneError, Exchange

if TYPE_CHECKING:
    from modelbay.gateway.api.operation import Operation
    from modelbay.gateway.api.reply import Reply
    from modelbay.gateway.app import Gateway

_log = logging.getLogger("modelbay.gateway")


class Api:
    """The management API of one gateway."""

    def __init__(self, gateway: Gateway, table: Table | None = None) -> None:
        self.table = table or Table(all_operations())
        self.services = Services(gateway, self.table)
        self._gateway = gateway
        self._repeats = Repeats(self.services)

    def close(self) -> None:
        """Let go of threads."""
        self.services.close()

    async def serve(self, exchange: Exchange) -> None:
        """Serve one request under the prefix."""
        answering = Answering(
            self._gateway, exchange, secure=is_secure(exchange.headers, tls=self.services.tls)
        )
        try:
            operation, params = self.table.find(exchange.method, exchange.path)
            answering.operation = operation
            answering.reply(await self._serve(answering, operation, params))
        except (asyncio.CancelledError, ClientGoneError):
            raise
        except ProblemError as problem:
            answering.problem(problem)
        except ModelbayError as error:
            told = of_error(error, precondition="if-match" in exchange.headers)
            if told.status >= 500:
                _log.error("%s: %s", answering.name, error)
            answering.problem(told)
        except Exception:  # noqa: BLE001 - a fault of ours is logged, and the caller is told so
            _log.exception("the gateway failed at %s", answering.name)
            answering.problem(unexpected())

    async def _serve(self, answering: Answering, operation: Operation, params: dict[str, str]) -> Reply:
        exchange = answering.exchange
        token = token_of(exchange.headers, secure=answering.secure)
        who = await recognise(self.services, operation, exchange, params, token)
        answering.recognised(who)
        authorise(operation, params, who)
        query = reading.query_of(operation, exchange.query)
        raw = await reading.raw_body(operation, exchange)
        body = reading.body_of(operation, raw)
        request = Request[Any, Any](
            operation=operation,
            services=self.services,
            params=params,
            body=body,
            query=query,
            current=who.current,
            key=who.key,
            role=who.role,
            version=reading.expected_version(operation, exchange.headers, body),
            browser=browser_of(exchange.headers, exchange.peer, token=token),
            base=base_of(exchange.headers, secure=answering.secure),
            headers=exchange.headers,
        )
        if not operation.changes:
            return await operation.serve(request)
        return await self._to_the_end(self._changed(request, exchange, raw))

    async def _changed(self, request: Request[Any, Any], exchange: Exchange, raw: bytes) -> Reply:
        """Change something; whoever reads the answer calls by it at once, in this process."""
        reply = await self._repeats.once(request, exchange, raw)
        await self.services.follow(request.params.get(WORKSPACE))
        return reply

    async def _to_the_end(self, work: Coroutine[Any, Any, Reply]) -> Reply:
        """Do work that is not cut off where its caller goes away: half of it could be done."""
        task: asyncio.Task[Reply] = asyncio.ensure_future(work)
        self._gateway.keep(task)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_note)
            raise


def _note(task: asyncio.Task[Any]) -> None:
    """Log a fault of ours of which nobody waits to be told; what was refused needs no telling."""
    error = None if task.cancelled() else task.exception()
    if error is not None and not isinstance(error, ModelbayError | ProblemError):
        _log.error("the gateway failed after its caller had gone", exc_info=error)
