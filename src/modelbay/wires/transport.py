"""The one place that talks to upstreams: requests out, JSON, events, lines or bytes back.

One transport serves any number of calls, event loops and threads at once; each event loop gets its own
connections. It needs a loop that can watch sockets (every one but Windows' proactor loop).
"""

from __future__ import annotations

import asyncio
import random as _random
import threading
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson

from modelbay.errors import InvokeError
from modelbay.wires import failures, retry
from modelbay.wires.answers import (
    invoke_error,
    is_json,
    mapped,
    not_expected,
    read_beginning,
    read_reply,
    redirect_error,
)
from modelbay.wires.decode import LineDecoder, SSEDecoder
from modelbay.wires.fetching import fetch, file_settings, machine_settings
from modelbay.wires.http1.encode import encode_body, encode_head
from modelbay.wires.http1.errors import WireError
from modelbay.wires.http1.exchange import Exchange, exchange
from modelbay.wires.http1.limits import Limits
from modelbay.wires.http1.pool import Pool, Route
from modelbay.wires.http1.proxy import Proxies
from modelbay.wires.http1.target import target_of
from modelbay.wires.redaction import redact_bytes, redact_error, secrets_in
from modelbay.wires.relayed import Relayed
from modelbay.wires.request import Event, Reply, Request, call_deadline, limits_in, upstream_limits
from modelbay.wires.settings import TransportSettings
from modelbay.wires.signing import Bench, check_machine
from modelbay.wires.signing.bench import Tokens

__all__ = ["Transport", "Transports"]


class _Failure(NamedTuple):
    """An attempt that failed, and whether the same request may be sent again."""

    error: InvokeError
    repeat: bool
    headers: Mapping[str, str] = {}


