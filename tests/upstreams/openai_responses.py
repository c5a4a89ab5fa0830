"""OpenAI's responses endpoint: typed items, typed events, no `[DONE]`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from modelbay.sdk.testing import Answer, Reply, ToolCall, json_answer, sse
from modelbay.sdk.testing.http import SSE

from .conversation import Asked, text_of, words_in
from .described import Body
from .openai_chat import CREATED

# How the scripted finish reason shows; anything else completes.
INCOMPLETE = {"length": "max_output_tokens", "max_output_tokens": "max_output_tokens"}
INCOMPLETE |= {"content_filter": "content_filter"}
Event = tuple[str, dict[str, Any]]


def asked(body: Body) -> Asked:
    """Read what a request asks for."""
    last = body["input"] if isinstance(body["input"], str) else body["input"][-1]
    form = (body.get("text") or {}).get("format") or {}
    choice = body.get("tool_choice")
    result = last.get("output") if isinstance(last, dict) else None
    return Asked(
        text=text_of(last.get("content") if isinstance(last, dict) else last),
        tools={tool["name"]: tool.get("parameters") for tool in body.get("tools") or () if "name" in tool},
        forced=str(choice.get("name", ""))
        if isinstance(choice, dict)
        else ""
        if choice == "required"
        else None,
        tool_result=None if result is None else text_of(result),
        schema=form.get("schema") if form.get("type") == "json_schema" else None,
        reasoning=bool((body.get("reasoning") or {}).get("summary")),
        limit=body.get("max_output_tokens"),
    )


def answer(body: Body, reply: Reply, name: str) -> Answer:
    """Write a reply as one response object or as its events."""
    if body.get("stream"):
        return Answer(content_type=SSE, events=_numbered(_events(body, reply, name)))
    items = [item for item, _ in _items(reply, name)]
    return json_answer(_response(body, reply, name, items, _status(reply)))


def _forced(choice: Any) -> str | None:
    if isinstance(choice, dict):
        return str(choice.get("name", ""))
    return "" if choice == "required" else None


def _numbered(events: Iterator[Event]) -> Iterator[bytes]:
    for number, (kind, fields) in enumerate(events):
        yield sse({"type": kind, "sequence_number": number, **fields}, kind)


def _events(body: Body, reply: Reply, name: str) -> Iterator[Event]:
    begun = _response(body, reply, name, [], "in_progress")
    yield "response.created", {"response": begun}
    yield "response.in_progress", {"response": begun}
    items = []
    for place, (item, steps) in enumerate(_items(reply, name)):
        yield "response.output_item.added", {"output_index": place, "item": _begun(item)}
        for kind, fields in steps:
            yield kind, {"item_id": item["id"], "output_index": place, **fields}
        yield "response.output_item.done", {"output_index": place, "item": item}
        items.append(item)
    if "end" not in reply.without:
        status = _status(reply)
        yield f"response.{status}", {"response": _response(body, reply, name, items, status)}


def _items(reply: Reply, name: str) -> Iterator[tuple[dict[str, Any], Iterator[Event]]]:
    """Yield each output item in its final form, with the events between its begin and its end."""
    if reply.reasoning:
        summary = [{"type": "summary_text", "text": reply.thought}]
        item = {
            "type": "reasoning",
            "id": f"rs_{name}",
            "summary": summary,
            "encrypted_content": f"enc-{name}",
        }
        yield item, _reasoning_steps(reply)
    if reply.refusal is not None:
        part = {"type": "refusal", "refusal": reply.refusal}
        yield _message(part, name), _refusal_steps(part, reply.refusal)
    if reply.pieces or not (reply.tool_calls or reply.refusal):
        part = _text_part(reply.text)
        yield _message(part, name), _text_steps(part, reply)
    for call in reply.tool_calls:
        yield _call(call), _call_steps(call)


def _begun(item: dict[str, Any]) -> dict[str, Any]:
    empty: dict[str, dict[str, Any]] = {"message": {"content": []}, "reasoning": {"summary": []}}
    empty["function_call"] = {"arguments": ""}
    return item | empty[item["type"]] | ({"status": "in_progress"} if "status" in item else {})


def _reasoning_steps(reply: Reply) -> Iterator[Event]:
    where = {"summary_index": 0}
    yield "response.reasoning_summary_part.added", where | {"part": {"type": "summary_text", "text": ""}}
    for piece in reply.reasoning:
        yield "response.reasoning_summary_text.delta", where | {"delta": piece}
    yield "response.reasoning_summary_text.done", where | {"text": reply.thought}
    done = {"type": "summary_text", "text": reply.thought}
    yield "response.reasoning_summary_part.done", where | {"part": done}


def _text_steps(part: dict[str, Any], reply: Reply) -> Iterator[Event]:
    where = {"content_index": 0}
    yield "response.content_part.added", where | {"part": _text_part("")}
    for piece in reply.pieces:
        yield "response.output_text.delta", where | {"delta": piece, "logprobs": []}
    yield "response.output_text.done", where | {"text": reply.text, "logprobs": []}
    yield "response.content_part.done", where | {"part": part}


def _refusal_steps(part: dict[str, Any], refusal: str) -> Iterator[Event]:
    where = {"content_index": 0}
    yield "response.content_part.added", where | {"part": {"type": "refusal", "refusal": ""}}
    yield "response.refusal.delta", where | {"delta": refusal}
    yield "response.refusal.done", where | {"refusal": refusal}
    yield "response.content_part.done", where | {"part": part}


def _call_steps(call: ToolCall) -> Iterator[Event]:
    for piece in call.fragments:
        yield "response.function_call_arguments.delta", {"delta": piece}
    yield "response.function_call_arguments.done", {"name": call.name, "arguments": call.arguments}


def _text_part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _message(part: dict[str, Any], name: str) -> dict[str, Any]:
    fields = {"type": "message", "id": f"msg_{name}", "role": "assistant", "status": "completed"}
    return fields | {"content": [part]}


def _call(call: ToolCall) -> dict[str, Any]:
    names = {"type": "function_call", "id": f"fc_{call.id}", "call_id": call.id, "name": call.name}
    return names | {"arguments": call.arguments, "status": "completed"}


def _status(reply: Reply) -> str:
    if reply.finish_reason == "failed":
        return "failed"
    return "incomplete" if reply.finish_reason in INCOMPLETE else "completed"


def _response(body: Body, reply: Reply, name: str, output: list[Any], status: str) -> dict[str, Any]:
    reason = INCOMPLETE.get(reply.finish_reason or "") if status == "incomplete" else None
    failure = {"code": "server_error", "message": "the model failed"} if status == "failed" else None
    response = {
        "id": name,
        "object": "response",
        "created_at": CREATED,
        "status": status,
        "model": body["model"],
        "output": output,
        "error": failure,
        "incomplete_details": {"reason": reason} if reason else None,
        "instructions": body.get("instructions"),
        "metadata": body.get("metadata") or {},
        "parallel_tool_calls": body.get("parallel_tool_calls", True),
        "temperature": body.get("temperature", 1),
        "top_p": body.get("top_p", 1),
        "tool_choice": body.get("tool_choice", "auto"),
        "tools": body.get("tools") or [],
    }
    ended = status != "in_progress" and "usage" not in reply.without
    return response | ({"usage": _usage(body, reply)} if ended else {})


def _usage(body: Body, reply: Reply) -> dict[str, Any]:
    tokens = reply.tokens(words_in(body["input"]))
    return {
        "input_tokens": tokens["in"],
        "input_tokens_details": {"cached_tokens": tokens["cached"], "cache_write_tokens": 0},
        "output_tokens": tokens["out"],
        "output_tokens_details": {"reasoning_tokens": tokens["reasoning"]},
        "total_tokens": tokens["in"] + tokens["out"],
    } | reply.own_usage()
