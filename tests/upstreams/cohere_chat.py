"""Chat as Cohere's v2 writes it: blocks of content, a plan before tools, events with a type each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from modelbay.sdk.testing import Answer, Reply, ToolCall, json_answer, sse
from modelbay.sdk.testing.http import SSE

from .conversation import Asked, text_of, words_in
from .described import Body


def asked(body: Body) -> Asked:
    """Read what a request asks for."""
    last = body["messages"][-1]
    content = last.get("content")
    result = _result(content) if last["role"] == "tool" else None
    form = body.get("response_format") or {}
    functions = [tool["function"] for tool in body.get("tools") or () if body.get("tool_choice") != "NONE"]
    return Asked(
        text=text_of(content),
        tools={function["name"]: function.get("parameters") for function in functions},
        forced="" if body.get("tool_choice") == "REQUIRED" else None,
        tool_result=result,
        schema=form.get("json_schema", {}) if form.get("type") == "json_object" else None,
        reasoning=(body.get("thinking") or {}).get("type") == "enabled",
        limit=body.get("max_tokens"),
        length_word="MAX_TOKENS",
        stop=body.get("stop_sequences") or (),
    )


def answer(body: Body, reply: Reply, name: str) -> Answer:
    """Write a reply as one object or as events; text beside tool calls is the plan."""
    usage = _usage(body, reply)
    if body.get("stream"):
        return Answer(content_type=SSE, events=_stream(reply, name, usage))
    message: dict[str, Any] = {"role": "assistant"}
    blocks = [{"type": "thinking", "thinking": reply.thought}] if reply.reasoning else []
    if reply.tool_calls:
        message |= {"tool_plan": reply.text, "tool_calls": [_call(call) for call in reply.tool_calls]}
    else:
        blocks.append({"type": "text", "text": reply.text})
    if blocks:
        message["content"] = blocks
    return json_answer({"id": name, "finish_reason": _reason(reply), "message": message, "usage": usage})


def _stream(reply: Reply, name: str, usage: dict[str, Any]) -> Iterator[bytes]:
    yield _event(
        "message-start", id=name, delta={"message": {"role": "assistant", "content": [], "tool_plan": ""}}
    )
    index = 0
    if reply.reasoning:
        yield from _content(index, "thinking", reply.reasoning)
        index += 1
    if reply.tool_calls:
        yield from (_delta("tool-plan-delta", None, tool_plan=piece) for piece in reply.pieces)
    else:
        yield from _content(index, "text", reply.pieces)
    for place, call in enumerate(reply.tool_calls):
        yield from _tool_call(place, call)
    if "end" not in reply.without:
        last = {} if "usage" in reply.without else {"usage": usage}
        yield _event("message-end", id=name, delta={"finish_reason": _reason(reply)} | last)


def _content(index: int, kind: str, pieces: tuple[str, ...]) -> Iterator[bytes]:
    yield _delta("content-start", index, content={"type": kind, kind: ""})
    yield from (_delta("content-delta", index, content={kind: piece}) for piece in pieces)
    yield _event("content-end", index=index)


def _tool_call(index: int, call: ToolCall) -> Iterator[bytes]:
    function = {"name": call.name, "arguments": ""}
    yield _delta(
        "tool-call-start", index, tool_calls={"id": call.id, "type": "function", "function": function}
    )
    for piece in call.fragments:
        yield _delta("tool-call-delta", index, tool_calls={"function": {"arguments": piece}})
    yield _event("tool-call-end", index=index)


def _delta(kind: str, index: int | None, **message: Any) -> bytes:
    place = {} if index is None else {"index": index}
    return _event(kind, **place, delta={"message": message})


def _event(kind: str, **fields: Any) -> bytes:
    return sse({"type": kind, **fields}, kind)


def _call(call: ToolCall) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _reason(reply: Reply) -> str:
    return reply.finish_reason or ("TOOL_CALL" if reply.tool_calls else "COMPLETE")


def _result(content: Any) -> str:
    if isinstance(content, str):
        return content
    documents = [part["document"]["data"] for part in content if part.get("type") == "document"]
    return " ".join([text_of(content), *map(str, documents)]).strip()


def _usage(body: Body, reply: Reply) -> dict[str, Any]:
    tokens = reply.tokens(words_in(body["messages"]))
    counted = {"input_tokens": tokens["in"], "output_tokens": tokens["out"]}
    return {"billed_units": counted, "tokens": counted, "cached_tokens": tokens["cached"]} | reply.own_usage()
