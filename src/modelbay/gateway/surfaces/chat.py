"""Conversations as OpenAI and Anthropic clients hold them."""

from __future__ import annotations

from modelbay.entities import ModelType
from modelbay.errors import InvokeBadRequestError
from modelbay.gateway.attempts import first_answer
from modelbay.gateway.call import Call
from modelbay.gateway.conversation import converse
from modelbay.gateway.fast_lane import passes
from modelbay.runtime.opened import Opened
from modelbay.sdk.tokens import TokenCount
from modelbay.wires.anthropic.serving import MESSAGES, count_body, read_count, with_betas
from modelbay.wires.openai.serving import CHAT, COMPLETIONS
from modelbay.wires.serving import Wishes


async def chat_completions(call: Call, rest: str) -> None:
    """Serve `POST /v1/chat/completions`."""
    raw = await call.read()
    if not await passes(call, raw, ModelType.LLM, CHAT):
        await converse(call, CHAT, CHAT.from_request(call.decoded(raw)))


async def completions(call: Call, rest: str) -> None:
    """Serve `POST /v1/completions`."""
    await converse(call, COMPLETIONS, COMPLETIONS.from_request(await call.json()))


async def messages(call: Call, rest: str) -> None:
    """Serve `POST /v1/messages`."""
    raw = await call.read()
    if await passes(call, raw, ModelType.LLM, MESSAGES):
        return
    ask = MESSAGES.from_request(call.decoded(raw))
    with_betas(ask, call.exchange.headers.get("anthropic-beta", ""))
    await converse(call, MESSAGES, ask)


async def count_tokens(call: Call, rest: str) -> None:
    """Serve `POST /v1/messages/count_tokens`."""
    ask = read_count(await call.json())
    with_betas(ask, call.exchange.headers.get("anthropic-beta", ""))
    call.asks(ask.model, ModelType.LLM)
    call.is_free = True
    _ask_of_who_counts(ask.wishes)

    async def count(opened: Opened) -> TokenCount:
        return await opened.count_tokens(ask.messages, ask.tools)

    _, counted = await first_answer(call, ask.model, ModelType.LLM, ask.wishes, count, ask.places)
    if counted.tokens < 0:
        raise InvokeBadRequestError("the tokens of this model cannot be counted")
    await call.answer(count_body(counted.tokens))


def _ask_of_who_counts(wishes: Wishes) -> None:
    """Let an upstream of this API know what the answer would be like; to any other it makes no difference."""
    asked = {wishes.field_of(name): value for name, value in wishes.parameters.items()}
    wishes.neutral = {**wishes.neutral, **asked, **wishes.extras}
