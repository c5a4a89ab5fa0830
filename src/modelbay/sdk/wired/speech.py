"""Speech models on a known wire, both ways."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import IO, Any

from modelbay.entities import Speech2TextResult
from modelbay.sdk import threads
from modelbay.sdk.audio import Wav, WavFormat, write_wav
from modelbay.sdk.mapping import close
from modelbay.sdk.speech2text import AudioFile, Speech2TextModel
from modelbay.sdk.tts import TTSModel
from modelbay.sdk.wired.base import ToldModel
from modelbay.wires.family import SpeechCall, Told, TranscriptionCall


class WiredSpeech2TextModel(ToldModel, Speech2TextModel):
    """Speaks the dialect that the provider declares; needs no code of the provider."""

    async def _invoke(
        self, model: str, credentials: dict[str, Any], file: IO[bytes], user: str | None = None
    ) -> Speech2TextResult:
        data = await threads.call(file.read)
        audio = file if isinstance(file, AudioFile) else AudioFile(data)
        dialect = self._dialect(self.family.transcription)
        call = TranscriptionCall(
            model=self.upstream_name(model, credentials),
            audio=data,
            filename=audio.name,
            mime_type=audio.mime_type,
            user=user,
            parameters=self.extras,
            options=self.wire_options(model, credentials),
        )
        reply = await self.transport.send(dialect.to_request(call, self.endpoint(credentials)))
        return dialect.to_result(call, reply.body)

    def _told(self) -> Told:
        return self._dialect(self.family.transcription)

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
        dialect = self._dialect(self.family.speech)
        call = SpeechCall(
            model=self.upstream_name(model, credentials),
            text=text,
            voice=voice,
            audio_format=self.audio_type(model, credentials) or "mp3",
            user=user,
            parameters={name: value for name, value in self.extras.items() if name != "response_format"},
            options=self.wire_options(model, credentials),
        )
        chunks = self.transport.chunks(dialect.to_request(call, self.endpoint(credentials)))
        try:
            async for chunk in chunks:
                yield chunk
        finally:
            await close(chunks)

    def _told(self) -> Told:
        return self._dialect(self.family.speech)

    async def validate_credentials(self, model: str, credentials: dict[str, Any]) -> None:
        """Prove credentials and model by speaking one word."""
        voice = self._voice(model, credentials, None)
        chunks = self._audio(model, credentials, "ping", voice, None)
        try:
            async for _ in chunks:
                break
        finally:
            await close(chunks)
