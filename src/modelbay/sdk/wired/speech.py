"""Speech models on a known wire, both ways."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import IO, Any

from modelbay.entities import Speech2TextResult
from modelbay.sdk import threads
from modelbay.sdk.audio import Wav, WavFormat, write_wav
from modelbay.sdk.mapping import close
from modelbay.sdk.speech2text import AudioFile, Speech2TextModel
from modelbay.sdk.tts import TTSModel
from modelbay.sdk.wired.base import ToldModel
from modelbay.wires.family import (
    FramedSpeechDialect,
    SpeechCall,
    SpeechDialect,
    SpokenTranscriptionDialect,
    TranscriptionCall,
    TranscriptionDialect,
    TranscriptReader,
)
from modelbay.wires.request import Request


class WiredSpeech2TextModel(ToldModel, Speech2TextModel):
    """Speaks the dialect that the provider declares; needs no code of the provider."""

    async def _invoke(
        self, model: str, credentials: dict[str, Any], file: IO[bytes], user: str | None = None
    ) -> Speech2TextResult:
        data = await threads.call(file.read)
        audio = file if isinstance(file, AudioFile) else AudioFile(data)
        options = self.wire_options(model, credentials)
        dialect = self._told(options)
        call = TranscriptionCall(
            model=self.upstream_name(model, credentials),
            audio=data,
            filename=audio.name,
            mime_type=audio.mime_type,
            user=user,
            parameters=self.extras,
            options=options,
        )
        request = dialect.to_request(call, self.endpoint(credentials, options))
        if isinstance(dialect, SpokenTranscriptionDialect):
            return await self._spoken(dialect.to_reader(call), request)
        reply = await self.transport.send(request)
        return dialect.to_result(call, reply.body)

    async def _spoken(self, reader: TranscriptReader, request: Request) -> Speech2TextResult:
        frames = self.transport.frames(request, "websocket")
        try:
            async for frame in frames:
                reader.read(frame)
                if reader.done:
                    break
        finally:
            await close(frames)
        return reader.result()

    def _told(self, options: Mapping[str, Any]) -> TranscriptionDialect:
        return self._dialect(self.speaking(options).transcription)

    async def validate_credentials(self, model: str, credentials: dict[str, Any]) -> None:
        """Prove credentials and model with a second of silence."""
        silence = write_wav(Wav(WavFormat(channels=1, sample_rate=16000, bits=16), bytes(32000)))
        await self._invoke(model, credentials, AudioFile(silence))


class WiredTTSModel(ToldModel, TTSModel):
    """Speaks the dialect that the provider declares; needs no code of the provider."""

    chooses_format = True

    async def _invoke(
        self,
        model: str,
        tenant_id: str,
        credentials: dict[str, Any],
        content_text: str,
        voice: str,
        user: str | None = None,
    ) -> AsyncIterator[bytes]:
        return self._audio(model, credentials, content_text, voice, user)

    async def _audio(
        self, model: str, credentials: dict[str, Any], text: str, voice: str, user: str | None
    ) -> AsyncIterator[bytes]:
        options = self.wire_options(model, credentials)
        dialect = self._told(options)
        call = SpeechCall(
            model=self.upstream_name(model, credentials),
            text=text,
            voice=voice,
            audio_format=self.audio_type(model, credentials) or "mp3",
            user=user,
            parameters={name: value for name, value in self.extras.items() if name != "response_format"},
            options=options,
        )
        request = dialect.to_request(call, self.endpoint(credentials, options))
        if isinstance(dialect, FramedSpeechDialect):
            pieces = self._framed(dialect, call, request)
        else:
            pieces = self.transport.chunks(request)
        try:
            async for piece in pieces:
                yield piece
        finally:
            await close(pieces)

    async def _framed(
        self, dialect: FramedSpeechDialect, call: SpeechCall, request: Request
    ) -> AsyncIterator[bytes]:
        """Yield audio that comes inside JSON, events or messages, or that they say where to download."""
        reader = dialect.to_audio(call)
        frames = self.transport.frames(request, dialect.framing)
        try:
            async for frame in frames:
                for piece in reader.read(frame):
                    yield piece
                if getattr(reader, "done", False):
                    break
        finally:
            await close(frames)
        rest = reader.rest()
        if rest is not None:
            yield (await self.transport.fetch(rest.url)).body
        for piece in reader.close():
            yield piece

    def _told(self, options: Mapping[str, Any]) -> SpeechDialect:
        return self._dialect(self.speaking(options).speech)

    async def validate_credentials(self, model: str, credentials: dict[str, Any]) -> None:
        """Prove credentials and model by speaking one word."""
        voice = self._voice(model, credentials, None)
        chunks = self._audio(model, credentials, "ping", voice, None)
        try:
            async for _ in chunks:
                break
        finally:
            await close(chunks)
