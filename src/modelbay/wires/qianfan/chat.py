"""Conversations at `/chat/<model>`."""

from __future__ import annotations

from typing import Any

from modelbay.entities import (
    AssistantPromptMessage,
    LLMResult,
    PromptMessage,
    PromptMessageRole,
    ToolPromptMessage,
    fold,
)
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.family import ChatCall, Endpoint, Framing
from modelbay.wires.json_text import answer_object
from modelbay.wires.openai.tools import arguments_of, checked_choice, function_of
from modelbay.wires.paths import in_segment
from modelbay.wires.qianfan.stream import AnswerReader
from modelbay.wires.request import Request

_SYSTEM = (PromptMessageRole.SYSTEM, PromptMessageRole.DEVELOPER)
_NAMES = {"max_tokens": "max_output_tokens"}
_PASSED = ("temperature", "top_p", "penalty_score", "max_tokens", "disable_search", "enable_citation")


class QianfanChat:
    """Speaks of conversations as the first version of Qianfan does."""

    name = "qianfan.chat"
    framing: Framing = "sse"

    def to_request(self, call: ChatCall, endpoint: Endpoint) -> Request:
        """Return the request; InvokeBadRequestError, naming it, for what the API cannot do."""
        asked = {name: call.parameters[name] for name in _PASSED if call.parameters.get(name) is not None}
        optional: dict[str, Any] = {
            "system": "\n\n".join(message.text for message in call.messages if message.role in _SYSTEM),
            "functions": _functions(call),
            "stop": list(call.stop),
            "user_id": call.user,
            "response_format": _format(call),
        }
        body: dict[str, Any] = {"messages": _messages(call), "stream": call.stream}
        body |= {_NAMES.get(name, name): value for name, value in asked.items()}
        body |= {name: value for name, value in optional.items() if value}
        return endpoint.request(
            "POST", endpoint.url(f"chat/{in_segment(str(call.options.get('v1') or call.model))}"), json=body
        )

    def to_result(self, call: ChatCall, body: Any) -> LLMResult:
        """Return the whole answer, which has the form of a stream's only event."""
        reader = AnswerReader(call)
        return fold([*reader.take(answer_object(body)), *reader.end()])

    def to_chunks(self, call: ChatCall) -> AnswerReader:
        """Return a reader for one streamed answer."""
        return AnswerReader(call)


def _functions(call: ChatCall) -> list[dict[str, Any]]:
    choice = checked_choice(call, call.parameters)
    if choice not in (None, "auto", "none"):
        raise InvokeBadRequestError(
            f"tool_choice: {choice!r} was asked for, but this API leaves it to the model"
        )
    if call.tools and call.options.get("v1_functions") is False:
        raise InvokeBadRequestError("tools: this model takes none in the first version of the API")
    return [function_of(tool) for tool in call.tools] if choice != "none" else []


def _format(call: ChatCall) -> str | None:
    wish = call.parameters.get("response_format")
    if wish == "json_schema":
        raise InvokeBadRequestError("response_format: this API has no 'json_schema'; give 'json_object'")
    return str(wish) if wish else None


def _messages(call: ChatCall) -> list[dict[str, Any]]:
    """Return the turns; the API wants user and assistant to alternate, so neighbours are joined."""
    turns: list[dict[str, Any]] = []
    names: dict[str, str] = {}
    for place, message in enumerate(call.messages):
        if message.role in _SYSTEM:
            continue
        turn = _turn(message, f"messages[{place}]", names)
        last = turns[-1] if turns else None
        if last and last["role"] == turn["role"] and set(last) == set(turn) == {"role", "content"}:
            last["content"] = f"{last['content']}\n\n{turn['content']}"
        else:
            turns.append(turn)
    return turns


def _turn(message: PromptMessage, place: str, names: dict[str, str]) -> dict[str, Any]:
    if isinstance(message.content, list) and any(part.type != "text" for part in message.content):
        raise InvokeBadRequestError(f"{place}: the first version of the API takes text only")
    if isinstance(message, ToolPromptMessage):
        name = names.get(message.tool_call_id) or message.name or message.tool_call_id
        return {"role": "function", "name": name, "content": message.text}
    turn: dict[str, Any] = {"role": message.role.value, "content": message.text}
    calls = message.tool_calls if isinstance(message, AssistantPromptMessage) else []
    if len(calls) > 1:
        raise InvokeBadRequestError(f"{place}.tool_calls: this API cannot be told of {len(calls)} tool calls")
    for called in calls:
        names[called.id] = called.function.name
        turn["function_call"] = {"name": called.function.name, "arguments": arguments_of(called)}
    return turn
