"""Speech, both ways, as OpenAI clients ask for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from tempfile import SpooledTemporaryFile
from typing import IO

from modelbay.entities import ModelType, Speech2TextResult
from modelbay.errors import InvokeBadRequestError, ModelbayError
from modelbay.gateway.attempts import first_answer
from modelbay.gateway.call import Call
from modelbay.gateway.http.multipart import Multipart, MultipartLimits, boundary_of
from modelbay.runtime.opened import Opened
from modelbay.runtime.worst_case import Size
from modelbay.wires.openai.serving.audio import SPEECH, TRANSCRIPTIONS, TRANSLATIONS
from modelbay.wires.serving import TranscriptionFace

_IN_MEMORY = 2**20
_LONGEST_FIELD = 65536  # bytes; with at most 100 parts a form cannot fill the memory


async def transcriptions(call: Call, rest: str) -> None:
    """Serve `POST /v1/audio/transcriptions`."""
    await _write_down(call, TRANSCRIPTIONS)


async def translations(call: Call, rest: str) -> None:
    """Serve `POST /v1/audio/translations`."""
    await _write_down(call, TRANSLATIONS)


async def speech(call: Call, _rest: str) -> None:
    """Serve `POST /v1/audio/speech`; the audio is passed on as it comes."""
    ask = SPEECH.from_request(await call.json())
    call.asks(ask.model, ModelType.TTS, stream=True)

    async def begin(opened: Opened) -> tuple[bytes, AsyncIterator[bytes]]:
        pieces = opened.speak_stream(ask.text, voice=ask.voice, timeout=call.timeout())
        try:
            return await anext(pieces), pieces
        except BaseException:
            await pieces.aclose()  # type: ignore[attr-defined]
            raise

    opened, (first, rest) = await first_answer(call, ask.model, ModelType.TTS, ask.wishes, begin)
    call.first_token()
    call.used(opened.speech_usage(ask.text))
    async with aclosing(rest):  # type: ignore[type-var]
        await _play(call, opened.mime_type(first), first, rest)


async def _play(call: Call, mime_type: str, piece: bytes, rest: AsyncIterator[bytes]) -> None:
    """Send the audio, one piece behind: the last one goes out when the call is written down."""
    exchange = call.exchange
    exchange.begin(200, call.head(b"content-type: %b\r\n" % mime_type.encode()))
    try:
        async for following in rest:
            if exchange.send(piece):
                await call.caught_up()
            piece = following
        await call.settle(200)
    except ModelbayError as error:
        await call.cut(error)
    else:
        exchange.end(piece)


async def _write_down(call: Call, face: TranscriptionFace) -> None:
    with SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
        fields = await _form(call, file)
        ask = face.from_form(fields)
        call.size = Size(file.tell())
        call.asks(ask.model, ModelType.SPEECH2TEXT)

        async def begin(opened: Opened) -> Speech2TextResult:
            file.seek(0)
            return await opened.transcribe(file, timeout=call.timeout())

        _, result = await first_answer(call, ask.model, ModelType.SPEECH2TEXT, ask.wishes, begin)
    call.used(result.usage)
    content, body = face.from_result(ask, result)
    await call.answer(body, b"content-type: %b\r\n" % content.encode())


async def _form(call: Call, file: IO[bytes]) -> list[tuple[str, str]]:
    """Read the form as it arrives: the file onto disk if it is large, the fields into a list."""
    exchange, limits = call.exchange, call.gateway.settings.limits
    boundary = boundary_of(exchange.headers.get("content-type", ""))
    bounds = MultipartLimits(field=_LONGEST_FIELD, file=limits.file)
    fields: list[tuple[str, str]] = []
    seen = False
    async for part in Multipart(exchange.pieces(), boundary, bounds):
        if part.filename is None:
            fields.append((part.name, await part.text()))
        elif part.name == "file" and not seen:
            seen = True
            async for piece in part.pieces():
                file.write(piece)
        else:
            raise InvokeBadRequestError(f"{part.name}: one file is taken, in the field 'file'")
    if not seen:
        raise InvokeBadRequestError("file: the form has no file of that name")
    return fields
