"""The events of a streamed answer as bytes."""

from __future__ import annotations

from typing import Any

import orjson

AFTER = b"}}\n\n"
PING = b'event: ping\ndata: {"type": "ping"}\n\n'
STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
_DELTAS = {
    "text": (b"text_delta", b"text"),
    "thinking": (b"thinking_delta", b"thinking"),
    "tool_use": (b"input_json_delta", b"partial_json"),
}
_EMPTIED: dict[str, Any] = {"text": "", "thinking": "", "input": {}}


def event(value: dict[str, Any]) -> bytes:
    """Return one event."""
    return b"event: %b\ndata: %b\n\n" % (value["type"].encode(), orjson.dumps(value))


def before(kind: str, index: int) -> bytes:
    """Return what comes before the JSON text of a piece of block number `index`; `AFTER` comes after it."""
    delta, key = _DELTAS[kind]
    return (
        b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,'
        b'"delta":{"type":"%b","%b":' % (index, delta, key)
    )


def started(index: int, block: dict[str, Any]) -> bytes:
    """Return the event that opens a block."""
    return event({"type": "content_block_start", "index": index, "content_block": block})


def stopped(index: int) -> bytes:
    """Return the event that closes a block."""
    return b'event: content_block_stop\ndata: {"type":"content_block_stop","index":%d}\n\n' % index


def opening(kind: str, *, call_id: str = "", name: str = "") -> dict[str, Any]:
    """Return a block as it is opened, with nothing in it."""
    if kind == "text":
        return {"type": "text", "text": ""}
    if kind == "thinking":
        return {"type": "thinking", "thinking": "", "signature": ""}
    return {"type": "tool_use", "id": call_id, "name": name, "input": {}}


def rest_of(index: int, block: dict[str, Any]) -> bytes:
    """Return the deltas of a text's citations or of a thought's signature."""
    kind, deltas = block.get("type"), []
    if kind == "text":
        deltas = [{"type": "citations_delta", "citation": item} for item in block.get("citations") or ()]
    if kind == "thinking" and block.get("signature"):  # some servers that speak this API sign nothing
        deltas = [{"type": "signature_delta", "signature": block["signature"]}]
    return b"".join(_delta(index, delta) for delta in deltas)


def whole(index: int, block: dict[str, Any]) -> bytes:
    """Return all the events of a block: what grows in pieces comes as one, the rest as it stands."""
    kind = str(block.get("type"))
    key = {"tool_use": "input", "server_tool_use": "input"}.get(kind, kind)
    grows = key in _EMPTIED and key in block
    start = block | {key: _EMPTIED[key]} if grows else dict(block)
    if kind == "text":
        start.pop("citations", None)
    if kind == "thinking":
        start["signature"] = ""
    piece = _piece(index, key, block[key]) if grows and block[key] else b""
    return started(index, start) + piece + rest_of(index, block) + stopped(index)


def _piece(index: int, key: str, value: Any) -> bytes:
    if key == "input":
        return before("tool_use", index) + orjson.dumps(orjson.dumps(value).decode()) + AFTER
    return before(key, index) + orjson.dumps(value) + AFTER


def _delta(index: int, delta: dict[str, Any]) -> bytes:
    return event({"type": "content_block_delta", "index": index, "delta": delta})
