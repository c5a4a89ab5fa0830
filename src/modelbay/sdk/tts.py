"""Text-to-speech models."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import time
import uuid
from abc import abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any, ClassVar

from modelbay.entities import CallUsage, Meter, ModelPropertyKey, ModelType, SpeechResult
from modelbay.errors import InvokeBadRequestError
from modelbay.sdk import prices, threads
from modelbay.sdk.audio import AudioFormat, Joiner, detect_format, join
from modelbay.sdk.mapping import close
from modelbay.sdk.model import AIModel
from modelbay.sdk.sentences import greedy_sentence_windows, split_into_sentences
from modelbay.wires.usage import call_usage

_FILE_NAMES = uuid.UUID("a5da6ef9-b303-596f-8e88-bf8fa40f4b31")


class TTSModel(AIModel):
    """Base of text-to-speech models. A plugin defines `_invoke` for a text within its upstream's limit.

    Two signatures are in use and both are accepted: today's `(model, tenant_id, credentials, content_text,
    voice, user)` and the specification's `(model, credentials, content_text, streaming, user)`.
    """

    model_type: ClassVar[ModelType] = ModelType.TTS
    chooses_format: ClassVar[bool] = False
    """Whether `_invoke` makes audio of the type that `extras` ask for as `response_format`."""

    @abstractmethod
    def _invoke(self, *args: Any, **kwargs: Any) -> Any:
        """Return the audio as `bytes`, or as a generator of `bytes`; may be async."""

    async def invoke(
        self,
        model: str,
        credentials: dict[str, Any],
        content_text: str,
        voice: str | None = None,
        user: str | None = None,
        tenant_id: str = "",
    ) -> SpeechResult:
        """Speak a text of any length; return one playable file.

        Args:
            voice: One of the model's voices; None takes its default voice.
        """
        with self.timing_context(), self._boundary(model, credentials):
            await self.resolve(model, credentials)
            audio_format = self._format(model, credentials)
            spoken = self._spoken(model, credentials, content_text, voice, user, tenant_id)
            async with aclosing(spoken):
                parts = [b"".join([chunk async for chunk in part]) async for part in spoken]
            return self._result(model, credentials, content_text, join(parts, audio_format))

    async def stream(
        self,
        model: str,
        credentials: dict[str, Any],
        content_text: str,
        voice: str | None = None,
        user: str | None = None,
        tenant_id: str = "",
    ) -> AsyncIterator[bytes]:
        """Yield the audio as it comes; joined, the pieces are one file without gaps between its parts."""
        with self.timing_context(), self._boundary(model, credentials):
            await self.resolve(model, credentials)
            joiner = Joiner(self._format(model, credentials))
            spoken = self._spoken(model, credentials, content_text, voice, user, tenant_id)
            place = 0
            async with aclosing(spoken):
                async for part in spoken:
                    async for chunk in part:
                        if piece := joiner.feed(place, chunk):
                            yield piece
                    place += 1
            if piece := joiner.finish():
                yield piece

    async def _spoken(
        self,
        model: str,
        credentials: dict[str, Any],
        text: str,
        voice: str | None,
        user: str | None,
        tenant_id: str,
    ) -> AsyncGenerator[AsyncIterator[bytes], None]:
        """Yield the audio of each part of the text; the next part is fetched while one is played."""
        await self.resolve(model, credentials)
        voice = self._voice(model, credentials, voice)
        limit = self._get_model_word_limit(model, credentials)
        parts = split_into_sentences(text, int(limit)) if limit else [text]
        spoken = [part for part in parts if part.strip()]
        if not spoken:
            raise InvokeBadRequestError("the text to speak is empty")
        following: asyncio.Task[bytes] | None = None
        try:
            for place, _ in enumerate(spoken):
                current, following = following, None
                source = (
                    self._ready(await current)
                    if current
                    else self._part(model, credentials, spoken[place], voice, user, tenant_id)
                )
                if place + 1 < len(spoken):
                    following = asyncio.create_task(
                        _collect(self._part(model, credentials, spoken[place + 1], voice, user, tenant_id))
                    )
                try:
                    yield source
                finally:
                    await close(source)
        finally:
            if following is not None:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)

    @staticmethod
    async def _ready(audio: bytes) -> AsyncIterator[bytes]:
        yield audio

    async def _part(
        self,
        model: str,
        credentials: dict[str, Any],
        text: str,
        voice: str,
        user: str | None,
        tenant_id: str,
    ) -> AsyncIterator[bytes]:
        if "tenant_id" in inspect.signature(self._invoke).parameters:
            answer = await threads.call(
                self._invoke,
                model=model,
                tenant_id=tenant_id,
                credentials=dict(credentials),
                content_text=text,
                voice=voice,
                user=user,
            )
        else:
            answer = await threads.call(self._invoke, model, dict(credentials), text, True, user)
        if isinstance(answer, bytes | bytearray | memoryview):
            yield bytes(answer)
            return
        chunks = threads.items(answer)
        try:
            async for chunk in chunks:
                yield bytes(chunk)
        finally:
            await close(chunks)

    def _voice(self, model: str, credentials: Mapping[str, Any], voice: str | None) -> str:
        """Return the voice to use; InvokeBadRequestError names the voices if it is none of them."""
        known = self.get_tts_model_voices(model, credentials) or []
        values = [item["value"] for item in known]
        if not voice:
            default = self._get_model_default_voice(model, credentials)
            return str(default or (values[0] if values else ""))
        if values and voice not in values:
            raise InvokeBadRequestError(f"voice {voice!r} is not one of {', '.join(values)}")
        return voice

    def _format(self, model: str, credentials: Mapping[str, Any]) -> AudioFormat | None:
        kind = self.audio_type(model, credentials)
        return AudioFormat(kind) if kind in set(AudioFormat) else None

    def _result(self, model: str, credentials: Mapping[str, Any], text: str, audio: bytes) -> SpeechResult:
        usage = self.usage_of(model, credentials, text)
        return SpeechResult(
            model=model,
            audio=audio,
            mime_type=self.mime_type_of(model, credentials, audio),
            usage=usage.model_copy(update={"latency": time.perf_counter() - self.started_at}),
        )

    def usage_of(self, model: str, credentials: Mapping[str, Any], text: str) -> CallUsage:
        """Return what speaking a text uses and costs, as far as it is known before."""
        usage = call_usage(len(text), Meter.CHARACTER)
        return prices.price_call_usage(usage, self._pricing(model, credentials))

    def mime_type_of(self, model: str, credentials: Mapping[str, Any], audio: bytes) -> str:
        """Return the media type of audio by its beginning, else the one that the model declares."""
        # Raw samples have no head to tell them by, and may look like anything.
        raw = self.extras.get("response_format") == AudioFormat.PCM
        found = AudioFormat.PCM if raw else detect_format(audio)
        known = found.mime_type if found else self.get_tts_model_mime_type(model, credentials)
        return known or "application/octet-stream"

    def takes(self, name: str, model: str, credentials: Mapping[str, Any]) -> bool:
        """Whether the model can be told: a type of audio may always be asked for, if only to be refused."""
        return name == "response_format"

    def audio_type(self, model: str, credentials: Mapping[str, Any]) -> str | None:
        """Return the type of audio that this call makes, as `response_format` names it; None if undeclared.

        Of a model that no YAML declares it is known once the model is resolved.

        Raises:
            InvokeBadRequestError: The call asks for another type than the model's only one.
        """
        declared = self._get_model_audio_type(model, credentials)
        wanted = self.extras.get("response_format")
        if wanted and wanted != declared and not self.chooses_format:
            only = f"{declared} only" if declared else "in a format of its own"
            raise InvokeBadRequestError(f"response_format: this model speaks {only}, not {wanted}")
        kind = wanted or declared
        return str(kind) if kind else None

    # what plugins call

    def get_tts_model_voices(
        self, model: str, credentials: Mapping[str, Any], language: str | None = None
    ) -> list[dict[str, str]] | None:
        """Return the model's voices as `{"name", "value"}`, of one language if given; None if undeclared."""
        voices = self._property(model, credentials, ModelPropertyKey.VOICES)
        if not voices:
            return None
        return [
            {"name": voice["name"], "value": voice["mode"]}
            for voice in voices
            if language is None or language in (voice.get("language") or [])
        ]

    def _get_model_default_voice(self, model: str, credentials: Mapping[str, Any]) -> Any:
        return self._property(model, credentials, ModelPropertyKey.DEFAULT_VOICE)

    def _get_model_audio_type(self, model: str, credentials: Mapping[str, Any]) -> Any:
        return self._property(model, credentials, ModelPropertyKey.AUDIO_TYPE)

    def _get_model_word_limit(self, model: str, credentials: Mapping[str, Any]) -> Any:
        return self._property(model, credentials, ModelPropertyKey.WORD_LIMIT)

    def _get_model_workers_limit(self, model: str, credentials: Mapping[str, Any]) -> Any:
        return self._property(model, credentials, ModelPropertyKey.MAX_WORKERS)

    def get_tts_model_mime_type(self, model: str, credentials: Mapping[str, Any]) -> str | None:
        """Return the media type of the audio that this call makes, or None if that is not known."""
        found = self._format(model, credentials)
        return found.mime_type if found else None

    @staticmethod
    def _split_text_into_sentences(
        org_text: str, max_length: int = 2000, pattern: str = r"[。.!?]"
    ) -> list[str]:
        return greedy_sentence_windows(org_text, max_length, pattern)

    @staticmethod
    def _get_file_name(file_content: str) -> str:
        return str(uuid.uuid5(_FILE_NAMES, hashlib.sha256(file_content.encode()).hexdigest()))


Text2SpeechModel = TTSModel
"""The specification's name for `TTSModel`."""


async def _collect(source: AsyncIterator[bytes]) -> bytes:
    try:
        return b"".join([chunk async for chunk in source])
    finally:
        await close(source)
