"""Predictions under way: asked for until they have ended, cancelled when nobody waits for them any more."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any

import orjson

from modelbay.entities import LLMResultChunk
from modelbay.errors import InvokeError
from modelbay.sdk.remembered import Remembered, facts_of
from modelbay.wires.answers import not_expected
from modelbay.wires.family import Endpoint
from modelbay.wires.replicate.chat import OutputReader
from modelbay.wires.replicate.prediction import (
    Prediction,
    prediction_of,
    to_cancelling,
    to_model_request,
    to_question,
    to_streaming,
)
from modelbay.wires.replicate.schema import Inputs, inputs_of
from modelbay.wires.request import Request, Timeouts
from modelbay.wires.transport import Transport

_FIRST_PAUSE = 0.1  # seconds; each further pause is twice as long, up to `poll_seconds`
_LONGEST_PAUSE = 0.5
_FAREWELL = Timeouts(connect=3.0, first_byte=5.0, idle=5.0, total=5.0)
_PATIENCE = 1.0  # seconds that whoever leaves waits for the farewell to be said
_FAREWELLS: set[asyncio.Task[None]] = set()


async def ask_inputs(
    model: str, options: Mapping[str, Any], endpoint: Endpoint, transport: Transport
) -> Inputs:
    """Ask what a model takes, and remember it for an hour."""
    version = str(options.get("version") or "")
    body = await transport.json(to_model_request(model, version, endpoint))
    return _known(transport).put(_key(model, version, endpoint), inputs_of(body))


async def inputs_for(
    model: str, options: Mapping[str, Any], endpoint: Endpoint, transport: Transport
) -> Inputs:
    """Return what a model takes, as it is remembered or asked for."""
    key = _key(model, str(options.get("version") or ""), endpoint)
    return await _known(transport).get(key, lambda: ask_inputs(model, options, endpoint, transport))


def _known(transport: Transport) -> Remembered[Inputs]:
    return facts_of(transport, "replicate.inputs")


def _key(model: str, version: str, endpoint: Endpoint) -> tuple[object, ...]:
    return model, version, endpoint.base_url, hash(frozenset(endpoint.headers.items()))


class Run:
    """One prediction under way."""

    def __init__(
        self, prediction: Prediction, endpoint: Endpoint, transport: Transport, longest_pause: float
    ) -> None:
        self.prediction = prediction
        self._endpoint = endpoint
        self._transport = transport
        self._longest = longest_pause
        self._pause = min(_FIRST_PAUSE, longest_pause)

    async def poll(self) -> Prediction:
        """Ask, after a pause, how the prediction stands."""
        await asyncio.sleep(self._pause)
        self._pause = min(self._pause * 2, self._longest)
        return await self._ask()

    async def finished(self) -> Prediction:
        """Wait for the end; InvokeServerUnavailableError if it is a failure."""
        while not self.prediction.ended:
            await self.poll()
        if (failure := self.prediction.failure()) is not None:
            raise failure
        return self.prediction

    async def chunks(self, reader: OutputReader) -> AsyncGenerator[LLMResultChunk, None]:
        """Yield the output as it comes: by its stream if there is one, else as it is asked for."""
        if self.prediction.stream_url and not self.prediction.ended:
            async with aclosing(self._streamed(reader)) as streamed:
                async for chunk in streamed:
                    yield chunk
            await self._ask()  # usage and failure are told here only
        else:
            while not self.prediction.ended:
                await self.poll()
                for chunk in reader.grown_to(self.prediction.text):
                    yield chunk
            for chunk in reader.grown_to(self.prediction.text):
                yield chunk
        for chunk in reader.ended(await self.finished()):
            yield chunk

    async def _streamed(self, reader: OutputReader) -> AsyncGenerator[LLMResultChunk, None]:
        request = to_streaming(self.prediction, self._endpoint)
        async with aclosing(self._transport.events(request)) as events:
            async for event in events:
                for chunk in reader.read(event):
                    yield chunk
                if reader.done:
                    break
        for chunk in reader.close():
            yield chunk

    async def _ask(self) -> Prediction:
        self.prediction = await _sent(to_question(self.prediction, self._endpoint), self._transport)
        return self.prediction

    async def cancel(self) -> None:
        """Cancel the prediction; nobody waits long for that, and a failure of it changes nothing."""
        request = replace(to_cancelling(self.prediction, self._endpoint), timeouts=_FAREWELL)
        task = asyncio.create_task(_say(request, self._transport))
        _FAREWELLS.add(task)
        task.add_done_callback(_FAREWELLS.discard)
        await asyncio.wait({task}, timeout=_PATIENCE)


@asynccontextmanager
async def running(
    creation: Request, endpoint: Endpoint, transport: Transport, options: Mapping[str, Any]
) -> AsyncIterator[Run]:
    """Create a prediction; leaving the block before it has ended cancels it."""
    pause = float(options.get("poll_seconds") or _LONGEST_PAUSE)
    run = Run(await _sent(creation, transport), endpoint, transport, pause)
    try:
        yield run
    finally:
        if not run.prediction.ended:
            await run.cancel()


async def finished_body(
    creation: Request, endpoint: Endpoint, transport: Transport, options: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the prediction, as the provider writes it, once it has succeeded."""
    async with running(creation, endpoint, transport, options) as run:
        done = await run.finished()
        return {"id": done.id, "status": done.status, "output": done.output, "metrics": done.metrics}


async def _sent(request: Request, transport: Transport) -> Prediction:
    """Read a prediction; one that failed holds its `error` like an answer that is one, and is none."""
    reply = await transport.send(request)
    try:
        body = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        raise not_expected(reply, "JSON") from None
    return prediction_of(body)


async def _say(request: Request, transport: Transport) -> None:
    with contextlib.suppress(InvokeError, RuntimeError):  # a closed transport has no farewells
        await transport.send(request)
