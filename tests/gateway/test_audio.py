"""Speech, both ways, as OpenAI's clients ask for it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.gateway.conftest import Serve
from tests.gateway.installation import Installation
from tests.upstreams.made_up import wav
from tests.upstreams.published import as_published

from modelbay.gateway.settings import Limits
from modelbay.sdk.testing import faults

BOUNDARY = "the-boundary"
TYPE = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
WHISPER = {"model": "whisper-1"}
FITS = as_published("openai.openapi.json")


def form(fields: dict[str, str], *files: tuple[str, str, bytes]) -> bytes:
    """Return a form; a file is its field, its name and its content."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    for name, filename, data in files:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
        parts.append(head.encode() + b"Content-Type: audio/wav\r\n\r\n" + data + b"\r\n")
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


async def write_down(
    served: Installation, fields: dict[str, str], data: bytes | None = None, path: str = "transcriptions"
) -> Any:
    """Ask for what is said in a sound."""
    files = [("file", "speech.wav", wav("Good morning") if data is None else data)]
    return await served.call("POST", f"/v1/audio/{path}", form(fields, *files), TYPE)


@pytest.mark.parametrize(
    ("wanted", "kind", "begins"),
    [
        ("json", "application/json", b'{"text":"Good morning"'),
        ("text", "text/plain", b"Good morning"),
        ("srt", "", b"1\n00:00:0"),
        ("vtt", "", b"WEBVTT"),
        ("verbose_json", "application/json", b"{"),
    ],
)
async def test_a_recording_is_written_down(serve: Serve, wanted: str, kind: str, begins: bytes) -> None:
    """In the form that the client wants, or a refusal that names the field."""
    served = await serve("openai")

    answer = await write_down(served, {**WHISPER, "response_format": wanted})

    if answer.status == 400:
        assert answer.json["error"]["param"] == "response_format"
        assert wanted in ("srt", "vtt", "verbose_json")
        return
    assert answer.status == 200
    assert answer.headers["content-type"].startswith(kind)
    assert answer.body.startswith(begins)
    [record] = await served.records()
    assert (record["surface"], record["model_type"]) == ("openai.transcriptions", "speech2text")


async def test_the_upstream_gets_a_form_with_the_bytes(serve: Serve) -> None:
    """Byte for byte, with a name that tells the format."""
    served = await serve("openai")
    sound = wav("Good morning") + bytes(range(256))

    answer = await write_down(served, WHISPER, sound)

    FITS(answer.json, "CreateTranscriptionResponseJson")
    [request] = served.upstreams["openai"].requests
    assert sound in request.raw
    assert b'.wav"' in request.raw


async def test_a_file_that_is_larger_than_what_is_kept_in_memory(serve: Serve) -> None:
    """It goes through the disk and arrives whole."""
    served = await serve("openai")
    sound = wav("Good morning") + bytes(3 * 2**20)

    answer = await write_down(served, WHISPER, sound)

    assert answer.json["text"] == "Good morning"
    assert sound in served.upstreams["openai"].requests[-1].raw


async def test_a_translation(serve: Serve) -> None:
    """It has its own endpoint; a provider without one is told by name."""
    served = await serve("openai")

    answer = await write_down(served, WHISPER, path="translations")

    assert answer.status in (200, 400)
    if answer.status == 400:
        assert "translat" in answer.json["error"]["message"]
        assert not served.upstreams["openai"].requests


BAD_FORMS: dict[str, tuple[bytes, dict[str, str], str]] = {
    "no file": (form(WHISPER), TYPE, "file"),
    "no model": (form({}, ("file", "a.wav", b"x")), TYPE, "model"),
    "two files": (form(WHISPER, ("file", "a.wav", b"x"), ("file", "b.wav", b"x")), TYPE, "file"),
    "a file in another field": (form(WHISPER, ("sound", "a.wav", b"x")), TYPE, "sound"),
    "JSON": (b'{"model": "whisper-1"}', {"content-type": "application/json"}, "multipart"),
    "no boundary": (form(WHISPER), {"content-type": "multipart/form-data"}, "boundary"),
    "cut off": (form(WHISPER, ("file", "a.wav", b"x" * 99))[:-30], TYPE, ""),
    "nothing": (b"", TYPE, ""),
    "a temperature that is none": (
        form({**WHISPER, "temperature": "hot"}, ("file", "a.wav", b"x")),
        TYPE,
        "temperature",
    ),
}


@pytest.mark.parametrize("mistake", BAD_FORMS)
async def test_forms_that_are_wrong(serve: Serve, mistake: str) -> None:
    """A mistake of the client, told by the field; nothing is sent on."""
    served = await serve("openai")
    body, headers, named = BAD_FORMS[mistake]

    answer = await served.call("POST", "/v1/audio/transcriptions", body, headers)

    assert answer.status in (400, 415), answer.body
    assert named in answer.json["error"]["message"]
    assert not served.upstreams["openai"].requests


async def test_files_have_a_limit(serve: Serve) -> None:
    """It is found while the file comes in, not after."""
    served = await serve("openai", limits=Limits(file=1000))

    answer = await write_down(served, WHISPER, bytes(5000))

    assert answer.status == 413
    assert "file" in answer.json["error"]["message"]
    assert not served.upstreams["openai"].requests


@pytest.mark.parametrize("model", ["tts-1", "sandbox-voice"])
async def test_a_text_is_spoken(serve: Serve, model: str) -> None:
    """The audio is passed on as it comes, with the type that it has."""
    served = await serve("openai")
    voice = "alloy" if model == "tts-1" else "celesta"

    answer = await served.post("/v1/audio/speech", {"model": model, "input": "Hello you", "voice": voice})

    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == ("audio/mpeg" if model == "tts-1" else "audio/wav")
    assert answer.headers["transfer-encoding"] == "chunked"
    assert answer.complete
    assert len(answer.body) > 100
    assert answer.headers["modelbay-model"].endswith(model)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"voice": "nobody"}, "voice"),
        ({"input": ""}, "input"),
        ({"input": 7}, "input"),
        ({"speed": "fast"}, "speed"),
    ],
)
async def test_speech_that_cannot_be(serve: Serve, fields: dict[str, Any], named: str) -> None:
    """The error names the field."""
    served = await serve("openai")
    body = {"model": "tts-1", "input": "Hello", "voice": "alloy", **fields}

    answer = await served.post("/v1/audio/speech", body)

    assert answer.status == 400, answer.body
    assert named in answer.json["error"]["message"]


async def test_speech_that_breaks_off_is_not_a_short_speech(serve: Serve) -> None:
    """A sound has no place for an error: the answer is cut, so that the client sees that it is none."""
    served = await serve("openai")
    served.upstreams["openai"].will_fail(faults.truncated(), times=None)

    answer = await served.post("/v1/audio/speech", {"model": "tts-1", "input": "Hello", "voice": "alloy"})

    assert answer.status >= 500 or not answer.complete
    [record] = await served.records()
    assert record["error"] == "InvokeConnectionError"
