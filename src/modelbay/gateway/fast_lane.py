"""Calls whose client and upstream speak one dialect: passed through as bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import orjson

from modelbay.entities import EmbeddingUsage, LLMUsage, ModelType
from modelbay.errors import InvokeConnectionError, InvokeError, ModelbayError
from modelbay.gateway import bodies
from modelbay.gateway.attempts import too_slow
from modelbay.gateway.call import EVENTS, Call
from modelbay.gateway.estimates import estimate
from modelbay.runtime.choices import UnknownModelError
from modelbay.runtime.scopes import KeyScopeError
from modelbay.runtime.trying import Attempt
from modelbay.sdk.wired.lane import Lane
from modelbay.wires.relayed import Relayed
from modelbay.wires.relaying import Fields, Scanner, Sent, Stamp, skeleton, split, value_of
from modelbay.wires.request import Request, call_deadline, upstream_limits
from modelbay.wires.serving import ChatFace

_DOCUMENTS = ("application/json", "text/html")  # what no stream is sent as


async def passes(call: Call, raw: bytes, model_type: ModelType, face: ChatFace | None = None) -> bool:
    """Serve the call if it can be passed through; False, with nothing done, if it has to be translated."""
    gateway = call.gateway
    fields = split(raw)
    model = value_of(fields.get("model")) if fields else None
    bones = skeleton(fields) if fields else None
    if fields is None or bones is None or not isinstance(model, str) or not model:
        return False
    bodies.check_depth(bones, gateway.settings.limits.depth)
    bodies.check_items(fields, bones, gateway.settings.limits.items)
    try:
        trying = call.begin_trying(model, model_type)
    except (UnknownModelError, KeyScopeError):
        return False  # whether the rest of the body can be read comes first
    call.asks(model, model_type)
    while (attempt := await trying.next()) is not None:
        call.tries(attempt, trying.count)
        try:
            found = await _lane_of(call, attempt, model_type, bones, fields)
            if found is None:
                call.pending = attempt  # it is made, and those after it, as for any call
                return False
            await _Passing(call, attempt, *found, raw, face).serve_in_time()
            return True
        except InvokeError as error:
            if call.exchange.begun or call.settled:
                raise
            call.failed(error)
    raise call.given_up()


async def _lane_of(
    call: Call, attempt: Attempt, model_type: ModelType, bones: bytes, fields: Fields
) -> tuple[Lane, Sent] | None:
    """Return the attempt's lane and what is sent over it, once what the call may spend is held."""
    if attempt.refusal is not None:
        raise attempt.refusal
    name, using = attempt.name, attempt.using
    lane = await call.bay.way(using).lanes.find(name, model_type, call.route.surface, using)
    sent = lane.to_sent(bones, fields, call.exchange.headers) if lane else None
    if lane is None or sent is None:
        return None
    call.priced(lane.pricing)
    call.record.stream = sent.stream
    await call.hold(name, using, lane.schema, lambda: _counts(lane, fields))
    call.is_asking = True
    return lane, sent


