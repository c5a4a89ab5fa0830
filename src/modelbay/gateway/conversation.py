"""Answering conversations, whichever dialect the client speaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any

from modelbay.entities import LLMResult, LLMResultChunk, ModelType, PromptMessageTool
from modelbay.errors import InvokeBadRequestError, ModelbayError
from modelbay.gateway.attempts import first_answer
from modelbay.gateway.call import EVENTS, Call
from modelbay.runtime.deadlines import too_late
from modelbay.runtime.opened import Opened
from modelbay.wires.request import call_deadline
from modelbay.wires.serving import ChatAsk, ChatFace, ChunkWriter

Told = Callable[[dict[str, Any]], Awaitable[None]]
"""Told the whole answer before the client is: for who keeps answers."""


def tools_for(call: Call, opened: Opened, ask: ChatAsk) -> list[PromptMessageTool]:
    """Return the tools that a model can be given.

    Tools that the client's own provider runs (a web search, …) mean nothing to another one: a model would
    call them, and nobody would answer.

    Raises:
        InvokeBadRequestError: There are some, and they may not be dropped.
    """
    own: Mapping[str, str] = ask.options.get("own_tools") or {}
    if not own or opened.same_dialect:
        return ask.tools
    if not call.drop:
        place, kind = next(iter(own.items()))
        raise InvokeBadRequestError(
            f"{place}: {kind!r} is a tool that only the provider of this API can run; leave it out, or send "
            "the header 'modelbay-drop: params' to have it dropped"
        )
    opened.dropped.extend(place for place in own if place not in opened.dropped)
    return [tool for place, tool in enumerate(ask.tools) if f"tools[{place}]" not in own]


async def converse(call: Call, face: ChatFace, ask: ChatAsk, *, told: Told | None = None) -> None:
    """Answer what is asked, whole or streamed."""
    call.asks(ask.model, ModelType.LLM, stream=ask.stream)
    ask.options["created"] = int(call.record.at)
    if ask.stream:
        await _stream(call, face, ask, told)
    else:
        await _whole(call, face, ask, told)


async def _whole(call: Call, face: ChatFace, ask: ChatAsk, told: Told | None) -> None:
    async def begin(opened: Opened) -> LLMResult:
        call.interrupted = opened.used_so_far
        tools = tools_for(call, opened, ask)
        return await opened.invoke(
            ask.messages, tools=tools, stop=ask.stop, user=ask.user, timeout=call.timeout()
        )

    _, result = await first_answer(call, ask.model, ModelType.LLM, ask.wishes, begin, ask.places)
    call.used(result.usage)
    body = face.from_result(ask, result, call.id)
    if told:
        await told(body)
    await call.answer(body)


async def _stream(call: Call, face: ChatFace, ask: ChatAsk, told: Told | None) -> None:
    """Answer in pieces. One timer bounds the whole: one for each piece would cost more than the piece."""
    call_deadline.set(call.deadline)  # for this task, which serves nothing else
    writer = face.from_chunks(ask, call.id)
    try:
        async with asyncio.timeout(call.timeout()):
            await _answer_in_pieces(call, writer, ask, told)
    except TimeoutError:
        record = call.record
        error = too_late(call.deadline - call.exchange.started, (record.provider, record.model))
        if not call.exchange.begun:
            raise error from None
        await call.break_off(error, writer.fail(error))


async def _answer_in_pieces(call: Call, writer: ChunkWriter, ask: ChatAsk, told: Told | None) -> None:
    async def begin(opened: Opened) -> tuple[LLMResultChunk, AsyncIterator[LLMResultChunk]]:
        call.interrupted = opened.used_so_far
        tools = tools_for(call, opened, ask)
        chunks = opened.stream(ask.messages, tools=tools, stop=ask.stop, user=ask.user)
        try:
            return await anext(chunks), chunks
        except BaseException:
            await chunks.aclose()  # type: ignore[attr-defined]
            raise

    _, (first, rest) = await first_answer(call, ask.model, ModelType.LLM, ask.wishes, begin, ask.places)
    call.first_token()
    async with aclosing(rest):  # type: ignore[type-var]
        call.exchange.begin(200, call.head(EVENTS))
        try:
            await _pass_on(call, writer, first, rest, told)
        except ModelbayError as error:
            await call.break_off(error, writer.fail(error))


async def _pass_on(
    call: Call,
    writer: ChunkWriter,
    chunk: LLMResultChunk,
    rest: AsyncIterator[LLMResultChunk],
    told: Told | None,
) -> None:
    """Pass the chunks on as they come; the last one only when the call is written down."""
    send, write = call.exchange.send, writer.write
    while chunk.delta.usage is None:
        data = write(chunk)
        if data and send(data):
            await call.caught_up()
        chunk = await anext(rest)
    call.used(chunk.delta.usage)
    data = write(chunk) + writer.close()
    if told:
        await told(writer.response)  # type: ignore[attr-defined]
    await call.settle(200)
    call.exchange.end(data)
