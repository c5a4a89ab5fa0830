"""Requests going out: each signed, on the terms of its call, and as often as is safe and worth its time."""

from __future__ import annotations

import asyncio
import random as _random
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import NamedTuple

from modelbay.errors import InvokeError
from modelbay.wires import failures, retry
from modelbay.wires.answers import invoke_error, mapped, read_beginning, redirect_error
from modelbay.wires.http1.encode import encode_body, encode_head
from modelbay.wires.http1.errors import WireError
from modelbay.wires.http1.exchange import Exchange, exchange
from modelbay.wires.http1.limits import Limits
from modelbay.wires.http1.pool import Pool, Route
from modelbay.wires.http1.pools import Pools
from modelbay.wires.http1.target import target_of
from modelbay.wires.redaction import redact_bytes, redact_error, secrets_in
from modelbay.wires.request import Request, call_deadline, limits_in, upstream_limits
from modelbay.wires.settings import TransportSettings
from modelbay.wires.signing.signatures import Signatures
from modelbay.wires.terms import Terms

__all__ = ["Sender"]


class _Failure(NamedTuple):
    """An attempt that failed, and whether the same request may be sent again."""

    error: InvokeError
    repeat: bool
    headers: Mapping[str, str] = {}


class Sender:
    """Sends requests under one set of settings, over connections of its own."""

    def __init__(
        self,
        settings: TransportSettings,
        signatures: Signatures,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        random: Callable[[], float] = _random.random,
    ) -> None:
        self.settings = settings
        self.pools = Pools(settings)
        self.signatures = signatures
        self.sleep = sleep
        self.random = random

    async def open(self, request: Request, terms: Terms | None = None, *, streamed: bool = False) -> Exchange:
        """Return the first 2xx answer, after as many attempts as are safe and worth their time.

        Args:
            terms: What the request has to keep to beyond the settings.
            streamed: Whether the body comes in pieces, of which the first may be waited for so long only.

        Raises:
            InvokeError: There was none.
        """
        limits = self._limits(request, terms)
        body, content_type = encode_body(request)
        pool, tries = self.pools.here(), _Tries(self, request, limits)
        while True:
            sendable = request if request.signer is None else await self.signatures.signed(request, body)
            route, sent = _prepared(pool, sendable, body, content_type)
            if terms is None:
                outcome = await self._exchanged(sendable, pool, route, sent, limits)
            else:
                leave = await terms.begin(limits, body, streamed=streamed)
                outcome = await self._on_terms(sendable, pool, route, sent, limits, terms, leave)
            if isinstance(outcome, Exchange):
                return outcome
            await tries.again(outcome)

    async def talk(self, request: Request, terms: Terms | None = None) -> AsyncGenerator[bytes, None]:
        """Yield the messages of a websocket as they arrive; `request.replies` says what to send.

        Raises:
            InvokeError: The upstream refused to talk, or ended the talk with an error.
        """
        from modelbay.wires.websocket import RefusedError  # noqa: PLC0415 - loaded by those who talk so

        tries = _Tries(self, request, self._limits(request, terms))
        while True:
            try:
                async with aclosing(self._talked(request, terms)) as talk:
                    async for message in talk:
                        yield message
                return
            except RefusedError as refused:
                # Nothing has been said yet, so whatever passes may be tried again.
                passing = retry.may_repeat(refused.error, refused.headers, idempotent=True)
                failure = _Failure(refused.error, passing, refused.headers)
            await tries.again(failure)

    def secrets(self, request: Request, terms: Terms | None = None) -> set[str]:
        """Return all that an answer to a request may not be quoted with."""
        proxy = self.pools.proxy_of(request.url)
        headers = {**request.headers, **proxy.headers} if proxy else request.headers
        own = terms.secrets if terms is not None else frozenset()
        return secrets_in(request.url, headers, self.settings.proxy) | self.signatures.tokens | own

    def _limits(self, request: Request, terms: Terms | None) -> Limits:
        timeouts = request.timeouts or self.settings.timeouts
        if terms is None:
            return Limits(timeouts, call_deadline.get())
        return terms.limits(timeouts, call_deadline.get())

    async def _on_terms(
        self,
        request: Request,
        pool: Pool,
        route: Route,
        sent: bytes,
        limits: Limits,
        terms: Terms,
        leave: Callable[[], None],
    ) -> Exchange | _Failure:
        """Send a request once; `leave` is called when its exchange has ended, however it does."""
        outcome: Exchange | _Failure | None = None
        try:
            outcome = await self._exchanged(request, pool, route, sent, limits, terms)
        finally:
            if not isinstance(outcome, Exchange):
                leave()
        if isinstance(outcome, Exchange):
            outcome.when_free(leave)
        return outcome

    async def _exchanged(
        self,
        request: Request,
        pool: Pool,
        route: Route,
        sent: bytes,
        limits: Limits,
        terms: Terms | None = None,
    ) -> Exchange | _Failure:
        """Send a request once, and judge what comes back."""
        try:
            answer = await exchange(pool, route, request.method, sent, limits)
        except WireError as failure:
            passing = not failure.lasting and not failure.invalid
            safe = not failure.sent or (request.idempotent and not failure.answered)
            return _Failure(invoke_error(failure), passing and safe)
        told = upstream_limits.get()
        if told is not None:
            told.update(limits_in(answer.head.headers))
        if 200 <= answer.head.status < 300 or (request.redirects and 300 <= answer.head.status < 400):
            return answer
        error = await self._refusal(request, terms, answer)
        headers = answer.head.headers
        return _Failure(error, retry.may_repeat(error, headers, idempotent=request.idempotent), headers)

    async def _refusal(self, request: Request, terms: Terms | None, answer: Exchange) -> InvokeError:
        """Return the error that an answer outside 2xx stands for."""
        status, headers = answer.head.status, answer.head.headers
        secrets = self.secrets(request, terms)
        # First the body, so that cutting a long message cannot leave the beginning of a secret behind.
        body = redact_bytes(await read_beginning(answer), secrets)
        if 300 <= status < 400:
            error: InvokeError = redirect_error(status, headers.get("location"))
        else:
            error = (request.to_error or failures.to_error)(status, headers, body)
        return redact_error(error, secrets)

    async def _talked(self, request: Request, terms: Terms | None) -> AsyncGenerator[bytes, None]:
        """Talk once."""
        from modelbay.wires.websocket import RefusedError, converse  # noqa: PLC0415 - as above

        limits, pool = self._limits(request, terms), self.pools.here()
        signed = await self.signatures.signed(request, b"")
        leave = await terms.begin(limits, b"", streamed=True) if terms is not None else None
        talk = converse(pool, signed, limits, self.settings.max_line)
        try:
            with mapped():
                async for message in talk:
                    quoted = b'"error' in message
                    yield redact_bytes(message, self.secrets(signed, terms)) if quoted else message
        except RefusedError as refused:
            redact_error(refused.error, self.secrets(signed, terms))
            raise
        except InvokeError as error:
            raise redact_error(error, self.secrets(signed, terms)) from None
        finally:
            await talk.aclose()
            if leave is not None:
                leave()


