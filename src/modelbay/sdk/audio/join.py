"""Play several audio answers as one: the answers of a text that was sent in parts."""

from __future__ import annotations

from collections.abc import Sequence

from modelbay.errors import InvokeBadRequestError
from modelbay.sdk.audio.formats import AudioFormat, detect_format
from modelbay.sdk.audio.splice import AacSplice, Mp3Splice, OggSplice, PlainSplice, Splice, WavSplice
from modelbay.sdk.audio.wav import Wav, read_wav, write_wav

__all__ = ["Joiner", "join"]

_SPLICES: dict[AudioFormat, type[Splice]] = {
    AudioFormat.WAV: WavSplice,
    AudioFormat.MP3: Mp3Splice,
    AudioFormat.AAC: AacSplice,
    AudioFormat.OGG: OggSplice,
    AudioFormat.OPUS: OggSplice,
    AudioFormat.PCM: PlainSplice,
}
_HEAD_BYTES = 64  # enough for `detect_format` to decide


def join(parts: Sequence[bytes], audio_format: AudioFormat | None = None) -> bytes:
    """Return one file that plays all parts in order; a single part is returned as it is.

    Args:
        audio_format: The format that was asked for; told by content if None. Say PCM for raw samples.

    Raises:
        InvokeBadRequestError: The format cannot be joined without decoding (FLAC, M4A, WebM …).
        InvokeServerUnavailableError: The upstream changed its format between the parts.
    """
    if len(parts) == 1:
        return parts[0]
    joiner = Joiner(audio_format, parts=len(parts))
    joined = b"".join(joiner.feed(index, part) for index, part in enumerate(parts)) + joiner.finish()
    if joiner.audio_format is AudioFormat.WAV:
        return _with_true_sizes(joined)
    return joined


def _with_true_sizes(streamed: bytes) -> bytes:
    wav = read_wav(streamed)
    return write_wav(Wav(wav.format, wav.samples))


class Joiner:
    """Join answers while they arrive: `feed` what comes in, pass on what it returns, `finish` at the end.

    A WAV answer of several parts begins with a header that leaves the length open: it is not known yet.
    """

    def __init__(self, audio_format: AudioFormat | None = None, *, parts: int | None = None) -> None:
        """Start an answer.

        Args:
            audio_format: The format that was asked for; told by content if None. Say PCM for raw samples.
            parts: How many parts will come, if that is known. A single one is passed on untouched.
        """
        self.audio_format = audio_format
        self._parts = parts
        self._part = 0
        self._head = b""
        self._splice: Splice | None = PlainSplice() if parts == 1 else None

    def feed(self, part_index: int, chunk: bytes) -> bytes:
        """Take the next bytes of a part; return what can be played now, often but not always something.

        Raises:
            ValueError: A part before the current one: parts come in order, from 0.
        """
        if part_index < self._part or (self._parts is not None and part_index >= self._parts):
            raise ValueError(f"Audio part {part_index} after part {self._part}: feed the parts in order.")
        ended = self._end_part() if part_index > self._part else b""
        self._part = part_index
        return ended + self._take(chunk)

    def finish(self) -> bytes:
        """Return what is left. The joiner is used up after this."""
        return self._end_part() + (self._splice.finish() if self._splice else b"")

    def _take(self, chunk: bytes) -> bytes:
        if self._splice is None:
            self._head += chunk
            if len(self._head) < _HEAD_BYTES:
                return b""
            return self._start()
        return self._splice.feed(chunk)

    def _start(self) -> bytes:
        """Choose how to join, now that the first bytes are here."""
        self.audio_format = self.audio_format or detect_format(self._head)
        if self._parts is None and self.audio_format not in _SPLICES:
            self._splice = _Single(self.audio_format)  # fine as long as no second part comes
        else:
            self._splice = _splice_for(self.audio_format)
        head, self._head = self._head, b""
        return self._splice.feed(head)

    def _end_part(self) -> bytes:
        started = self._start() if self._splice is None and self._head else b""
        return started + (self._splice.end_part() if self._splice else b"")


class _Single(PlainSplice):
    """An answer in a format that cannot be joined: fine if it stays alone."""

    def __init__(self, audio_format: AudioFormat | None) -> None:
        self._format = audio_format
        self._ended = False

    def feed(self, chunk: bytes) -> bytes:
        if self._ended and chunk:
            raise _cannot_join(self._format)
        return chunk

    def end_part(self) -> bytes:
        self._ended = True
        return b""


def _splice_for(audio_format: AudioFormat | None) -> Splice:
    splice = _SPLICES.get(audio_format) if audio_format else None
    if splice is None:
        raise _cannot_join(audio_format)
    return splice()


def _cannot_join(audio_format: AudioFormat | None) -> InvokeBadRequestError:
    what = f"{audio_format.value} files" if audio_format else "files of an unknown audio format"
    return InvokeBadRequestError(
        f"The text needs several requests and {what} cannot be joined: "
        "ask for mp3, wav, opus, aac or pcm, or send a shorter text."
    )
