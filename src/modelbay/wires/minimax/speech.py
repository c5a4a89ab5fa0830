"""Speech at `/v1/t2a_v2`: audio as hexadecimal digits, in events or in one JSON document."""

from __future__ import annotations

import binascii
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from modelbay.errors import InvokeBadRequestError, InvokeConnectionError, InvokeServerUnavailableError
from modelbay.wires.family import AudioReader, Endpoint, SpeechCall
from modelbay.wires.json_text import frame_object
from modelbay.wires.minimax.errors import raise_error_in, to_error
from modelbay.wires.minimax.place import to_url
from modelbay.wires.request import Event, Request

FORMATS = ("mp3", "pcm", "flac", "wav")
_OF_THE_VOICE = ("speed", "vol", "pitch")
_OF_THE_AUDIO = ("sample_rate", "bitrate", "channel")
_BESIDE = ("pronunciation_dict", "language_boost")
_ENDED = 2


class Speech:
    """`POST /v1/t2a_v2`."""

    name = "minimax.speech"
    takes = frozenset({*_OF_THE_VOICE, *_OF_THE_AUDIO, *_BESIDE, "custom_voice"})
    framing: Literal["sse"] = "sse"

    def to_request(self, call: SpeechCall, endpoint: Endpoint) -> Request:
        """Return the request; what the call says goes before what the options say."""
        asked = {**_known(call.options), **_known(call.parameters)}
        kind = call.audio_format or str(call.options.get("format") or "mp3")
        if kind not in FORMATS:
            raise InvokeBadRequestError(f"response_format: {kind!r} is not one of {', '.join(FORMATS)}")
        voice = call.parameters.get("custom_voice") or call.voice
        body: dict[str, Any] = {
            "model": call.model,
            "text": call.text,
            "stream": kind != "wav",  # its head says how long it is, so it comes whole
            "voice_setting": {"voice_id": voice, **_some(asked, _OF_THE_VOICE)},
            "audio_setting": {"format": kind, **_some(asked, _OF_THE_AUDIO)},
            **_some(asked, _BESIDE),
        }
        url = to_url(endpoint, "v1/t2a_v2", call.options)
        return endpoint.request("POST", url, json=body, idempotent=True, to_error=to_error)

    def to_audio(self, call: SpeechCall) -> AudioReader:
        """Return a reader for one answer."""
        return HexReader()


class HexReader:
    """Reads one answer. What ends a stream repeats all that was said, and is not said twice."""

    def __init__(self) -> None:
        self._spoken = self.done = False

    def read(self, frame: Event | bytes) -> Iterable[bytes]:
        """Return the audio in an event; an event with an error raises it."""
        answer = frame_object(frame if isinstance(frame, bytes) else frame.data)
        raise_error_in(answer)
        data = answer.get("data")
        if not isinstance(data, Mapping):
            return ()
        last = data.get("status") == _ENDED or "extra_info" in answer
        self.done = self.done or last
        audio = b"" if last and self._spoken else _audio(data.get("audio"))
        self._spoken = self._spoken or bool(audio)
        return (audio,) if audio else ()

    def rest(self) -> None:
        """Return that nothing is left to be downloaded."""

    def close(self) -> Iterable[bytes]:
        """Check that the speech came to its end."""
        if not self.done:
            raise InvokeConnectionError("the provider's speech ended before the text did")
        if not self._spoken:
            raise InvokeServerUnavailableError("the provider's answer has no audio")
        return ()


def _audio(digits: Any) -> bytes:
    try:
        return binascii.unhexlify(digits or "")
    except (binascii.Error, ValueError, TypeError):
        raise InvokeServerUnavailableError("the provider's audio is not hexadecimal") from None


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in (*_OF_THE_VOICE, *_OF_THE_AUDIO, *_BESIDE) if values.get(name)}


def _some(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: _number(values[name]) for name in names if name in values}


def _number(value: Any) -> Any:
    """Return the number that a text spells: credentials are texts."""
    if not isinstance(value, str):
        return value
    try:
        number = float(value)
    except ValueError:
        return value
    return int(number) if number.is_integer() else number
