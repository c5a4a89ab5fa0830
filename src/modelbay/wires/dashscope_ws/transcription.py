"""Writing speech down: the recording goes up in pieces, sentences come back as they are recognised."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from modelbay.entities import CallUsage, Speech2TextResult
from modelbay.errors import InvokeBadRequestError, InvokeConnectionError, InvokeServerUnavailableError
from modelbay.wires.dashscope.transcription import usage_of
from modelbay.wires.dashscope_ws.tasks import FINISHED, RESULT, Said, Task, event_in, to_request
from modelbay.wires.family import Endpoint, TranscriptionCall
from modelbay.wires.json_text import reads_answer
from modelbay.wires.openai.shapes import object_of, text_of
from modelbay.wires.request import Request

_FORMATS = {
    "wav": "wav",
    "mp3": "mp3",
    "pcm": "pcm",
    "aac": "aac",
    "amr": "amr",
    "ogg": "opus",
    "opus": "opus",
}
_PIECE = 16_384  # bytes of a message
_RATE = 16_000


class Recognition:
    """Speaks of recordings, sent while they are heard."""

    name = "dashscope_ws.recognition"
    takes = frozenset({"language_hints", "vocabulary_id", "disfluency_removal_enabled", "sample_rate"})
    framing: Literal["websocket"] = "websocket"

    def to_request(self, call: TranscriptionCall, endpoint: Endpoint) -> Request:
        """Return the request; InvokeBadRequestError for a file of a format that cannot be sent."""
        said: dict[str, Any] = {"format": _format(call.filename), "sample_rate": _sample_rate(call)}
        said |= {name: value for name, value in call.parameters.items() if value is not None}
        payload = {"task": "asr", "function": "recognition", "model": call.model, "parameters": said}

        def feed(task: Task) -> Iterator[Said]:
            for start in range(0, len(call.audio), _PIECE):
                yield call.audio[start : start + _PIECE]
            yield task.finish()

        return to_request(endpoint, Task(), payload, feed)

    def to_reader(self, call: TranscriptionCall) -> SentenceReader:
        """Return a reader for one answer."""
        return SentenceReader()

    def to_result(self, call: TranscriptionCall, body: bytes) -> Speech2TextResult:
        """Refuse: there is no answer in one piece."""
        raise InvokeServerUnavailableError("this API answers in messages, not with a body")


class SentenceReader:
    """Collects the sentences of one recording; each is repeated, longer every time, until it has an end."""

    def __init__(self) -> None:
        self._sentences: list[str] = []
        self._open = ""
        self._usage: CallUsage | None = None
        self.done = False

    @reads_answer
    def read(self, frame: bytes) -> None:
        """Take in one message; a failed task raises its error."""
        event, payload = event_in(frame)
        self._usage = usage_of(payload.get("usage")) or self._usage
        if event == RESULT:
            self._sentence(object_of(object_of(payload.get("output")).get("sentence")))
        self.done = self.done or event == FINISHED

    def result(self) -> Speech2TextResult:
        """Return what was said; InvokeConnectionError if the conversation was cut off."""
        if not self.done:
            raise InvokeConnectionError("the provider's conversation ended before all was written down")
        return Speech2TextResult(result=_joined([*self._sentences, self._open]), usage=self._usage)

    def _sentence(self, sentence: Mapping[str, Any]) -> None:
        self._open = text_of(sentence.get("text")) or self._open
        ended = sentence.get("sentence_end", sentence.get("end_time") is not None)
        if ended and self._open:
            self._sentences.append(self._open)
            self._open = ""


def _joined(sentences: list[str]) -> str:
    """Return the sentences as one text, with spaces where the script has them."""
    text = ""
    for sentence in filter(None, map(str.strip, sentences)):
        spaced = text and text[-1].isascii() and sentence[0].isascii()
        text += f" {sentence}" if spaced else sentence
    return text


def _format(filename: str) -> str:
    extension = filename.rpartition(".")[2].lower()
    if extension not in _FORMATS:
        raise InvokeBadRequestError(
            f"file: this model takes {', '.join(sorted(_FORMATS))}, not {extension!r}; convert it to wav"
        )
    return _FORMATS[extension]


def _sample_rate(call: TranscriptionCall) -> int:
    """Return the samples per second, which a WAV file tells; of others the options do."""
    if call.audio[:4] == b"RIFF" and call.audio[12:16] == b"fmt ":
        return int.from_bytes(call.audio[24:28], "little")
    return int(call.options.get("sample_rate") or _RATE)
