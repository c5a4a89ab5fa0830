"""Chats as DashScope writes them: every event has the form of a whole answer, and counts its tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from modelbay.sdk.testing import Answer, Reply, ToolCall, json_answer
from modelbay.sdk.testing.http import SSE

from .conversation import Asked, text_of, words_in
from .dashscope_rules import held, said
from .described import Body

Message = dict[str, Any]


def asked(body: Body) -> Asked:
    """Read what a request asks for."""
    parameters, messages = said(body), held(body)["messages"]
    last, choice = messages[-1], parameters.get("tool_choice", "auto")
    text = text_of(last["content"])
    form = parameters.get("response_format") or {}
    tools = parameters.get("tools") or () if choice != "none" else ()
    functions = [tool["function"] for tool in tools]
    return Asked(
        text=text,
        tools={function["name"]: function.get("parameters") for function in functions},
        forced=choice["function"]["name"] if isinstance(choice, dict) else None,
        tool_result=text if last["role"] == "tool" else None,
        schema=(form.get("json_schema") or {}).get("schema") if form.get("type") != "json_object" else {},
        reasoning=bool(parameters.get("enable_thinking")),
        limit=parameters.get("max_tokens"),
        stop=parameters.get("stop") or (),
    )


def answer(body: Body, reply: Reply, name: str, *, stream: bool, lists: bool) -> Answer:
    """Write a reply whole or as events, which repeat what was said unless increments are asked for."""
    if not stream:
        message = _message(reply.text, reply.thought, [_call(call) for call in reply.tool_calls], lists)
        return json_answer(_body(body, reply, name, message, _reason(reply)))
    written = _increments(reply, lists) if said(body).get("incremental_output") else _repeated(reply, lists)
    return Answer(content_type=SSE, events=_events(body, reply, name, written))


def event(number: int, value: object, kind: str = "result", status: int = 200) -> bytes:
    """Write one event, with the status as a comment."""
    return b"id:%d\nevent:%b\n:HTTP_STATUS/%d\ndata:%b\n\n" % (
        number,
        kind.encode(),
        status,
        orjson.dumps(value),
    )


def _events(body: Body, reply: Reply, name: str, messages: Iterator[Message]) -> Iterator[bytes]:
    last: Message = {}
    number = 0
    for number, message in enumerate(messages, 1):
        last = message
        yield event(number, _body(body, reply, name, message, "null"))
    if "end" not in reply.without:
        ending = last if not said(body).get("incremental_output") else _message("", "", [], False)
        ending = ending or _message("", "", [], False)
        yield event(number + 1, _body(body, reply, name, ending, _reason(reply)))


def _increments(reply: Reply, lists: bool) -> Iterator[Message]:
    for piece in reply.reasoning:
        yield _message("", piece, [], lists)
    for piece in reply.pieces:
        yield _message(piece, "", [], lists)
    for place, call in enumerate(reply.tool_calls):
        begin = {"index": place, "id": call.id, "type": "function"}
        yield _message("", "", [begin | {"function": {"name": call.name, "arguments": ""}}], lists)
        for piece in call.fragments:
            more = {"index": place, "id": "", "type": "function", "function": {"arguments": piece}}
            yield _message("", "", [more], lists)


def _repeated(reply: Reply, lists: bool) -> Iterator[Message]:
    thought = text = ""
    for piece in reply.reasoning:
        thought += piece
        yield _message("", thought, [], lists)
    for piece in reply.pieces:
        text += piece
        yield _message(text, thought, [], lists)
    if reply.tool_calls:
        yield _message(text, thought, [_call(call) for call in reply.tool_calls], lists)


def _message(text: str, thought: str, calls: list[Message], lists: bool) -> Message:
    content: Any = ([{"text": text}] if text else []) if lists else text
    message: Message = {"role": "assistant", "content": content}
    message |= {"reasoning_content": thought} if thought else {}
    return message | ({"tool_calls": calls} if calls else {})


def _call(call: ToolCall) -> Message:
    function = {"name": call.name, "arguments": call.arguments}
    return {"index": 0, "id": call.id, "type": "function", "function": function}


def _body(body: Body, reply: Reply, name: str, message: Message, reason: str) -> Message:
    output = {"choices": [{"finish_reason": reason, "message": message}]}
    usage = {} if "usage" in reply.without else {"usage": _usage(body, reply)}
    return {"request_id": name, "output": output} | usage


def _reason(reply: Reply) -> str:
    return reply.finish_reason or ("tool_calls" if reply.tool_calls else "stop")


def _usage(body: Body, reply: Reply) -> Message:
    tokens = reply.tokens(words_in(held(body)))
    return {
        "input_tokens": tokens["in"],
        "output_tokens": tokens["out"],
        "total_tokens": tokens["in"] + tokens["out"],
        "output_tokens_details": {"reasoning_tokens": tokens["reasoning"]},
        "prompt_tokens_details": {"cached_tokens": tokens["cached"]},
    } | reply.own_usage()
