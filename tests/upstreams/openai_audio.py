"""OpenAI's audio endpoints: forms in, transcripts out; text in, sounds out."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

from modelbay.sdk.testing import Answer, Request, json_answer, sse
from modelbay.sdk.testing.http import SSE

from .described import Body
from .made_up import heard, sound

FORMS = frozenset({"/v1/audio/transcriptions", "/v1/audio/translations"})
_KINDS = {"mp3": "audio/mpeg", "opus": "audio/ogg", "aac": "audio/aac", "flac": "audio/flac"}
_KINDS |= {"wav": "audio/wav", "pcm": "application/octet-stream"}
_PIECE = 1024


def form(request: Request) -> dict[str, Any] | None:
    """Read a form as the value that the description means; the file is its name. None when it is no form."""
    if not request.parts:
        return None
    fields: dict[str, Any] = {}
    for part in request.parts:
        name, many = part.name.removesuffix("[]"), part.name.endswith("[]")
        value = part.filename or "" if name == "file" else _typed(name, part.text)
        fields[name] = [*fields.get(name, []), value] if many else value
    return fields


def transcription(fields: Body | None, request: Request, transcript: str | None) -> Answer:
    """Answer with what is heard, in the format asked for."""
    assert fields is not None  # the form was checked before
    data = next(part.data for part in request.parts if part.name == "file")
    text = heard(data) if transcript is None else transcript
    if fields.get("stream") and fields["model"] != "whisper-1":
        return Answer(content_type=SSE, events=_transcript_events(text))
    return _transcript(text, fields.get("response_format", "json"))


def speech(body: Body) -> Answer:
    """Answer with a sound, in pieces."""
    kind = body.get("response_format") or "mp3"
    data = sound(body["input"], kind)
    if body.get("stream_format") == "sse":
        return Answer(content_type=SSE, events=_speech_events(data))
    return Answer(content_type=_KINDS[kind], events=_pieces(data))


def _typed(name: str, text: str) -> Any:
    if name == "temperature":
        return _number(text)
    if name == "stream":
        return {"true": True, "false": False}.get(text.lower(), text)
    return text


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text  # the description will say that this is no number


def _transcript(text: str, kind: str) -> Answer:
    if kind == "text":
        return Answer(body=f"{text}\n".encode(), content_type="text/plain; charset=utf-8")
    if kind == "srt":
        body = f"1\n00:00:00,000 --> 00:00:01,000\n{text}\n\n"
        return Answer(body=body.encode(), content_type="text/plain; charset=utf-8")
    if kind == "vtt":
        body = f"WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n{text}\n\n"
        return Answer(body=body.encode(), content_type="text/vtt; charset=utf-8")
    usage = {"type": "duration", "seconds": 1}
    if kind == "verbose_json":
        return json_answer(_verbose(text) | {"usage": usage})
    return json_answer({"text": text, "usage": usage})


def _verbose(text: str) -> dict[str, Any]:
    segment = {"id": 0, "seek": 0, "start": 0.0, "end": 1.0, "text": text, "tokens": [1], "temperature": 0.0}
    segment |= {"avg_logprob": -0.1, "compression_ratio": 1.0, "no_speech_prob": 0.0}
    return {"task": "transcribe", "language": "english", "duration": 1.0, "text": text, "segments": [segment]}


def _transcript_events(text: str) -> Iterator[bytes]:
    for word in text.split(" "):
        yield sse({"type": "transcript.text.delta", "delta": f"{word} "})
    yield sse({"type": "transcript.text.done", "text": text})


def _speech_events(data: bytes) -> Iterator[bytes]:
    for piece in _pieces(data):
        yield sse({"type": "speech.audio.delta", "audio": b64encode(piece).decode()})
    usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
    yield sse({"type": "speech.audio.done", "usage": usage})


def _pieces(data: bytes) -> Iterator[bytes]:
    return (data[start : start + _PIECE] for start in range(0, len(data), _PIECE))
