"""Speaking: the text goes up, sound comes back in binary messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from modelbay.errors import InvokeBadRequestError, InvokeConnectionError
from modelbay.wires.dashscope_ws.tasks import FINISHED, Said, Task, event_in, to_request
from modelbay.wires.family import Endpoint, SpeechCall
from modelbay.wires.request import Request

_FORMATS = ("mp3", "wav", "pcm", "opus")
_RATE = 22_050
_NAMES = {"speed": "rate"}


class Synthesis:
    """Speaks of speaking. Older models take the text when the task begins (`one_way`), newer ones later."""

    name = "dashscope_ws.synthesis"
    takes = frozenset({"speed", "volume", "pitch", "sample_rate"})
    framing: Literal["json", "sse", "websocket"] = "websocket"

    def to_request(self, call: SpeechCall, endpoint: Endpoint) -> Request:
        """Return the request."""
        if call.audio_format not in _FORMATS:
            raise InvokeBadRequestError(
                f"response_format: {call.audio_format!r} was asked for; give one of {', '.join(_FORMATS)}"
            )
        one_way = bool(call.options.get("one_way"))
        payload: dict[str, Any] = {"task": "tts", "function": "SpeechSynthesizer", "model": call.model}
        payload |= {"parameters": _parameters(call)} | ({"input": {"text": call.text}} if one_way else {})

        def feed(task: Task) -> Iterable[Said]:
            return () if one_way else (task.feed({"text": call.text}), task.finish())

        return to_request(endpoint, Task("out" if one_way else "duplex"), payload, feed)

    def to_audio(self, call: SpeechCall) -> SoundReader:
        """Return a reader for one answer."""
        return SoundReader()


class SoundReader:
    """Reads the messages of one answer: what is no event is sound."""

    def __init__(self) -> None:
        self.done = False

    def read(self, frame: bytes) -> Iterable[bytes]:
        """Return the sound in this message; a failed task raises its error."""
        event, _ = event_in(frame)
        self.done = self.done or event == FINISHED
        return () if event or not frame else (frame,)

    def rest(self) -> Request | None:
        """Return None: all sound came."""
        return None

    def close(self) -> Iterable[bytes]:
        """Check that the task came to its end."""
        if not self.done:
            raise InvokeConnectionError("the provider's conversation ended before the speech did")
        return ()


def _parameters(call: SpeechCall) -> dict[str, Any]:
    said: dict[str, Any] = {
        "text_type": "PlainText",
        "format": call.audio_format,
        "sample_rate": int(call.options.get("sample_rate") or _RATE),
    }
    if call.voice:
        said["voice"] = call.voice
    asked = {name: value for name, value in call.parameters.items() if value is not None}
    return said | {_NAMES.get(name, name): value for name, value in asked.items()}
