"""The legacy completions API: one text to continue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.entities import LLMResult, PromptMessage, TextPromptMessageContent
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.extras import checked_extras
from modelbay.wires.family import ChatCall, Endpoint, Framing
from modelbay.wires.json_text import answer_object
from modelbay.wires.openai.chat import whole, write_stream
from modelbay.wires.openai.parameters import merge, wanted, write_parameters, write_user
from modelbay.wires.openai.posting import post
from modelbay.wires.openai.shapes import list_of
from modelbay.wires.openai.stream import ChatReader
from modelbay.wires.request import Request

_NO_PLACE_FOR = ("tool_choice", "json_schema")


class Completions:
    """`POST /completions`."""

    name = "openai.completions"
    framing: Framing = "sse"

    def to_request(self, call: ChatCall, endpoint: Endpoint) -> Request:
        """Return the request; tools, files and JSON schemas have no place in it and are refused."""
        if call.tools:
            raise InvokeBadRequestError("tools: a completion model does not take tools")
        found = wanted(call, refuse=_NO_PLACE_FOR)
        if found.get("response_format", "text") != "text":
            raise InvokeBadRequestError("response_format: a completion model answers with text only")
        body: dict[str, Any] = {"model": call.model, "prompt": to_prompt(call)}
        tops = found.pop("top_logprobs", None)
        if found.pop("logprobs", None):  # here a number: how many of the likeliest tokens to tell
            body["logprobs"] = 1 if tops is None else tops
        write_parameters(
            body, call, found, {"max_tokens": call.options.get("max_tokens_field", "max_tokens")}
        )
        write_user(body, call.user, call.options)
        write_stream(body, call)
        merge(body, checked_extras(call.extras, "prompt", "stream"))
        return post(endpoint, "completions", body, call.options)

    def to_result(self, call: ChatCall, body: Any) -> LLMResult:
        """Return the whole answer."""
        return whole(_TextReader(call), answer_object(body))

    def to_chunks(self, call: ChatCall) -> ChatReader:
        """Return a reader for one streamed answer."""
        return _TextReader(call)


def to_prompt(call: ChatCall) -> str:
    """Return the texts of the messages, in order, with an empty line between them."""
    texts = [_text(message, f"messages[{place}]") for place, message in enumerate(call.messages)]
    return "\n\n".join(text for text in texts if text)


def _text(message: PromptMessage, where: str) -> str:
    parts = message.content if isinstance(message.content, list) else []
    for number, part in enumerate(parts):
        if not isinstance(part, TextPromptMessageContent):
            raise InvokeBadRequestError(
                f"{where}.content[{number}]: a completion model does not take {part.type.value} input"
            )
    return message.get_text_content()


class _TextReader(ChatReader):
    """Reads choices that hold `text` in place of a message."""

    def take(self, body: Mapping[str, Any]) -> list[Any]:
        """Return what a chunk, or a whole answer, adds."""
        first = next(iter(list_of(body.get("choices"))), None)
        if isinstance(first, dict) and "text" in first:
            body = {**body, "choices": [{**first, "delta": {"content": first["text"]}}]}
        return super().take(body)
