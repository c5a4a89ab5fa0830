"""Chat completions and legacy completions as OpenAI and compatible servers write them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from modelbay.sdk.testing import Answer, Reply, ToolCall, json_answer, sse
from modelbay.sdk.testing.http import SSE

from .conversation import Asked, text_of, words_in
from .described import Body

CREATED = 1_790_000_000
DONE = sse("[DONE]")
SIGNATURE = "signed"
QUIRKS = {
    "comments": "a comment line before each event",
    "crlf": "lines end with CRLF",
    "no-space": "no space after `data:`",
    "no-object": "the `object` field is missing",
    "no-index": "tool call fragments have an id on each and no index",
    "whole-tool-call": "a tool call comes in one chunk",
    "usage-on-every-chunk": "cumulative usage on every chunk",
    "usage-in-choice": "usage inside the last choice",
    "reasoning-details": "typed reasoning beside its text, signed at its end",
    "x-groq": "an id in the first chunk, and usage beside the last choice, in `x_groq`",
    "usage-with-finish": "usage beside the last choice, without being asked",
}


@dataclass(frozen=True, slots=True)
class Style:
    """How this server's dialect differs from OpenAI's."""

    reasoning_key: str = "reasoning_content"
    quirks: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        unknown = self.quirks - QUIRKS.keys()
        if unknown:
            raise ValueError(f"unknown quirks {sorted(unknown)}; there are {sorted(QUIRKS)}")

    def event(self, value: object) -> bytes:
        """Write one event."""
        data = sse(value)
        if "no-space" in self.quirks:
            data = data.replace(b"data: ", b"data:", 1)
        if "comments" in self.quirks:
            data = b": keep-alive\n\n" + data
        return data.replace(b"\n", b"\r\n") if "crlf" in self.quirks else data


def asked(body: Body) -> Asked:
    """Read what a chat request asks for."""
    last = body["messages"][-1]
    text = text_of(last.get("content"))
    schema = body.get("response_format") or {}
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    return Asked(
        text=text,
        tools={tool["function"]["name"]: tool["function"].get("parameters") for tool in _functions(body)},
        forced=_forced(body.get("tool_choice")),
        tool_result=text if last["role"] in {"tool", "function"} else None,
        schema=(schema.get("json_schema") or {}).get("schema") if schema.get("type") != "json_object" else {},
        limit=limit,
        stop=stops(body),
    )


def asked_to_complete(body: Body) -> Asked:
    """Read what a legacy completion asks for."""
    prompt = body["prompt"] if isinstance(body["prompt"], str) else str(body["prompt"][0])
    return Asked(text=prompt, limit=body.get("max_tokens"), stop=stops(body))


def stops(body: Body) -> list[str]:
    """Return the stop words as a list."""
    stop = body.get("stop") or []
    return [stop] if isinstance(stop, str) else stop


def usage(tokens: dict[str, int], own: dict[str, Any]) -> dict[str, Any]:
    """Write usage as chat completions do."""
    return {
        "prompt_tokens": tokens["in"],
        "completion_tokens": tokens["out"],
        "total_tokens": tokens["in"] + tokens["out"],
        "prompt_tokens_details": {"cached_tokens": tokens["cached"], "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": tokens["reasoning"], "audio_tokens": 0},
    } | own


def answer(body: Body, reply: Reply, name: str, style: Style) -> Answer:
    """Write a reply as one chat completion or as a stream of chunks."""
    base = {"id": name, "object": "chat.completion", "created": CREATED, "model": body["model"]}
    if "no-object" in style.quirks:
        del base["object"]
    if body.get("stream"):
        return Answer(content_type=SSE, events=_stream(body, reply, base, style))
    used = usage(reply.tokens(words_in(body["messages"])), reply.own_usage())
    choice = {
        "finish_reason": _finish(reply),
        "message": _message(reply, style),
        "logprobs": _logprobs(body, reply),
    }
    choices = [{"index": index, **choice} for index in range(body.get("n") or 1)]
    return json_answer(base | {"choices": choices, "usage": used})


def completion(body: Body, reply: Reply, name: str) -> Answer:
    """Write a reply as a legacy completion."""
    base = {"id": name, "object": "text_completion", "created": CREATED, "model": body["model"]}
    used = usage(reply.tokens(words_in(body["prompt"])), reply.own_usage())
    finish = reply.finish_reason or "stop"
    if body.get("stream"):
        return Answer(content_type=SSE, events=_completion_stream(body, reply, base, used, finish))
    choice = {"index": 0, "text": reply.text, "finish_reason": finish, "logprobs": None}
    return json_answer(base | {"choices": [choice], "usage": used})


def _stream(body: Body, reply: Reply, base: dict[str, Any], style: Style) -> Iterator[bytes]:
    used = usage(reply.tokens(words_in(body["messages"])), reply.own_usage())
    told = "usage" not in reply.without
    included = bool((body.get("stream_options") or {}).get("include_usage")) and told
    if "object" in base:
        base = base | {"object": "chat.completion.chunk"}
    every = told and "usage-on-every-chunk" in style.quirks
    for choice in _choices(body, reply, style):
        if choice["finish_reason"] and told and "usage-in-choice" in style.quirks:
            choice["usage"] = used
        extra = {"usage": used if every else None} if included or every else {}
        if choice["finish_reason"] and "usage-with-finish" in style.quirks and "usage" not in reply.without:
            extra = {"usage": used}
        if "x-groq" in style.quirks:
            extra = extra | _of_groq(choice, used if told else None)
        yield style.event(base | {"choices": [choice]} | extra)
    if included:
        yield style.event(base | {"choices": [], "usage": used})
    if "end" not in reply.without:
        yield style.event("[DONE]")


def _of_groq(choice: dict[str, Any], used: dict[str, Any] | None) -> dict[str, Any]:
    if choice["finish_reason"] and used:
        times = {"queue_time": 0.01, "prompt_time": 0.01, "completion_time": 0.1, "total_time": 0.11}
        return {"x_groq": {"id": "req_1", "usage": used | times}}
    return {"x_groq": {"id": "req_1"}} if choice["delta"].get("role") else {}


def _choices(body: Body, reply: Reply, style: Style) -> Iterator[dict[str, Any]]:
    for index in range(body.get("n") or 1):
        for delta in _deltas(reply, style):
            yield _choice(index, delta, _piece_logprobs(body, delta), None)
        yield _choice(index, {}, None, None if "end" in reply.without else _finish(reply))


def _choice(index: int, delta: dict[str, Any], logprobs: Any, finish: str | None) -> dict[str, Any]:
    return {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish}


def _deltas(reply: Reply, style: Style) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": "", "refusal": None}
    yield from (_thought(piece, style) for piece in reply.reasoning)
    if reply.reasoning and "reasoning-details" in style.quirks:
        yield {"reasoning_details": [{"type": "reasoning.text", "index": 0, "signature": SIGNATURE}]}
    yield from ({"content": piece} for piece in reply.pieces)
    if reply.refusal is not None:
        yield {"refusal": reply.refusal}
    for index, call in enumerate(reply.tool_calls):
        yield from ({"tool_calls": [fragment]} for fragment in _fragments(index, call, style.quirks))


def _thought(piece: str, style: Style) -> dict[str, Any]:
    if "reasoning-details" not in style.quirks:
        return {style.reasoning_key: piece}
    detail = {"type": "reasoning.text", "text": piece, "index": 0, "signature": None}
    return {style.reasoning_key: piece, "reasoning_details": [detail]}


def _fragments(index: int, call: ToolCall, quirks: frozenset[str]) -> Iterator[dict[str, Any]]:
    if "whole-tool-call" in quirks:
        yield {"index": index, **_call(call)}
        return
    place: dict[str, Any] = {"id": call.id} if "no-index" in quirks else {"index": index}
    yield place | {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": ""}}
    yield from (place | {"function": {"arguments": piece}} for piece in call.fragments)


def _completion_stream(
    body: Body, reply: Reply, base: dict[str, Any], used: dict[str, Any], finish: str
) -> Iterator[bytes]:
    for piece in reply.pieces:
        yield sse(base | {"choices": [{"index": 0, "text": piece, "finish_reason": None, "logprobs": None}]})
    ended = None if "end" in reply.without else finish
    yield sse(base | {"choices": [{"index": 0, "text": "", "finish_reason": ended, "logprobs": None}]})
    if (body.get("stream_options") or {}).get("include_usage") and "usage" not in reply.without:
        yield sse(base | {"choices": [], "usage": used})
    if "end" not in reply.without:
        yield DONE


def _message(reply: Reply, style: Style) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": reply.text or None, "refusal": reply.refusal}
    if reply.reasoning:
        message |= _thought(reply.thought, style)
        for detail in message.get("reasoning_details", ()):
            detail["signature"] = SIGNATURE
    if reply.tool_calls:
        message["tool_calls"] = [_call(call) for call in reply.tool_calls]
    return message


def _call(call: ToolCall) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _finish(reply: Reply) -> str:
    return reply.finish_reason or ("tool_calls" if reply.tool_calls else "stop")


def _logprobs(body: Body, reply: Reply) -> Any:
    return _tokens(body, reply.pieces) if body.get("logprobs") else None


def _piece_logprobs(body: Body, delta: dict[str, Any]) -> Any:
    return _tokens(body, [delta["content"]]) if body.get("logprobs") and delta.get("content") else None


def _tokens(body: Body, pieces: Iterable[str]) -> dict[str, Any]:
    return {"content": [_token(piece, body.get("top_logprobs") or 0) for piece in pieces], "refusal": None}


def _token(piece: str, top: int) -> dict[str, Any]:
    token = {"token": piece, "logprob": -0.125, "bytes": list(piece.encode())}
    return token | {"top_logprobs": [token] * min(top, 1)}


def _functions(body: Body) -> Iterable[Any]:
    old = [{"type": "function", "function": function} for function in body.get("functions") or ()]
    return [tool for tool in [*(body.get("tools") or ()), *old] if tool.get("type") == "function"]


def _forced(choice: Any) -> str | None:
    if isinstance(choice, dict):
        return str(choice.get("function", {}).get("name", ""))
    return "" if choice == "required" else None
