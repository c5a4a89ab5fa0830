"""Converse as Bedrock answers it: blocks of content, and events in binary frames."""

from __future__ import annotations

import binascii
import struct
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import orjson

from modelbay.sdk.testing import Answer, Reply, ToolCall, json_answer

from .conversation import Asked, text_of, words_in
from .described import Body

EVENT_STREAM = "application/vnd.amazon.eventstream"
SIGNATURE = b64encode(b"signed by the fake").decode()


def asked(body: Body) -> Asked:
    """Read what a request asks for."""
    last = body["messages"][-1]["content"]
    results = [block["toolResult"] for block in last if "toolResult" in block]
    config = body.get("toolConfig") or {}
    choice = config.get("toolChoice") or {}
    specs = [tool["toolSpec"] for tool in config.get("tools", ()) if "toolSpec" in tool]
    form = (body.get("outputConfig") or {}).get("textFormat")
    fields = body.get("additionalModelRequestFields") or {}
    thinking = fields.get("thinking") or fields.get("reasoningConfig") or {}
    inference = body.get("inferenceConfig") or {}
    return Asked(
        text=text_of(last),
        tools={spec["name"]: spec["inputSchema"]["json"] for spec in specs},
        forced="" if "any" in choice else choice.get("tool", {}).get("name"),
        tool_result=text_of(results[-1]["content"]) if results else None,
        schema=orjson.loads(form["structure"]["jsonSchema"]["schema"]) if form else None,
        reasoning=thinking.get("type") in ("enabled", "adaptive"),
        limit=inference.get("maxTokens"),
        length_word="max_tokens",
        stop=inference.get("stopSequences") or (),
    )


def answer(body: Body, reply: Reply, *, stream: bool) -> Answer:
    """Write a reply as one object or as events."""
    usage = _usage(body, reply)
    if stream:
        return Answer(content_type=EVENT_STREAM, events=_events(reply, usage))
    message = {"role": "assistant", "content": list(_blocks(reply))}
    return json_answer(
        {
            "output": {"message": message},
            "stopReason": _reason(reply),
            "usage": usage,
            "metrics": {"latencyMs": 12},
        }
    )


def frame(payload: bytes, **headers: str) -> bytes:
    """Write one frame; underscores of a header's name stand for dashes, and a colon comes before it."""
    packed = b""
    for name, value in headers.items():
        named = f":{name.replace('_', '-')}".encode()
        packed += bytes([len(named)]) + named + b"\x07" + struct.pack(">H", len(value)) + value.encode()
    prelude = struct.pack(">II", 16 + len(packed) + len(payload), len(packed))
    body = prelude + struct.pack(">I", binascii.crc32(prelude)) + packed + payload
    return body + struct.pack(">I", binascii.crc32(body))


def event(name: str, **payload: Any) -> bytes:
    """Write one event, padded as Bedrock does so that lengths tell nothing."""
    body = orjson.dumps(payload | {"p": "abcdefgh"[: len(name) % 8]})
    return frame(body, event_type=name, content_type="application/json", message_type="event")


def exception(name: str, message: str) -> bytes:
    """Write the end of a stream that failed."""
    body = orjson.dumps({"message": message})
    return frame(body, exception_type=name, content_type="application/json", message_type="exception")


def _blocks(reply: Reply) -> Iterator[dict[str, Any]]:
    if reply.reasoning:
        said = {"text": reply.thought, "signature": SIGNATURE}
        yield {"reasoningContent": {"reasoningText": said}}
    if reply.pieces or not reply.tool_calls:
        yield {"text": reply.text}
    for call in reply.tool_calls:
        yield {"toolUse": {"toolUseId": call.id, "name": call.name, "input": call.value}}


def _events(reply: Reply, usage: dict[str, int]) -> Iterator[bytes]:
    yield event("messageStart", role="assistant")
    index = 0
    if reply.reasoning:
        thoughts = [{"reasoningContent": {"text": piece}} for piece in reply.reasoning]
        yield from _block(index, [*thoughts, {"reasoningContent": {"signature": SIGNATURE}}])
        index += 1
    if reply.pieces:
        yield from _block(index, [{"text": piece} for piece in reply.pieces])
        index += 1
    for call in reply.tool_calls:
        yield from _tool_use(index, call)
        index += 1
    if "end" in reply.without:
        return
    yield event("messageStop", stopReason=_reason(reply))
    if "usage" not in reply.without:
        yield event("metadata", usage=usage, metrics={"latencyMs": 12})


def _block(index: int, deltas: list[dict[str, Any]]) -> Iterator[bytes]:
    yield from (event("contentBlockDelta", delta=delta, contentBlockIndex=index) for delta in deltas)
    yield event("contentBlockStop", contentBlockIndex=index)


def _tool_use(index: int, call: ToolCall) -> Iterator[bytes]:
    start = {"toolUse": {"toolUseId": call.id, "name": call.name}}
    yield event("contentBlockStart", start=start, contentBlockIndex=index)
    yield from _block(index, [{"toolUse": {"input": piece}} for piece in call.fragments])


def _reason(reply: Reply) -> str:
    return reply.finish_reason or ("tool_use" if reply.tool_calls else "end_turn")


def _usage(body: Body, reply: Reply) -> dict[str, int]:
    tokens = reply.tokens(words_in(body["messages"]))
    fresh = tokens["in"] - tokens["cached"]
    counted = {
        "inputTokens": fresh,
        "outputTokens": tokens["out"],
        "totalTokens": tokens["in"] + tokens["out"],
    }
    cached = {"cacheReadInputTokens": tokens["cached"]} if tokens["cached"] else {}
    return counted | cached | reply.own_usage()
