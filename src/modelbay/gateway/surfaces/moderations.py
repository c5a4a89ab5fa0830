"""Judging texts, as OpenAI clients ask for it."""

from __future__ import annotations

from modelbay.entities import ModelType, ModerationResult
from modelbay.gateway.attempts import first_answer
from modelbay.gateway.call import Call
from modelbay.runtime.opened import Opened
from modelbay.sdk.calls import each
from modelbay.sdk.prices import summed
from modelbay.wires.openai.serving.moderations import MODERATIONS

_AT_ONCE = 8


async def moderations(call: Call, rest: str) -> None:
    """Serve `POST /v1/moderations`."""
    ask = MODERATIONS.from_request(await call.json())
    call.asks(ask.model, ModelType.MODERATION)
    call.size = call.size._replace(items=len(ask.texts))

    async def begin(opened: Opened) -> list[ModerationResult]:
        async def judge(text: str) -> ModerationResult:
            engine, kind = call.bay.way(call.using).engine, ModelType.MODERATION
            one = await engine.open(
                opened.name, kind, ask.wishes, credentials=call.using.credentials, drop=call.drop
            )
            return await one.moderate(text, timeout=call.timeout())

        return await each(ask.texts, judge, at_once=_AT_ONCE)

    _, results = await first_answer(call, ask.model, ModelType.MODERATION, ask.wishes, begin)
    usages = [result.usage for result in results if result.usage is not None]
    call.used(summed(usages) if usages else None)
    await call.answer(MODERATIONS.from_results(ask, results, call.id))
