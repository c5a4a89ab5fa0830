"""Conversations: Anthropic's messages API, with what MiniMax does otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from modelbay.entities import LLMResult, PromptMessage, VideoPromptMessageContent
from modelbay.wires.anthropic.chat import MessagesDialect
from modelbay.wires.anthropic.state import KEY, state_of
from modelbay.wires.family import ChatCall, ChunkReader, Endpoint, Framing
from modelbay.wires.media import media_of
from modelbay.wires.request import Request

_MESSAGES = MessagesDialect()
_NOTHING_SAID = {"role": "user", "content": [{"type": "text", "text": " "}]}


class MiniMaxMessages:
    """Speaks of conversations at `/anthropic/v1/messages`. It cannot count tokens."""

    name = "minimax.messages"
    framing: Framing = "sse"
    client_side_stop = True

    def to_request(self, call: ChatCall, endpoint: Endpoint) -> Request:
        """Return the request; InvokeBadRequestError, naming it, for what the API cannot do."""
        name = str(call.options.get("model") or call.model)
        asked = replace(call, model=name, stop=(), messages=_with_films(call.messages))
        request = _MESSAGES.to_request(asked, endpoint)
        if not request.json["messages"]:
            request.json["messages"].append(_NOTHING_SAID)
        return request

    def to_result(self, call: ChatCall, body: Any) -> LLMResult:
        """Return the whole answer."""
        return _MESSAGES.to_result(call, body)

    def to_chunks(self, call: ChatCall) -> ChunkReader:
        """Return a reader for one streamed answer."""
        return _MESSAGES.to_chunks(call)


def _with_films(messages: Sequence[PromptMessage]) -> list[PromptMessage]:
    """Return the messages with the blocks that Anthropic's own API has no part for."""
    return [_with_blocks(message, f"messages[{place}]") for place, message in enumerate(messages)]


def _with_blocks(message: PromptMessage, place: str) -> PromptMessage:
    parts = message.content if isinstance(message.content, list) else []
    if not any(isinstance(part, VideoPromptMessageContent) for part in parts):
        return message
    shown = [
        _film(part, f"{place}.content[{index}]") if isinstance(part, VideoPromptMessageContent) else part
        for index, part in enumerate(parts)
    ]
    return message.model_copy(update={"content": shown})


def _film(part: VideoPromptMessageContent, place: str) -> VideoPromptMessageContent:
    media = media_of(part, place)
    source = (
        {"type": "url", "url": media.url}
        if media.url
        else {"type": "base64", "media_type": media.mime_type, "data": media.base64_data}
    )
    block = {"type": "video", "source": source, **state_of(part)}
    return part.model_copy(update={"opaque_body": {KEY: block}})