class _Passing:
    """One attempt of a call in the fast lane."""

    __slots__ = (
        "_answer",
        "_attempt",
        "_call",
        "_face",
        "_lane",
        "_name",
        "_raw",
        "_scanner",
        "_sent",
        "_timer",
        "_transport",
    )

    def __init__(
        self, call: Call, attempt: Attempt, lane: Lane, sent: Sent, raw: bytes, face: ChatFace | None
    ) -> None:
        self._call = call
        self._attempt = attempt
        self._name = attempt.name
        self._lane = lane
        self._transport = lane.transport.again()
        self._sent = sent
        self._raw = raw
        self._face = face
        self._answer: Relayed | None = None
        self._scanner: Scanner | None = None
        self._timer: asyncio.Timeout | None = None

    async def serve_in_time(self) -> None:
        """Serve; where the route gives the attempt a time, it has to begin to answer within it."""
        seconds = self._attempt.step.timeout
        if seconds is None:
            await self._serve()
            return
        try:
            async with asyncio.timeout(seconds) as self._timer:
                await self._serve()
        except TimeoutError:
            raise too_slow(self._attempt, seconds) from None

    async def _serve(self) -> None:
        """Send the request on and pass the answer back."""
        call, lane, sent = self._call, self._lane, self._sent
        call_deadline.set(call.deadline)  # for this task, which serves nothing else
        upstream_limits.set(call.limits_told)
        call.interrupted = self._used_so_far
        headers = {**lane.headers, **sent.headers} if sent.headers else lane.headers
        request = Request(
            "POST",
            lane.url,
            headers,
            content=sent.content,
            idempotent=not _is_chat(call),
            to_error=lane.to_error,
        )
        try:
            answer = self._answer = await self._transport.relay(request, streamed=sent.stream)
            try:
                if sent.stream:
                    await self._stream(answer)
                else:
                    await self._whole(answer)
            finally:
                answer.close()
        except InvokeError as error:
            quiet = self._answer.quiet(error) if self._answer else error
            raise quiet.located(*self._name) from None

    async def _whole(self, answer: Relayed) -> None:
        body, used = self._lane.relay.read_answer(await answer.whole(), self._sent, self._stamp())
        if used is None:
            used = await estimate(self._face, self._raw, body, self._name.model)
        self._use(used)
        self._answers()
        await self._call.answer(body)

    async def _stream(self, answer: Relayed) -> None:
        call = self._call
        if answer.headers.get("content-type", "").startswith(_DOCUMENTS):
            self._lane.relay.read_answer(
                await answer.whole(), self._sent, self._stamp()
            )  # it may be an error, in the provider's words
            raise InvokeConnectionError(
                "the provider answered with one document where a stream was asked for", retryable=False
            )
        scanner = self._scanner = self._lane.relay.scanner(self._sent, answer.redacted, self._stamp())
        call.exchange.on_flow(answer.pause, answer.resume)
        try:
            await answer.flow(self._giver(scanner))
            if scanner.error is not None and not call.exchange.begun:
                raise scanner.error
            ending = scanner.ending()
            if not call.exchange.begun:
                self._answers()
                call.exchange.begin(200, call.head(EVENTS))
            if scanner.error is None:
                self._use(scanner.usage() or await self._estimated())
                await call.settle(200)
        except InvokeError as error:
            if not call.exchange.begun:
                raise
            await self._break_off(error.located(*self._name))
            return
        if scanner.error is None:
            call.exchange.end(ending)
        else:
            await self._break_off(scanner.error, ending)

    def _giver(self, scanner: Scanner) -> Callable[[bytes], None]:
        """Return what passes a piece on in the moment that it arrives: the gateway's hottest few lines."""
        call, feed = self._call, scanner.feed
        send = call.exchange.send

        def give(data: bytes) -> None:
            passing = feed(data)
            if not passing:
                return
            if not call.exchange.begun:
                if scanner.error is not None and scanner.pieces() <= 1:
                    return  # nothing of an answer was sent: another attempt may give one
                self._answers()
                call.first_token()
                call.exchange.begin(200, call.head(EVENTS))
            send(passing)

        return give

    def _answers(self) -> None:
        """Note that the attempt answers: it is the call's last, and takes as long as the call may."""
        self._call.answering()
        if self._timer is not None:
            self._timer.reschedule(None)

    async def _break_off(self, error: ModelbayError, ending: bytes | None = None) -> None:
        call = self._call
        if ending is None:
            ending = self._lane.relay.failure(orjson.dumps(call.route.errors.from_error(error, call.id)))
        await call.break_off(error, ending)

    def _stamp(self) -> Stamp:
        return Stamp(self._call.id, int(self._call.record.at))

    def _use(self, usage: LLMUsage | EmbeddingUsage) -> None:
        self._transport.spent(usage.total_tokens)
        self._call.used(usage)

    async def _used_so_far(self) -> LLMUsage | EmbeddingUsage | None:
        usage = self._scanner.usage() if self._scanner else None
        return usage or await self._estimated()

    async def _estimated(self) -> LLMUsage:
        pieces = self._scanner.pieces() if self._scanner else 0
        return await estimate(self._face, self._raw, pieces, self._name.model)


def _counts(lane: Lane, fields: Fields) -> dict[str, object]:
    """Return the fields that may say how long an answer becomes, by the names of the model's rules."""
    found = {name: fields[name] for name in fields if name.startswith("max_") or name in ("n", "best_of")}
    return {lane.rules[name].name if name in lane.rules else name: value_of(found[name]) for name in found}


def _is_chat(call: Call) -> bool:
    return call.record.model_type == ModelType.LLM.value