class _Tries:
    """How often one request is sent."""

    __slots__ = ("_count", "_limits", "_mended", "_request", "_sender")

    def __init__(self, sender: Sender, request: Request, limits: Limits) -> None:
        self._sender = sender
        self._request = request
        self._limits = limits
        self._count = 0
        self._mended = False

    async def again(self, failure: _Failure) -> None:
        """Return when the request may be sent once more; raise what it failed of if it may not."""
        sender, error = self._sender, failure.error
        if not self._mended and sender.signatures.mended(self._request, error.status, failure.headers):
            self._mended = True
            return
        delay = self._delay(failure)
        if delay is None or delay >= self._limits.left():
            raise error
        await sender.sleep(delay)
        self._count += 1

    def _delay(self, failure: _Failure) -> float | None:
        """Return the seconds to wait before the next attempt; None for no more attempts."""
        settings = self._sender.settings
        if not failure.repeat or self._count >= settings.retries:
            return None
        return retry.pause(self._count, failure.error.retry_after, settings, self._sender.random)


def _prepared(pool: Pool, request: Request, body: bytes, content_type: str | None) -> tuple[Route, bytes]:
    """Return the way to the target, and the bytes that are sent over it."""
    target = target_of(request.url)
    proxy = pool.proxies.choose(target)
    forwarded = proxy.headers if proxy and target.scheme == "http" else None
    head = encode_head(request, target, body, content_type, via_proxy=forwarded)
    return Route(target, proxy), head + body
