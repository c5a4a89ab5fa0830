"""The dialect of Anthropic's clients."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.gateway.client import Answer
from tests.gateway.spoken import CITY, PDF, PNG, Said, streamed

_MESSAGES_IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
_MESSAGES_FILE = {
    "type": "document",
    "title": "a.pdf",
    "source": {"type": "base64", "media_type": "application/pdf", "data": PDF},
}


class Messages:
    """`POST /v1/messages`."""

    path, surface = "/v1/messages", "anthropic.messages"
    file, schema, event = "anthropic.schemas.json", "Message", "RawMessageStreamEvent"
    stopped, called, cut = "end_turn", "tool_use", "max_tokens"

    def ask(self, model: str, text: str, **wishes: Any) -> dict[str, Any]:
        """Return a request."""
        content: Any = [{"type": "text", "text": text}]
        content += [
            each
            for name, each in (("image", _MESSAGES_IMAGE), ("document", _MESSAGES_FILE))
            if wishes.get(name)
        ]
        body = {"model": model, "messages": [{"role": "user", "content": content}], **streamed(wishes)}
        body["max_tokens"] = wishes.get("limit", 4000)
        if wishes.get("tools"):
            body["tools"] = [{"name": "weather", "description": "Tell it.", "input_schema": CITY}]
        if wishes.get("schema"):
            body["output_config"] = {"format": {"type": "json_schema", "schema": CITY}}
        if "thinking" in wishes:
            body["thinking"] = {"type": "enabled", "budget_tokens": wishes["thinking"]}
        if "effort" in wishes:
            body["output_config"] = {"effort": wishes["effort"]}
        return body | ({"stop_sequences": wishes["stop"]} if "stop" in wishes else {})

    def again(self, body: dict[str, Any], answer: Any, results: Sequence[str]) -> dict[str, Any]:
        """Return the next request."""
        content = answer["content"]
        calls = [block for block in content if block["type"] == "tool_use"]
        turn: Any = [
            {"type": "tool_result", "tool_use_id": call["id"], "content": result}
            for call, result in zip(calls, results, strict=False)
        ] or results[0]
        turns = [{"role": "assistant", "content": content}, {"role": "user", "content": turn}]
        return {**body, "messages": [*body["messages"], *turns]}

    def read(self, body: Any) -> Said:
        """Read a whole answer."""
        said, used = Said(finish=body["stop_reason"]), body["usage"]
        for block in body["content"]:
            if block["type"] == "text":
                said.text += block["text"]
            elif block["type"] == "thinking":
                said.reasoning += block["thinking"]
            elif block["type"] == "tool_use":
                said.calls.append((block["name"], block["input"]))
        said.tokens = used["input_tokens"], used["output_tokens"]
        return said

    def whole(self, answer: Answer) -> Any:
        """Return a streamed answer as a whole one."""
        first, *events = [event for event in answer.events if event["type"] != "ping"]
        message = {**first["message"], "content": []}
        blocks: list[Any] = message["content"]
        for event in events:
            if event["type"] == "content_block_start":
                blocks.append(dict(event["content_block"]))
            elif event["type"] == "content_block_delta":
                _grow(blocks[event["index"]], event["delta"])
            elif event["type"] == "message_delta":
                message |= event["delta"]
                message["usage"] = {**message["usage"], **event["usage"]}
        for block in blocks:
            if "partial" in block:
                block["input"] = json.loads(block.pop("partial") or "{}")
        assert events[-1]["type"] == "message_stop"
        return message


def _grow(block: dict[str, Any], delta: Mapping[str, Any]) -> None:
    if delta["type"] == "input_json_delta":
        block["partial"] = block.get("partial", "") + delta["partial_json"]
        return
    for name in ("text", "thinking", "signature"):
        if name in delta:
            block[name] = block.get(name, "") + delta[name]
