"""DashScope's speech over HTTP, both ways."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.upstreams.dashscope import DashScopeUpstream
from tests.wires.wire_checks import ENDPOINT, refusal_of

from modelbay.entities import Meter
from modelbay.errors import (
    InvokeBadRequestError,
    InvokeConnectionError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
)
from modelbay.sdk.audio import Wav, WavFormat, read_wav, write_wav
from modelbay.wires.dashscope.speech import Speech, SpokenReader
from modelbay.wires.dashscope.transcription import Recognition
from modelbay.wires.family import FramedSpeechDialect, SpeechCall, TranscriptionCall
from modelbay.wires.request import Event

RECOGNITION, SPEECH = Recognition(), Speech()
FORMAT = WavFormat(sample_rate=24_000, channels=1, bits=16)
WAV = write_wav(Wav(FORMAT, bytes(100)))
ADDRESS = "https://files.example/speech.wav?signature=x"


def speech_call(audio_format: str = "wav", **fields: Any) -> SpeechCall:
    """Return a call."""
    return SpeechCall("qwen3-tts-flash", "Hello.", "Cherry", audio_format, **fields)


def event(piece: bytes = b"", url: str = "") -> Event:
    """Return an event with a piece of audio, or with the address."""
    audio = {"data": b64encode(piece).decode(), "url": url}
    return Event("result", orjson.dumps({"output": {"audio": audio}}))


def played(reader: SpokenReader, events: list[Event]) -> bytes:
    """Return all audio of the events."""
    heard = b"".join(piece for each in events for piece in reader.read(each))
    return heard + b"".join(reader.close())


def test_a_recording_is_what_the_user_says() -> None:
    """A prompt is the instruction of the model that hears."""
    call = TranscriptionCall(
        "qwen3-asr-flash",
        WAV,
        "audio.wav",
        "audio/wav",
        parameters={"language": "de", "prompt": "Names: Köln."},
        options={"asr_options": {"enable_itn": True, "language": "en"}},
    )
    request = RECOGNITION.to_request(call, ENDPOINT)
    system, user = request.json["input"]["messages"]

    assert refusal_of(DashScopeUpstream(), request) is None
    assert system == {"role": "system", "content": [{"text": "Names: Köln."}]}
    assert b64decode(user["content"][0]["audio"].removeprefix("data:audio/wav;base64,")) == WAV
    assert request.json["parameters"]["asr_options"] == {"enable_itn": True, "language": "de"}


def test_what_was_heard_comes_with_its_language_and_its_minutes() -> None:
    """Seconds are counted under one of two names."""
    message = {"content": [{"text": " Guten Tag. "}], "annotations": [{"language": "de"}]}
    body = {"output": {"choices": [{"message": message}]}, "usage": {"seconds": 30}}
    call = TranscriptionCall("qwen3-asr-flash", WAV, "audio.wav", "audio/wav")
    result = RECOGNITION.to_result(call, orjson.dumps(body))

    assert (result.text, result.unknown_fields["language"]) == ("Guten Tag.", "de")
    assert result.usage is not None
    assert (float(result.usage.quantity), result.usage.meter) == (0.5, Meter.MINUTE)


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b'{"output": {"choices": []}}', b'{"output": 1}'])
def test_an_answer_without_words_is_a_failure_of_the_server(body: bytes) -> None:
    """Silence has an answer with an empty text."""
    call = TranscriptionCall("qwen3-asr-flash", WAV, "audio.wav", "audio/wav")

    with pytest.raises(InvokeServerUnavailableError):
        RECOGNITION.to_result(call, body)


def test_speech_is_asked_for_in_a_stream() -> None:
    """Then it can be heard while it is made."""
    request = SPEECH.to_request(speech_call(options={"language_type": "German"}), ENDPOINT)

    assert refusal_of(DashScopeUpstream(), request) is None
    assert request.headers["X-DashScope-SSE"] == "enable"
    assert request.json == {
        "model": "qwen3-tts-flash",
        "input": {"text": "Hello.", "voice": "Cherry", "language_type": "German"},
    }
    assert isinstance(SPEECH, FramedSpeechDialect)
    assert SPEECH.framing == "sse"


def test_a_format_that_the_model_does_not_speak_is_refused() -> None:
    """The API has no choice of formats, so the promise could not be kept."""
    with pytest.raises(InvokeBadRequestError, match="response_format"):
        SPEECH.to_request(speech_call("mp3"), ENDPOINT)


@given(st.lists(st.binary(min_size=2, max_size=40).filter(lambda piece: len(piece) % 2 == 0), min_size=1))
def test_samples_become_a_file_with_a_head(pieces: list[bytes]) -> None:
    """Nobody could play them without their rate; who asks for raw samples gets them."""
    pieces = [b"\0\0", *pieces]
    events = [*(event(piece) for piece in pieces), event(url=ADDRESS)]
    samples = b"".join(pieces)

    assert read_wav(played(SpokenReader(raw=False), events)) == Wav(FORMAT, samples)
    assert played(SpokenReader(raw=True), events) == samples


def test_a_file_in_pieces_is_left_as_it_is() -> None:
    """It has a head of its own."""
    events = [event(WAV[:60]), event(WAV[60:]), event(url=ADDRESS)]

    assert played(SpokenReader(raw=False), events) == WAV


def test_speech_that_did_not_come_is_downloaded() -> None:
    """The address is signed: no key goes with it."""
    told, silent = SpokenReader(raw=False), SpokenReader(raw=False)
    assert list(told.read(event(b"\0\0"))) + list(told.read(event(url=ADDRESS)))
    assert list(silent.read(event(url=ADDRESS))) == []
    download = silent.rest()

    assert told.rest() is None
    assert download is not None
    assert (download.method, download.url, dict(download.headers)) == ("GET", ADDRESS, {})
    assert list(silent.close()) == []


def test_speech_that_breaks_off_is_a_failure() -> None:
    """The address comes last; without it there may be more."""
    reader = SpokenReader(raw=False)
    assert list(reader.read(event(b"\0\0")))

    with pytest.raises(InvokeConnectionError):
        reader.close()
    with pytest.raises(InvokeServerUnavailableError):
        SpokenReader(raw=False).close()


def test_an_error_among_the_events_is_raised() -> None:
    """It has the code, and the status is lost in a comment."""
    failing = Event("error", b'{"code": "Throttling", "message": "slow down"}')

    with pytest.raises(InvokeRateLimitError, match="slow down"):
        SpokenReader(raw=False).read(failing)
    with pytest.raises(InvokeServerUnavailableError):
        SpokenReader(raw=False).read(Event("result", b'{"output": {"audio": {"data": "?"}}}'))
