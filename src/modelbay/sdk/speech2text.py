"""Speech-to-text models."""

from __future__ import annotations

import io
import time
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import IO, Any, ClassVar

from modelbay.entities import CallUsage, Meter, ModelPropertyKey, ModelType, Speech2TextResult
from modelbay.errors import InvokeBadRequestError
from modelbay.sdk import prices, threads
from modelbay.sdk.audio import detect_format, duration, split_at_silence
from modelbay.sdk.calls import each
from modelbay.sdk.model import AIModel
from modelbay.sdk.transcripts import joined
from modelbay.wires.usage import call_usage

MEGABYTE = 1_000_000  # upstreams count the whole request: the smaller megabyte leaves room for its form


class AudioFile(io.BytesIO):
    """Audio in memory with the file name that its content calls for."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        found = detect_format(data)
        self.name = f"audio{found.suffix if found else '.mp3'}"
        self.mime_type = found.mime_type if found else "audio/mpeg"


class Speech2TextModel(AIModel):
    """Base of speech-to-text models. A plugin defines `_invoke` for a file within its upstream's limit."""

    model_type: ClassVar[ModelType] = ModelType.SPEECH2TEXT
    requests_at_once: ClassVar[int] = 4

    @abstractmethod
    def _invoke(
        self, model: str, credentials: dict[str, Any], file: IO[bytes], user: str | None = None
    ) -> Any:
        """Return what was said, as `str` or `Speech2TextResult`; may be async. `file` has a `name`."""

    async def invoke(
        self, model: str, credentials: dict[str, Any], file: IO[bytes] | bytes, user: str | None = None
    ) -> Speech2TextResult:
        """Write down what is said in an audio file; its format is recognised by its content.

        A file over the model's `file_upload_limit` (MB) is split at silence and its parts are joined by a
        space.

        Raises:
            InvokeBadRequestError: The file is empty, or too large and of a format that cannot be split.
        """
        with self.timing_context(), self._boundary(model, credentials):
            await self.resolve(model, credentials)
            audio = file if isinstance(file, bytes) else await threads.call(file.read)
            parts = await threads.call(self._parts, model, credentials, audio)

            async def write_down(part: bytes) -> Speech2TextResult:
                said = await threads.call(self._invoke, model, dict(credentials), AudioFile(part), user)
                return said if isinstance(said, Speech2TextResult) else Speech2TextResult(result=said)

            results = await each(parts, write_down, at_once=self.requests_at_once)
            lengths = await threads.call(_lengths, parts)
            return self._joined(model, credentials, audio, results, lengths)

    def _parts(self, model: str, credentials: Mapping[str, Any], audio: bytes) -> list[bytes]:
        if not audio:
            raise InvokeBadRequestError("the audio file is empty")
        limit = self._property(model, credentials, ModelPropertyKey.FILE_UPLOAD_LIMIT)
        return split_at_silence(audio, int(float(limit) * MEGABYTE)) if limit else [audio]

    def _joined(
        self,
        model: str,
        credentials: Mapping[str, Any],
        audio: bytes,
        results: Sequence[Speech2TextResult],
        lengths: Sequence[float | None],
    ) -> Speech2TextResult:
        pricing = self._pricing(model, credentials)
        usage = _usage_of(results, audio, pricing.meter if pricing else None)
        if usage is not None:
            usage = prices.price_call_usage(usage, pricing)
            usage = usage.model_copy(update={"latency": time.perf_counter() - self.started_at})
        return joined(results, lengths).model_copy(update={"usage": usage})


def _lengths(parts: Sequence[bytes]) -> list[float | None]:
    return [duration(part) for part in parts] if len(parts) > 1 else [None]


def _usage_of(
    results: Sequence[Speech2TextResult], audio: bytes, priced_by: Meter | None
) -> CallUsage | None:
    """Return what the upstream reported in all, if it is priced by that or nothing is known of its price.

    Otherwise the minutes of audio count, as far as they can be told.
    """
    usages = [result.usage for result in results if result.usage is not None]
    meters = {usage.meter for usage in usages}
    if len(usages) == len(results) and len(meters) == 1 and priced_by in (None, *meters):
        return prices.summed(usages)
    seconds = duration(audio)
    if seconds is None:
        return None
    return call_usage(Decimal(str(round(seconds, 3))) / 60, Meter.MINUTE)
