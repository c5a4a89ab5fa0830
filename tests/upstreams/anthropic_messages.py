"""Messages as Anthropic writes them: blocks, signed thinking, named events."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac
from typing import Any

from modelbay.sdk.testing import Answer, Reply, ToolCall, json_answer, sse
from modelbay.sdk.testing.http import SSE

from .conversation import Asked, text_of, words_in
from .described import Body

_SECRET = b"only this fake can sign"


def signature(text: str) -> str:
    """Sign the thinking as it is shown, so that a replay can be recognised."""
    return b64encode(hmac(_SECRET, text.encode(), sha256).digest()).decode()


def is_genuine(block: Any) -> bool:
    """Tell whether a thinking block is one of this fake's, unaltered."""
    if block["type"] == "redacted_thinking":
        text, _, given = block["data"].partition(".")
    else:
        text, given = block["thinking"], block["signature"]
    return compare_digest(signature(text), given)


def redacted(text: str) -> dict[str, Any]:
    """Make a block of redacted thinking that this fake will take back."""
    hidden = b64encode(text.encode()).decode()
    return {"type": "redacted_thinking", "data": f"{hidden}.{signature(hidden)}"}


def asked(body: Body) -> Asked:
    """Read what a request asks for."""
    content = body["messages"][-1]["content"]
    blocks = content if isinstance(content, list) else []
    results = [text_of(block.get("content", "")) for block in blocks if block.get("type") == "tool_result"]
    choice = body.get("tool_choice") or {}
    form = (body.get("output_config") or {}).get("format") or {}
    return Asked(
        text=text_of(content),
        tools={
            tool["name"]: tool["input_schema"] for tool in body.get("tools") or () if "input_schema" in tool
        },
        forced=choice.get("name", "") if choice.get("type") in {"any", "tool"} else None,
        tool_result=" ".join(results) if results else None,
        schema=form.get("schema"),
        reasoning=thinks(body),
        limit=body["max_tokens"],
        length_word="max_tokens",
        stop=body.get("stop_sequences") or (),
    )


def thinks(body: Body) -> bool:
    """Tell whether the request turns thinking on."""
    return (body.get("thinking") or {}).get("type") in {"enabled", "adaptive", "between_tools"}


def answer(body: Body, reply: Reply, name: str) -> Answer:
    """Write a reply as one message or as its events."""
    if body.get("stream"):
        return Answer(content_type=SSE, events=_stream(body, reply, name))
    end = {"stop_reason": _reason(reply), "stop_sequence": None} | _stop_details(reply)
    return json_answer(
        _message(body, name, [block for block, _ in _blocks(body, reply)], _usage(body, reply)) | end
    )


def _stream(body: Body, reply: Reply, name: str) -> Iterator[bytes]:
    used = _usage(body, reply)
    begun = _message(body, name, [], used | {"output_tokens": 1}) | {
        "stop_reason": None,
        "stop_sequence": None,
    }
    yield _event("message_start", message=begun)
    yield _event("ping")
    for index, (block, deltas) in enumerate(_blocks(body, reply)):
        yield _event("content_block_start", index=index, content_block=_begun(block))
        for delta in deltas:
            yield _event("content_block_delta", index=index, delta=delta)
        yield _event("content_block_stop", index=index)
    if "end" not in reply.without:
        end = {"stop_reason": _reason(reply), "stop_sequence": None} | _stop_details(reply)
        last = {} if "usage" in reply.without else {"usage": {"output_tokens": used["output_tokens"]}}
        yield _event("message_delta", delta=end, **last)
        yield _event("message_stop")


def _event(kind: str, **fields: Any) -> bytes:
    return sse({"type": kind, **fields}, kind)


def _blocks(body: Body, reply: Reply) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Yield each block in its final form with the deltas that it is streamed in."""
    if reply.reasoning:
        yield _thinking(body, reply)
    if reply.pieces or not reply.tool_calls:
        deltas = [{"type": "text_delta", "text": piece} for piece in reply.pieces]
        yield {"type": "text", "text": reply.text, "citations": None}, deltas
    for call in reply.tool_calls:
        yield _tool_use(call, streamed=bool(body.get("stream")))


def _thinking(body: Body, reply: Reply) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    omitted = (body.get("thinking") or {}).get("display") == "omitted"
    pieces = () if omitted else reply.reasoning
    text = "".join(pieces)
    deltas = [{"type": "thinking_delta", "thinking": piece} for piece in pieces]
    signed = {"type": "signature_delta", "signature": signature(text)}
    return {"type": "thinking", "thinking": text, "signature": signature(text)}, [*deltas, signed]


def _tool_use(call: ToolCall, *, streamed: bool) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    pieces = ("", *call.fragments)  # the first piece is empty on the real wire
    deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
    # A stream can be told to carry arguments that are no JSON; a whole message cannot.
    value = {} if streamed else call.value
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": value}, deltas


def _begun(block: dict[str, Any]) -> dict[str, Any]:
    empty: dict[str, dict[str, Any]] = {"text": {"text": ""}, "tool_use": {"input": {}}}
    empty["thinking"] = {"thinking": "", "signature": ""}
    return block | empty[block["type"]]


def _message(body: Body, name: str, content: list[Any], used: dict[str, Any]) -> dict[str, Any]:
    fields = {"id": name, "type": "message", "role": "assistant", "model": body["model"]}
    return fields | {"content": content, "usage": used}


def _reason(reply: Reply) -> str:
    if reply.refusal is not None:
        return "refusal"
    return reply.finish_reason or ("tool_use" if reply.tool_calls else "end_turn")


def _stop_details(reply: Reply) -> dict[str, Any]:
    if reply.refusal is None:
        return {}
    return {"stop_details": {"type": "refusal", "category": "cyber", "explanation": reply.refusal}}


def _usage(body: Body, reply: Reply) -> dict[str, Any]:
    tokens = reply.tokens(words_in(body["messages"]))
    written = reply.own_usage().get("cache_creation_input_tokens", 0)
    return {
        "input_tokens": tokens["in"],
        "output_tokens": tokens["out"],
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": tokens["cached"],
        "cache_creation": {"ephemeral_5m_input_tokens": written, "ephemeral_1h_input_tokens": 0},
        "service_tier": "standard",
    } | reply.own_usage()
