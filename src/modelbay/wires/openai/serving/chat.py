"""`POST /v1/chat/completions`, as its clients speak it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.entities import LLMResult
from modelbay.wires.asked import Fields
from modelbay.wires.openai.serving.chat_answer import result_body
from modelbay.wires.openai.serving.chat_messages import to_messages
from modelbay.wires.openai.serving.chat_parameters import (
    NEUTRAL,
    read_chat_parameters,
    read_rest,
    read_stop,
    read_stream,
)
from modelbay.wires.openai.serving.chat_stream import ChatWriter
from modelbay.wires.openai.serving.chat_tools import read_tools
from modelbay.wires.serving import ChatAsk, Wishes


class ChatCompletionsFace:
    """Speaks of conversations.

    `options` of what is asked: `include_usage` of a stream, `functions` if the client knows only the legacy
    function calls, and `created` (seconds since 1970), which whoever answers puts there.
    """

    dialect = "openai.chat"

    def from_request(self, body: Mapping[str, Any]) -> ChatAsk:
        """Return what is asked; InvokeBadRequestError, naming the field, for what cannot be read."""
        fields = Fields(body)
        wishes = Wishes(dialect=self.dialect, neutral=NEUTRAL)
        model, messages = fields.required_text("model"), to_messages(fields.take("messages"))
        legacy = bool(body.get("functions"))
        tools = read_tools(wishes, fields)
        read_chat_parameters(wishes, fields)
        stop, user = read_stop(fields), fields.text("user")
        stream, options = read_stream(wishes, fields)
        read_rest(wishes, fields)
        return ChatAsk(
            model=model,
            messages=messages,
            wishes=wishes,
            tools=tools,
            stop=stop,
            stream=stream,
            user=user,
            options=options | {"functions": True} if legacy else options,
        )

    def from_result(self, ask: ChatAsk, result: LLMResult, answer_id: str) -> dict[str, Any]:
        """Return the body of a whole answer."""
        return result_body(ask, result, answer_id)

    def from_chunks(self, ask: ChatAsk, answer_id: str) -> ChatWriter:
        """Return a writer for one streamed answer."""
        return ChatWriter(ask, answer_id)


CHAT = ChatCompletionsFace()
