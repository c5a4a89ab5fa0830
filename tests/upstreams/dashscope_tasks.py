"""DashScope's tasks over a websocket: one conversation that recognises a recording or speaks a text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson

from .made_up import heard, sound
from .talking import Said

_RECOGNISED, _SPOKEN = "recognition", "SpeechSynthesizer"
_PIECE = 1024


class TaskTalk:
    """One conversation. What is wrong with a message ends it with `task-failed`, in the API's words.

    Args:
        refused: Hears of what was wrong.
    """

    def __init__(self, refused: Callable[[str], None]) -> None:
        self._refused = refused
        self._task: dict[str, Any] = {}
        self._id = ""
        self._sound = bytearray()
        self._text = ""

    def hear(self, message: Said) -> Iterator[Said]:
        """Answer one message."""
        if isinstance(message, bytes):
            self._sound += message
            return
        value = orjson.loads(message)
        header, payload = value["header"], value["payload"]
        if wrong := self._complaint(header, payload):
            self._refused(wrong)
            yield self._event("task-failed", error_code="InvalidParameter", error_message=wrong)
        elif header["action"] == "run-task":
            yield from self._run(header, payload)
        elif header["action"] == "continue-task":
            self._text += payload["input"]["text"]
        else:
            yield from self._finish()

    def _complaint(self, header: dict[str, Any], payload: dict[str, Any]) -> str | None:
        action = header.get("action")
        if len(header.get("task_id") or "") != 32 or (self._id and header["task_id"] != self._id):
            return "task_id is not the one of this task"
        if (action == "run-task") == bool(self._task):
            return f"{action} is out of order"
        if action != "run-task":
            return None if isinstance(payload.get("input"), dict) else "payload.input is required"
        return _complaint_of_task(payload)

    def _run(self, header: dict[str, Any], payload: dict[str, Any]) -> Iterator[Said]:
        self._task, self._id = payload, header["task_id"]
        yield self._event("task-started")
        if header["streaming"] == "out":
            self._text = payload["input"]["text"]
            yield from self._finish()

    def _finish(self) -> Iterator[Said]:
        if self._task["function"] == _RECOGNISED:
            yield from self._sentences(heard(bytes(self._sound)))
        else:
            data = sound(self._text, self._task["parameters"]["format"])
            yield from (data[start : start + _PIECE] for start in range(0, len(data), _PIECE))
        yield self._event("task-finished", payload={"usage": {"duration": 1}})

    def _sentences(self, text: str) -> Iterator[Said]:
        first, _, _ = text.partition(" ")
        for said, end in ((first, None), (text, 1000)):
            sentence = {"begin_time": 0, "end_time": end, "text": said}
            yield self._event("result-generated", payload={"output": {"sentence": sentence}, "usage": None})

    def _event(self, name: str, payload: Any = None, **more: Any) -> str:
        header = {"task_id": self._id, "event": name, "attributes": {}} | more
        return orjson.dumps({"header": header, "payload": payload or {}}).decode()


def _complaint_of_task(payload: dict[str, Any]) -> str | None:
    parameters = payload.get("parameters") or {}
    if payload.get("task_group") != "audio" or not payload.get("model"):
        return "task_group and model are required"
    if (payload.get("task"), payload.get("function")) not in {("asr", _RECOGNISED), ("tts", _SPOKEN)}:
        return "task and function do not fit"
    if not parameters.get("format") or not isinstance(parameters.get("sample_rate"), int):
        return "format and sample_rate are required"
    return None
