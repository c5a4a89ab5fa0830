"""Tasks over a websocket: run, feed, finish; what happened comes as events, speech as binary messages.

Source: what the vendor's SDK 2.0.2 sends and reads, gathered 2026-11-21.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

from modelbay.wires.dashscope.errors import error_of
from modelbay.wires.family import Endpoint
from modelbay.wires.json_text import to_json
from modelbay.wires.openai.shapes import object_of, text_of
from modelbay.wires.request import Request

PATH = "api-ws/v1/inference"
STARTED, RESULT, FINISHED, FAILED = "task-started", "result-generated", "task-finished", "task-failed"

Said = str | bytes
Feed = Callable[["Task"], Iterable[Said]]


class Task:
    """One task. Its id is the client's to choose and ties all messages of the task together."""

    def __init__(self, streaming: str = "duplex") -> None:
        self._id = uuid.uuid4().hex
        self._streaming = streaming

    def run(self, payload: Mapping[str, Any]) -> str:
        """Return the message that begins the task."""
        return self._message("run-task", {"task_group": "audio", "input": {}} | dict(payload))

    def feed(self, held: Mapping[str, Any]) -> str:
        """Return the message that brings more input."""
        return self._message("continue-task", {"input": held})

    def finish(self) -> str:
        """Return the message that no more input comes."""
        return self._message("finish-task", {"input": {}})

    def _message(self, action: str, payload: Mapping[str, Any]) -> str:
        header = {"action": action, "task_id": self._id, "streaming": self._streaming}
        return to_json({"header": header, "payload": payload})


def to_request(endpoint: Endpoint, task: Task, payload: Mapping[str, Any], feed: Feed) -> Request:
    """Return the request for a conversation about one task.

    Args:
        feed: What to say once the task has started.
    """

    def replies(message: bytes | None) -> Iterable[Said]:
        if message is None:
            return (task.run(payload),)
        return feed(task) if event_in(message)[0] == STARTED else ()

    url = endpoint.url(PATH)
    if url.startswith("http"):
        url = f"ws{url.removeprefix('http')}"
    return endpoint.request("GET", url, idempotent=True, replies=replies)


def event_in(message: bytes) -> tuple[str, Mapping[str, Any]]:
    """Return an event's name and payload, "" for a message that is sound; a failed task raises its error."""
    if not message.startswith(b"{"):
        return "", {}
    try:
        value = object_of(orjson.loads(message))
    except orjson.JSONDecodeError:
        return "", {}
    header = object_of(value.get("header"))
    name = text_of(header.get("event"))
    if name == FAILED:
        raise error_of(header.get("error_code"), header.get("error_message"), header.get("task_id"))
    return name, object_of(value.get("payload"))
