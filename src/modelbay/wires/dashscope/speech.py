"""Speaking: samples in pieces as they are made, or where the file is to be downloaded."""

from __future__ import annotations

import struct
from base64 import b64decode
from collections.abc import Iterable
from typing import Any, Literal

from modelbay.errors import InvokeBadRequestError, InvokeConnectionError, InvokeServerUnavailableError
from modelbay.wires.dashscope.chat import MULTIMODAL, STREAMED
from modelbay.wires.dashscope.errors import raise_error_in, to_error
from modelbay.wires.family import Endpoint, SpeechCall
from modelbay.wires.json_text import frame_object, reads_answer
from modelbay.wires.openai.shapes import object_of, text_of
from modelbay.wires.request import Event, Request

_FORMATS = ("wav", "pcm")
_RATE, _BITS = 24_000, 16  # of the samples: one channel
_OPEN = 0xFFFFFFFF  # what a streamed file says instead of its length
_FILES = (b"RIFF", b"ID3", b"OggS", b"fLaC", b"\xff\xfb", b"\xff\xf3")
_HEADER = struct.pack("<4sI4s", b"RIFF", _OPEN, b"WAVE") + struct.pack(
    "<4sIHHIIHH4sI", b"fmt ", 16, 1, 1, _RATE, _RATE * _BITS // 8, _BITS // 8, _BITS, b"data", _OPEN
)


class Speech:
    """Speaks of speaking. The API chooses no format: samples get the header of a WAV file, or stay raw."""

    name = "dashscope.speech"
    takes = frozenset({"language_type", "instructions"})
    framing: Literal["json", "sse", "websocket"] = "sse"

    def to_request(self, call: SpeechCall, endpoint: Endpoint) -> Request:
        """Return the request."""
        if call.audio_format not in _FORMATS:
            raise InvokeBadRequestError(
                f"response_format: {call.audio_format!r} was asked for, but this model speaks wav or pcm only"
            )
        held: dict[str, Any] = {"text": call.text, "voice": call.voice}
        if call.options.get("language_type"):
            held["language_type"] = call.options["language_type"]
        held |= {name: value for name, value in call.parameters.items() if value is not None}
        body = {"model": call.model, "input": held}
        url = endpoint.url(MULTIMODAL)
        return endpoint.request("POST", url, headers=STREAMED, json=body, to_error=to_error)

    def to_audio(self, call: SpeechCall) -> SpokenReader:
        """Return a reader for one answer."""
        return SpokenReader(raw=call.audio_format == "pcm")


class SpokenReader:
    """Reads the events of one answer: pieces of audio, at the end an address where all of it lies."""

    def __init__(self, *, raw: bool) -> None:
        self._raw = raw
        self._spoken = False
        self._url = ""

    @reads_answer
    def read(self, frame: Event) -> Iterable[bytes]:
        """Return the audio in this event; an error event raises its error."""
        body = frame_object(frame.data)
        raise_error_in(body, frame.name)
        audio = object_of(object_of(body.get("output")).get("audio"))
        self._url = text_of(audio.get("url")) or self._url
        piece = b64decode(text_of(audio.get("data")), validate=True)
        if not piece:
            return ()
        first, self._spoken = not self._spoken, True
        if not first or self._raw or piece.startswith(_FILES):
            return (piece,)
        return (_HEADER, piece)

    def rest(self) -> Request | None:
        """Return the download of the file, if no piece of it came."""
        return Request("GET", self._url, idempotent=True) if self._url and not self._spoken else None

    def close(self) -> Iterable[bytes]:
        """Check that there was audio, and that it came to its end: the address comes last."""
        if not self._url and not self._spoken:
            raise InvokeServerUnavailableError("the provider's answer has no audio")
        if not self._url:
            raise InvokeConnectionError("the provider's stream ended before the speech did")
        return ()
