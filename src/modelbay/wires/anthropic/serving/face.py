"""`POST /v1/messages` and `/v1/messages/count_tokens`, as clients of Anthropic speak them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.entities import LLMResult
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.anthropic.body import BETAS
from modelbay.wires.anthropic.serving.answer import from_result
from modelbay.wires.anthropic.serving.conversation import to_messages
from modelbay.wires.anthropic.serving.errors import NO_THREADS
from modelbay.wires.anthropic.serving.stream import MessageWriter
from modelbay.wires.anthropic.serving.wishes import DIALECT, NEUTRAL, to_tools, to_wishes
from modelbay.wires.asked import Fields, wrong
from modelbay.wires.serving import ChatAsk


class MessagesFace:
    """Speaks of conversations in content blocks."""

    dialect = DIALECT
    neutral: Mapping[str, Any] = NEUTRAL

    def from_request(self, body: Mapping[str, Any]) -> ChatAsk:
        """Return what is asked; InvokeBadRequestError, naming the field, for what cannot be read."""
        fields = Fields(body)
        limit = fields.whole("max_tokens", 0)
        if limit is None:
            raise wrong("max_tokens", "Field required")
        ask = _ask(fields)
        ask.wishes.parameters["max_tokens"] = limit
        return ask

    def from_result(self, ask: ChatAsk, result: LLMResult, answer_id: str) -> dict[str, Any]:
        """Return the body of a whole answer."""
        return from_result(ask, result, answer_id)

    def from_chunks(self, ask: ChatAsk, answer_id: str) -> MessageWriter:
        """Return a writer for one streamed answer."""
        return MessageWriter(ask, answer_id)


MESSAGES = MessagesFace()


def read_count(body: Mapping[str, Any]) -> ChatAsk:
    """Return a request whose input is to be counted; it needs no limit for an answer."""
    return _ask(Fields(body))


def count_body(tokens: int) -> dict[str, Any]:
    """Return the body that tells how many tokens an input has."""
    return {"input_tokens": tokens}


def with_betas(ask: ChatAsk, header: str) -> ChatAsk:
    """Return the ask with the client's `anthropic-beta`: for an upstream that speaks this API, or nobody."""
    names = [name.strip() for name in header.split(",") if name.strip()]
    if names:
        ask.wishes.extras[BETAS] = names
        ask.wishes.neutral = {**ask.wishes.neutral, BETAS: names}
    return ask


def _ask(fields: Fields) -> ChatAsk:
    if fields.take("thread"):  # beta: a conversation that the provider keeps, under one key of one model
        raise InvokeBadRequestError("thread: is not kept here: send all messages", code=NO_THREADS)
    model = fields.required_text("model")
    said = to_messages(fields)
    tools, own = to_tools(fields)
    stop = fields.texts("stop_sequences") or []
    stream = bool(fields.flag("stream"))
    wishes, user = to_wishes(fields)
    return ChatAsk(
        model=model,
        messages=[message for message, _ in said],
        places=[place for _, place in said],
        wishes=wishes,
        tools=tools,
        stop=stop,
        stream=stream,
        user=user,
        options={"own_tools": own} if own else {},
    )
