"""Speech written down, translated, and spoken."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from tests.upstreams.described import specification

from modelbay.entities import Meter
from modelbay.errors import InvokeBadRequestError, InvokeServerUnavailableError
from modelbay.wires.family import (
    Endpoint,
    SpeechCall,
    TranscriptionCall,
)
from modelbay.wires.openai import FAMILY

_FAMILY: Any = FAMILY  # of a family each dialect may be missing; not of this one

_ENDPOINT = Endpoint("https://upstream.test/v1")


def _is_described(name: Any, body: Any) -> Any:
    described = specification("openai.openapi.json")
    return described is None or described.of(name).complaint(body) is None


def _heard(body: Any, options: Any = None, **parameters: Any) -> Any:
    call = TranscriptionCall(
        "whisper", b"RIFF", "a.wav", "audio/wav", parameters=parameters, options=options or {}
    )
    return _FAMILY.transcription.to_result(
        call, body if isinstance(body, bytes) else json.dumps(body).encode()
    )


def _form(options: Any = None, **parameters: Any) -> Any:
    call = TranscriptionCall(
        "whisper", b"RIFF", "a.wav", "audio/wav", parameters=parameters, options=options or {}
    )
    request = _FAMILY.transcription.to_request(call, _ENDPOINT)
    return request.url.rpartition("/")[2], [(part.name, part.data) for part in request.form], request.form[0]


def test_a_recording_is_sent_as_a_form() -> None:
    """The file needs a name, by whose extension servers know its format."""
    path, fields, file = _form(language="de", temperature=0.2, timestamp_granularities=["word", "segment"])

    assert path == "transcriptions"
    assert fields == [
        ("file", b"RIFF"),
        ("model", "whisper"),
        ("response_format", "json"),
        ("language", "de"),
        ("temperature", "0.2"),
        ("timestamp_granularities[]", "word"),
        ("timestamp_granularities[]", "segment"),
    ]
    assert (file.filename, file.content_type) == ("a.wav", "audio/wav")


def test_a_translation_has_its_own_path_and_no_language() -> None:
    """It is always into English."""
    path, fields, _ = _form({"task": "translate"}, prompt="Names: Ann")

    assert (path, dict(fields)["prompt"], "task" in dict(fields)) == ("translations", "Names: Ann", False)
    with pytest.raises(InvokeBadRequestError, match=r"^language: "):
        _form(task="translate", language="de")


@pytest.mark.parametrize(
    ("usage", "quantity", "meter"),
    [
        ({"type": "tokens", "input_tokens": 14, "output_tokens": 6, "total_tokens": 20}, 20, Meter.TOKEN),
        ({"type": "duration", "seconds": 90}, Decimal("1.5"), Meter.MINUTE),
    ],
)
def test_what_was_heard_comes_with_what_it_took(usage: Any, quantity: Any, meter: Any) -> None:
    """Models are billed by tokens or by minutes."""
    result = _heard({"text": "Hello", "usage": usage})

    assert (result.text, result.usage.quantity, result.usage.meter) == ("Hello", quantity, meter)


def test_a_detailed_answer_keeps_its_details() -> None:
    """Segments and words are for whoever asked for them."""
    body = {
        "text": "Hello",
        "language": "english",
        "duration": 3.0,
        "segments": [{"id": 0}],
        "task": "transcribe",
    }
    result = _heard(body, response_format="verbose_json")

    assert (result.segments, result.language, result.usage.quantity) == (
        [{"id": 0}],
        "english",
        Decimal("0.05"),
    )


@pytest.mark.parametrize("form", ["text", "srt", "vtt"])
def test_plain_answers_are_the_text(form: Any) -> None:
    """These forms are not JSON."""
    assert _heard(b"1\n00:00 --> 00:01\nHi\n", response_format=form).text == "1\n00:00 --> 00:01\nHi"


@pytest.mark.parametrize("body", [b"<html>", {"segments": []}, {"error": {"message": "broken"}}])
def test_an_answer_without_a_text_is_an_error(body: Any) -> None:
    """Silence is an empty text, not a missing one."""
    assert _heard({"text": ""}).text == ""
    with pytest.raises(InvokeServerUnavailableError):
        _heard(body)


def test_a_speech_request_is_as_the_published_description_says() -> None:
    """Speed and instructions are parameters."""
    parameters = {"speed": 1.5, "instructions": "Whisper."}
    call = SpeechCall("gpt-4o-mini-tts", "Hello", "nova", "wav", parameters=parameters)
    request = _FAMILY.speech.to_request(call, _ENDPOINT)

    assert _is_described("CreateSpeechRequest", request.json)
    assert request.json == {
        "model": "gpt-4o-mini-tts",
        "input": "Hello",
        "voice": "nova",
        "response_format": "wav",
        **parameters,
    }
    refusing = SpeechCall(
        "tts-1", "Hello", "nova", "mp3", parameters=parameters, options={"refuse": ["instructions"]}
    )
    with pytest.raises(InvokeBadRequestError, match=r"^instructions: "):
        _FAMILY.speech.to_request(refusing, _ENDPOINT)
