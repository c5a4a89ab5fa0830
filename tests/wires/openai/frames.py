"""Frames and bodies of chat completions, and how the tests have them read."""

from __future__ import annotations

import json
from typing import Any

from modelbay.entities import UserPromptMessage
from modelbay.wires.family import ChatCall
from modelbay.wires.openai import FAMILY
from modelbay.wires.request import Event

DIALECTS: Any = FAMILY  # of a family each dialect may be missing; not of this one
DONE = "[DONE]"
USAGE = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}


def chat_call(**options: Any) -> Any:
    return ChatCall("asked", [UserPromptMessage(content="Hi")], options=options)


def chunk(delta: Any = None, finish: Any = None, **more: Any) -> Any:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {"id": "c-1", "object": "chat.completion.chunk", "model": "gpt", "choices": choices, **more}


def stream(*frames: Any, **options: Any) -> Any:
    """Return the chunks of a stream of these frames."""
    reader = DIALECTS.chat(options).to_chunks(chat_call(**options))
    chunks = []
    for frame in frames:
        data = frame if isinstance(frame, str) else json.dumps(frame)
        chunks += reader.read(Event("", data.encode()))
    return [*chunks, *reader.close()]


def answer(message: Any, finish: Any = "stop", **more: Any) -> Any:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    return {"id": "c-1", "object": "chat.completion", "model": "gpt", "choices": [choice], **more}


def whole_result(body: Any, **options: Any) -> Any:
    return DIALECTS.chat(options).to_result(chat_call(**options), body)


def calls_in(result: Any) -> Any:
    return [(call.id, call.function.name, call.function.arguments) for call in result.tool_calls]


def piece_of(index: Any = None, call_id: Any = None, name: Any = None, arguments: Any = "") -> Any:
    piece = {
        "index": index,
        "id": call_id,
        "type": "function",
        "function": {"name": name, "arguments": arguments},
    }
    return {name: value for name, value in piece.items() if value is not None}