class Transport:
    """Sends requests. Making one does no work; the first call does.

    `batch_size` is how many texts a request for vectors may hold, whatever its model takes, and `parallelism`
    how many requests may be under way at once; None is no limit.
    """

    batch_size: int | None = None
    parallelism: int | None = None

    def __init__(
        self,
        settings: TransportSettings | None = None,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        random: Callable[[], float] = _random.random,
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings or TransportSettings()
        self._sleep = sleep
        self._random = random
        self._clock = clock
        self._tokens = Tokens(ticks)
        self._benches: dict[str, Bench] = {}
        self._files: Transport | None = None
        self._machine: Transport | None = None
        self._pools: dict[asyncio.AbstractEventLoop, Pool] = {}
        self._lock = threading.Lock()
        self._closed = False

    async def __aenter__(self) -> Transport:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    @property
    def shared(self) -> Transport:
        """The transport whose connections these are."""
        return self

    def again(self) -> Transport:
        """Return the same way for another call."""
        return self

    def spent(self, tokens: int) -> None:
        """Take note of the tokens that a whole call has used up; nobody counts them here."""

    async def json(self, request: Request) -> Any:
        """Return the decoded JSON of a 2xx answer.

        Raises:
            InvokeError: The answer is a failure, is not JSON, or is an error in the guise of a success.
        """
        reply = await self.send(request)
        try:
            value = orjson.loads(reply.body)
        except orjson.JSONDecodeError:
            error: InvokeError | None = not_expected(reply, "JSON")
        else:
            error = failures.in_body(value) if isinstance(value, dict | list) else None
        if error is not None:
            raise redact_error(error, self._secrets(request))
        return value

    async def send(self, request: Request) -> Reply:
        """Return a complete 2xx answer.

        Raises:
            InvokeError: There was none, after the retries that are safe.
        """
        with mapped():
            answer = await self._open(request)
            return await read_reply(answer, self.settings.max_answer)

    async def events(self, request: Request) -> AsyncGenerator[Event, None]:
        """Yield server-sent events as they arrive. Closing the iterator closes the connection at once.

        An answer that is one JSON document instead (some upstreams do not stream what is short) is one event;
        if it is an error, it is raised.
        """
        decoder = SSEDecoder(self.settings.max_line)
        with mapped():
            answer = await self._open(request, streamed=True)
            try:
                data = await self._first(request, answer)
                if is_json(answer.head.headers) and data.lstrip()[:1] in (b"{", b"["):
                    yield Event("", await self._document(request, answer, data))
                    return
                while data:
                    for event in decoder.feed(data):
                        yield self._quiet(request, event) if b'"error"' in event.data else event
                    data = await answer.read()
                for event in decoder.close():
                    yield self._quiet(request, event)
            finally:
                answer.close()

    async def lines(self, request: Request) -> AsyncGenerator[bytes, None]:
        """Yield the lines of newline-delimited JSON as they arrive, without blank ones."""
        decoder = LineDecoder(self.settings.max_line)
        with mapped():
            answer = await self._open(request, streamed=True)
            try:
                data = await self._first(request, answer)
                while data:
                    for line in decoder.feed(data):
                        yield redact_bytes(line, self._secrets(request)) if b'"error"' in line else line
                    data = await answer.read()
                for line in decoder.close():
                    yield redact_bytes(line, self._secrets(request))
            finally:
                answer.close()

    async def aws_events(self, request: Request) -> AsyncGenerator[Event, None]:
        """Yield the events of an AWS event stream as they arrive."""
        from modelbay.wires.aws_events import AwsEventDecoder  # noqa: PLC0415 - for one provider's wire only

        decoder = AwsEventDecoder(self.settings.max_line)
        with mapped():
            answer = await self._open(request, streamed=True)
            try:
                data = await self._first(request, answer)
                while data:
                    for event in decoder.feed(data):
                        yield self._quiet(request, event) if event.id else event
                    data = await answer.read()
                decoder.close()
            finally:
                answer.close()

    async def messages(self, request: Request) -> AsyncGenerator[bytes, None]:
        """Yield the messages of a websocket as they arrive; `request.replies` says what to send.

        Raises:
            InvokeError: The upstream refused to talk, or ended the talk with an error.
        """
        from modelbay.wires.websocket import RefusedError  # noqa: PLC0415 - loaded by those who talk so

        limits = self._limits(request)
        mended, attempt = False, 0
        while True:
            try:
                async with aclosing(self._talk(request)) as talk:
                    async for message in talk:
                        yield message
                return
            except RefusedError as refused:
                # Nothing has been said yet, so whatever passes may be tried again.
                passing = retry.may_repeat(refused.error, refused.headers, idempotent=True)
                failure = _Failure(refused.error, passing, refused.headers)
            if not mended and self._mended(request, failure):
                mended = True
                continue
            delay = self._delay(failure, attempt)
            if delay is None or delay >= limits.left():
                raise redact_error(failure.error, self._secrets(request))
            await self._sleep(delay)
            attempt += 1

    async def _talk(self, request: Request) -> AsyncGenerator[bytes, None]:
        from modelbay.wires.websocket import converse  # noqa: PLC0415 - as above

        limits = self._limits(request)
        signed = await self._signed(request, b"")
        terms = request.terms
        leave = await terms.begin(limits, b"", streamed=True) if terms is not None else None
        talk = converse(self._pool(), signed, limits, self.settings.max_line)
        try:
            with mapped():
                async for message in talk:
                    yield redact_bytes(message, self._secrets(signed)) if b'"error' in message else message
        except InvokeError as error:
            raise redact_error(error, self._secrets(signed)) from None
        finally:
            await talk.aclose()
            if leave is not None:
                leave()

    async def values(self, request: Request) -> AsyncGenerator[Any, None]:
        """Yield the decoded JSON of a complete answer, as the only frame of a stream."""
        yield await self.json(request)

    def frames(self, request: Request, framing: str) -> AsyncGenerator[Any, None]:
        """Return the frames of an answer, cut as a dialect says (`family.Framing`, or "json")."""
        cut: Mapping[str, Callable[[Request], AsyncGenerator[Any, None]]] = {
            "sse": self.events,
            "ndjson": self.lines,
            "aws-events": self.aws_events,
            "websocket": self.messages,
            "json": self.values,
        }
        return cut[framing](request)

    async def fetch(self, url: str) -> Reply:
        """Return a file that somebody else named: without credentials, from the public internet only.

        Redirects are followed, and each is judged like the first address.

        Raises:
            InvokeBadRequestError: It cannot be had, is too long, or is not public.
        """
        if self._files is None:
            self._files = Transport(file_settings(self.settings), sleep=self._sleep, random=self._random)
        return await fetch(self._files, url)

    async def chunks(self, request: Request) -> AsyncGenerator[bytes, None]:
        """Yield the bytes of an answer as they come, such as audio; JSON is first checked for an error."""
        with mapped():
            answer = await self._open(request, streamed=True)
            try:
                data = await self._first(request, answer)
                if data and is_json(answer.head.headers):
                    data = await self._document(request, answer, data)
                while data:
                    yield data
                    data = await answer.read()
            finally:
                answer.close()

    async def relay(self, request: Request, *, streamed: bool = False) -> Relayed:
        """Return a 2xx answer whose body is yet to come, for passing it on as it is.

        Args:
            streamed: Whether the body comes in pieces, of which the first may be waited for so long only.

        Raises:
            InvokeError: There was none, after the retries that are safe.
        """
        with mapped():
            answer = await self._open(request, streamed=streamed)
        return Relayed(answer, self.settings.max_answer, lambda: self._secrets(request))

    def close_idle(self) -> None:
        """Close the connections that no call uses, on every event loop."""
        for loop, pool in list(self._pools.items()):
            if loop.is_running():
                loop.call_soon_threadsafe(pool.close_idle)
            else:
                pool.close_idle()

    async def aclose(self) -> None:
        """Close every connection on every event loop; calls under way fail, and later ones are refused."""
        self._closed = True
        for each in (self._files, self._machine):
            if each is not None:
                await each.aclose()
        with self._lock:
            pools, self._pools = self._pools, {}
        for loop, pool in pools.items():
            if loop is not asyncio.get_running_loop() and loop.is_running():
                loop.call_soon_threadsafe(pool.close)
            else:
                pool.close()

    def _limits(self, request: Request) -> Limits:
        timeouts = request.timeouts or self.settings.timeouts
        if request.terms is None:
            return Limits(timeouts, call_deadline.get())
        return request.terms.limits(timeouts, call_deadline.get())

    async def _open(self, request: Request, *, streamed: bool = False) -> Exchange:
        """Return the first 2xx answer, after as many attempts as are safe and worth their time."""
        limits = self._limits(request)
        body, content_type = encode_body(request)
        pool, mended, attempt = self._pool(), False, 0
        sendable = request if request.signer is None else await self._signed(request, body)
        while True:
            route, sent = self._prepare(pool, sendable, body, content_type)
            terms = request.terms
            leave = await terms.begin(limits, body, streamed=streamed) if terms is not None else None
            outcome = await self._attempt(sendable, pool, route, sent, limits, leave)
            if isinstance(outcome, Exchange):
                return outcome
            if not mended and self._mended(request, outcome):
                mended, sendable = True, await self._signed(request, body)
                continue
            delay = self._delay(outcome, attempt)
            if delay is None or delay >= limits.left():
                raise outcome.error
            await self._sleep(delay)
            attempt += 1
            if request.signer is not None:
                sendable = await self._signed(request, body)

    def _delay(self, failure: _Failure, attempt: int) -> float | None:
        """Return the seconds to wait before the next attempt; None for no more attempts."""
        if not failure.repeat or attempt >= self.settings.retries:
            return None
        return retry.pause(attempt, failure.error.retry_after, self.settings, self._random)

    async def _signed(self, request: Request, body: bytes) -> Request:
        """Return the request as its signer wants it to be sent."""
        if request.signer is None:
            return request
        check_machine(request.signer, allowed=self.settings.machine_identities)
        return await request.signer.sign(request, body, self._bench(request))

    def _mended(self, request: Request, failure: _Failure) -> bool:
        """Whether the signer could mend what made the upstream refuse us."""
        status = failure.error.status
        if request.signer is None or status not in {401, 403}:
            return False
        return request.signer.refused(status, failure.headers, self._bench(request))

    def _bench(self, request: Request) -> Bench:
        host = urlsplit(request.url).netloc
        bench = self._benches.get(host)
        if bench is None:
            bench = self._benches[host] = Bench(self._tokens, self._clock, self._ask)
        return bench

    async def _ask(self, request: Request) -> Any:
        """Return the answer to a signer's own question."""
        if not request.to_machine:
            return await self.json(request)
        if self._machine is None:
            settings = machine_settings(self.settings)
            self._machine = Transport(settings, sleep=self._sleep, random=self._random)
        return await self._machine.json(request)

    def _prepare(
        self, pool: Pool, request: Request, body: bytes, content_type: str | None
    ) -> tuple[Route, bytes]:
        target = target_of(request.url)
        proxy = pool.proxies.choose(target)
        forwarded = proxy.headers if proxy and target.scheme == "http" else None
        head = encode_head(request, target, body, content_type, via_proxy=forwarded)
        return Route(target, proxy), head + body

    async def open_file(self, request: Request) -> Exchange:
        """Return the answer to a request for a file, a redirect too: for `fetching` only."""
        return await self._open(replace(request, redirects=True))

    async def _attempt(
        self,
        request: Request,
        pool: Pool,
        route: Route,
        sent: bytes,
        limits: Limits,
        leave: Callable[[], None] | None,
    ) -> Exchange | _Failure:
        """Send a request once; `leave` is called when its exchange has ended, however it does."""
        if leave is None:
            return await self._exchanged(request, pool, route, sent, limits)
        outcome: Exchange | _Failure | None = None
        try:
            outcome = await self._exchanged(request, pool, route, sent, limits)
        finally:
            if not isinstance(outcome, Exchange):
                leave()
        if isinstance(outcome, Exchange):
            outcome.when_free(leave)
        return outcome

    async def _exchanged(
        self, request: Request, pool: Pool, route: Route, sent: bytes, limits: Limits
    ) -> Exchange | _Failure:
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
        error = await self._refusal(request, answer)
        headers = answer.head.headers
        return _Failure(error, retry.may_repeat(error, headers, idempotent=request.idempotent), headers)

    async def _refusal(self, request: Request, answer: Exchange) -> InvokeError:
        """Return the error that an answer outside 2xx stands for."""
        status, headers = answer.head.status, answer.head.headers
        secrets = self._secrets(request)
        # First the body, so that cutting a long message cannot leave the beginning of a secret behind.
        body = redact_bytes(await read_beginning(answer), secrets)
        if 300 <= status < 400:
            error: InvokeError = redirect_error(status, headers.get("location"))
        else:
            error = (request.to_error or failures.to_error)(status, headers, body)
        return redact_error(error, secrets)

    async def _first(self, request: Request, answer: Exchange) -> bytes:
        """Return the first piece of a stream; refuse a web page in its place."""
        if "html" in answer.head.headers.get("content-type", ""):
            reply = Reply(answer.head.status, answer.head.headers, await read_beginning(answer))
            raise redact_error(not_expected(reply, "a stream"), self._secrets(request))
        return await answer.read()

    async def _document(self, request: Request, answer: Exchange, begun: bytes) -> bytes:
        """Return a whole JSON body in place of a stream; raise if it is an error."""
        body = begun + (await read_reply(answer, self.settings.max_answer)).body
        try:
            error = failures.in_body(orjson.loads(body))
        except orjson.JSONDecodeError:
            error = None  # for the dialect to judge
        if error is not None:
            raise redact_error(error, self._secrets(request))
        return body

    def _quiet(self, request: Request, event: Event) -> Event:
        """Blank credentials in an event that may be an error: dialects quote its words."""
        return event._replace(data=redact_bytes(event.data, self._secrets(request)))

    def _secrets(self, request: Request) -> set[str]:
        pool = self._pools.get(asyncio.get_running_loop())
        proxy = pool.proxies.choose(target_of(request.url)) if pool else None
        headers = {**request.headers, **proxy.headers} if proxy else request.headers
        own = request.terms.secrets if request.terms is not None else frozenset()
        return secrets_in(request.url, headers, self.settings.proxy) | self._tokens.values() | own

    def _pool(self) -> Pool:
        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop)
        return pool if pool is not None else self._new_pool(loop)

    def _new_pool(self, loop: asyncio.AbstractEventLoop) -> Pool:
        if self._closed:
            raise RuntimeError("This transport is closed.")
        with self._lock:
            for other in [each for each in self._pools if each.is_closed()]:
                self._pools.pop(other).close()
            proxies = Proxies(self.settings.proxy, trust_env=self.settings.trust_env)
            self._pools[loop] = Pool(self.settings, proxies)
            return self._pools[loop]


class Transports:
    """One transport per distinct settings, so that connections are shared by all who may share them."""

    def __init__(self, most: int = 100) -> None:
        """Begin with none.

        Args:
            most: How many are kept. Those not used for longest are let go: calls under way go on, and idle
                connections are closed.
        """
        self._most = most
        self._made: OrderedDict[TransportSettings, Transport] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, settings: TransportSettings | None = None) -> Transport:
        """Return the transport for these settings; the same one for equal settings."""
        settings = settings or TransportSettings()
        with self._lock:
            found = self._made.get(settings)
            if found is not None:
                self._made.move_to_end(settings)
                return found
            found = self._made[settings] = Transport(settings)
            if len(self._made) > self._most:
                self._made.popitem(last=False)[1].close_idle()
            return found

    def __len__(self) -> int:
        return len(self._made)

    async def aclose(self) -> None:
        """Close all of them."""
        with self._lock:
            made, self._made = self._made, OrderedDict()
        for transport in made.values():
            await transport.aclose()
