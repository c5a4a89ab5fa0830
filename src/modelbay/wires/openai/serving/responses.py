"""The responses API, as a client of ours speaks it.

Written against OpenAI's OpenAPI document of 2026-08-21. The gateway keeps responses, upstreams need not: it
fulfils `store`, `previous_response_id` and `metadata` itself (`resolve_history` puts what came before into
the input), and what an upstream must get back with the next turn is carried by the items.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.entities import LLMResult
from modelbay.wires.asked import Fields, wrong
from modelbay.wires.openai.serving.responses_answer import result_body
from modelbay.wires.openai.serving.responses_input import to_messages
from modelbay.wires.openai.serving.responses_items import (
    deleted_body,
    history_of,
    input_items_body,
    referenced_responses,
    resolve_history,
)
from modelbay.wires.openai.serving.responses_settings import DIALECT, echo_of, read_rest, read_settings
from modelbay.wires.openai.serving.responses_tools import read_tools
from modelbay.wires.openai.serving.responses_writer import ResponseWriter
from modelbay.wires.serving import ChatAsk, ChatFace, Wishes

__all__ = [
    "RESPONSES",
    "ResponseWriter",
    "ResponsesFace",
    "deleted_body",
    "history_of",
    "input_items_body",
    "referenced_responses",
    "resolve_history",
]


class ResponsesFace:
    """`POST /v1/responses`."""

    dialect = DIALECT

    def from_request(self, body: Mapping[str, Any]) -> ChatAsk:
        """Return what is asked; `options["store"]` says whether the answer is to be kept."""
        fields = Fields(body)
        model = fields.required_text("model")
        wishes = read_settings(fields)
        messages, places = to_messages(fields.text("instructions"), _input(fields))
        ask = ChatAsk(
            model=model,
            messages=messages,
            places=places,
            wishes=wishes,
            tools=read_tools(wishes, fields),
            stop=_stop(fields),
            stream=bool(fields.flag("stream")),
            user=_user(fields, wishes),
        )
        read_rest(wishes, fields)
        ask.options = {"echo": echo_of(body), "store": body.get("store") is not False}
        return ask

    def from_result(self, ask: ChatAsk, result: LLMResult, answer_id: str) -> dict[str, Any]:
        """Return the response object of a whole answer."""
        return result_body(ask, result, answer_id)

    def from_chunks(self, ask: ChatAsk, answer_id: str) -> ResponseWriter:
        """Return a writer for one streamed answer."""
        return ResponseWriter(ask, answer_id)


RESPONSES = ResponsesFace()
_: ChatFace = RESPONSES


def _input(fields: Fields) -> Any:
    value = fields.take("input")
    if value is None:
        raise wrong("input", "is required: give a text or a list of items")
    return value


def _stop(fields: Fields) -> list[str]:
    """Return the stop sequences: the API has none, but they may be said as in other dialects."""
    value = fields.take("stop")
    if isinstance(value, str):
        return [value]
    return Fields({"stop": value}).texts("stop") or []


def _user(fields: Fields, wishes: Wishes) -> str | None:
    """Return who asks; where two fields tell, the older one goes to an upstream of this dialect only."""
    newer, older = fields.text("safety_identifier"), fields.text("user")
    if newer and older:
        wishes.extras["user"] = older
    return newer or older
