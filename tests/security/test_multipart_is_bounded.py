"""CVE-2024-8984: a form of endless boundaries, fields or bytes, from somebody without a key."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.gateway.client import Answer, read_answer
from tests.gateway.serving import Served, serving

from modelbay.gateway.settings import Limits

PATH = "/v1/audio/transcriptions"
_FIELD = b'--b\r\ncontent-disposition: form-data; name="model"\r\n\r\nopenai/whisper-1\r\n'
_FILE = b'--b\r\ncontent-disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
HOSTILE = {
    "endless boundary": (b"b", b"--b" + b"-" * 3_000_000),
    "many parts": (b"b", _FIELD * 20_000 + b"--b--\r\n"),
    "endless headers": (b"b", b"--b\r\nx: " + b"y" * 3_000_000),
    "many headers": (b"b", b"--b\r\n" + b"x: y\r\n" * 300_000),
    "endless field": (b"b", _FIELD[:-2] + b"x" * 3_000_000 + b"\r\n--b--\r\n"),
    "endless file": (b"b", _FIELD + _FILE + b"x" * 3_000_000 + b"\r\n--b--\r\n"),
    "long boundary": (b"b" * 20_000, b"--" + b"b" * 20_000 + b"\r\n"),
    "near boundaries": (b"b", _FIELD + _FILE + b"\r\n--a" * 700_000 + b"\r\n--b--\r\n"),
    "no end": (b"b", _FIELD + _FILE + b"x" * 1000),
}


async def _post(served: Served, boundary: bytes, body: bytes, key: str) -> Answer:
    """Send a form as fast as it is taken, and read the answer as soon as there is one."""
    reader, writer = await asyncio.open_connection(*served.place)
    lines = [f"POST {PATH} HTTP/1.1".encode(), b"Host: a", b"Connection: close"]
    lines += [b"Authorization: Bearer " + key.encode()] if key else []
    lines += [b"Content-Type: multipart/form-data; boundary=" + boundary, b"Content-Length: %d" % len(body)]
    writer.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
    try:
        return read_answer(await reader.read())
    finally:
        writer.close()


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_form_is_refused(name: str, tmp_path: Path) -> None:
    """By a limit that is reached before the form is in memory."""
    async with serving(tmp_path, "openai", limits=Limits(upload=2_000_000, file=1_000_000)) as served:
        answer = await _post(served, *HOSTILE[name], served.key)
        assert answer.status in {400, 413, 431}, answer.body
        assert not served.upstreams["openai"].requests


@pytest.mark.parametrize("name", HOSTILE)
async def test_without_a_key_no_form_is_read_at_all(name: str, tmp_path: Path) -> None:
    """Whoever may not call must not be able to keep the gateway busy."""
    async with serving(tmp_path, "openai") as served:
        answer = await _post(served, *HOSTILE[name], "")
        assert answer.status in {401, 431}
        assert not await served.records()
