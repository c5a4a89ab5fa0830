"""Chat and completion as Ollama writes them: one JSON object a line, the last one with the counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from modelbay.sdk.testing import Answer, Reply, ToolCall, json_answer, ndjson
from modelbay.sdk.testing.http import NDJSON

from .conversation import Asked, words_in
from .described import Body


def asked(body: Body) -> Asked:
    """Read what a chat asks for."""
    last = body["messages"][-1]
    tools = {tool["function"]["name"]: tool["function"]["parameters"] for tool in body.get("tools") or ()}
    result = last["content"] if last["role"] == "tool" else None
    return _asked(body, last["content"], tools, result)


def asked_to_generate(body: Body) -> Asked:
    """Read what a completion asks for."""
    return _asked(body, body.get("prompt", ""), {}, None)


def answer(body: Body, reply: Reply, created: str) -> Answer:
    """Write a reply as one message or as lines."""
    base = {"model": body["model"], "created_at": created}
    end = _end(body, reply, words_in(body["messages"]))
    if body.get("stream", True):
        lines = (ndjson(base | {"message": message, "done": False}) for message in _messages(reply))
        return Answer(content_type=NDJSON, events=_ended(lines, reply, base | {"message": _message()} | end))
    calls = {"tool_calls": [_call(place, call) for place, call in enumerate(reply.tool_calls)]}
    message = _message(reply.text) | _thinking(reply.thought) | (calls if reply.tool_calls else {})
    return json_answer(base | {"message": message} | end)


def generated(body: Body, reply: Reply, created: str) -> Answer:
    """Write a reply as one completion or as lines."""
    base = {"model": body["model"], "created_at": created}
    end = _end(body, reply, words_in(body.get("prompt", "")))
    if body.get("stream", True):
        pieces = [{"response": "", "thinking": piece} for piece in reply.reasoning]
        pieces += [{"response": piece} for piece in reply.pieces]
        lines = (ndjson(base | piece | {"done": False}) for piece in pieces)
        return Answer(content_type=NDJSON, events=_ended(lines, reply, base | {"response": ""} | end))
    return json_answer(base | {"response": reply.text} | _thinking(reply.thought) | end)


def _asked(body: Body, text: str, tools: dict[str, Any], result: str | None) -> Asked:
    options = body.get("options") or {}
    limit, form, stop = options.get("num_predict"), body.get("format"), options.get("stop") or []
    return Asked(
        text=text,
        tools=tools,
        tool_result=result,
        schema={"type": "object"} if form == "json" else form or None,
        reasoning=bool(body.get("think")),
        limit=limit if limit is not None and limit >= 0 else None,
        stop=[stop] if isinstance(stop, str) else stop,
    )


def _ended(lines: Iterator[bytes], reply: Reply, last: dict[str, Any]) -> Iterator[bytes]:
    yield from lines
    if "end" not in reply.without:
        yield ndjson(last)


def _messages(reply: Reply) -> Iterator[dict[str, Any]]:
    yield from (_message() | {"thinking": piece} for piece in reply.reasoning)
    yield from (_message(piece) for piece in reply.pieces)
    yield from (
        _message() | {"tool_calls": [_call(place, call)]} for place, call in enumerate(reply.tool_calls)
    )


def _message(content: str = "") -> dict[str, Any]:
    return {"role": "assistant", "content": content}


def _thinking(text: str) -> dict[str, Any]:
    return {"thinking": text} if text else {}


def _call(place: int, call: ToolCall) -> dict[str, Any]:
    return {"function": {"index": place, "name": call.name, "arguments": call.value}}


def _end(body: Body, reply: Reply, prompt: int) -> dict[str, Any]:
    done = {"done": True, "done_reason": reply.finish_reason or "stop"}
    if "usage" in reply.without:
        return done
    tokens = reply.tokens(prompt)
    counts = {"prompt_eval_count": tokens["in"], "eval_count": tokens["out"]}
    times = dict.fromkeys(
        ("total_duration", "load_duration", "prompt_eval_duration", "eval_duration"), 1_000_000
    )
    return done | times | counts | reply.own_usage()
