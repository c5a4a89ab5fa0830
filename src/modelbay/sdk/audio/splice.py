"""How the parts of each format are put one after the other, byte by byte as they arrive."""

from __future__ import annotations

from collections.abc import Iterator

from modelbay.errors import InvokeBadRequestError, InvokeServerUnavailableError
from modelbay.sdk.audio.mp3 import Frame, encoder_padding, frame_at, is_tag_frame, looks_like_mp3, skip_id3
from modelbay.sdk.audio.ogg import page_at, with_serial
from modelbay.sdk.audio.wav import WavFormat, find_samples, wav_header

__all__ = ["AacSplice", "Mp3Splice", "OggSplice", "PlainSplice", "Splice", "WavSplice"]

_LONGEST_WAV_HEAD = 1 << 20  # pictures and notes before the samples; beyond that it is no WAV file
_DECODER_DELAY = 529  # samples by which every MP3 decoder lags behind, taken out of the padding


class Splice:
    """One way to join. `feed` gets bytes of the current part, `end_part` closes it, `finish` closes all."""

    def feed(self, chunk: bytes) -> bytes:
        """Return what of the part can go out now."""
        raise NotImplementedError

    def end_part(self) -> bytes:
        """Return what was held back of the part that ended here."""
        return b""

    def finish(self) -> bytes:
        """Return what was held back in case another part came."""
        return b""


class PlainSplice(Splice):
    """Raw samples and single answers: nothing to do."""

    def feed(self, chunk: bytes) -> bytes:
        """Return the chunk."""
        return chunk


class WavSplice(Splice):
    """One header with open length, then the samples of all parts, whole frames only."""

    def __init__(self) -> None:
        self._format: WavFormat | None = None
        self._buffer = b""
        self._in_samples = False
        self._left: int | None = None

    def feed(self, chunk: bytes) -> bytes:
        """Return the samples in the chunk, after the header if they are the first."""
        self._buffer += chunk
        head = b""
        if not self._in_samples:
            found = self._find_samples(complete=False)
            if found is None:
                self._check_head()
                return b""
            head = self._begin(*found)
        return head + self._samples()

    def _find_samples(self, *, complete: bool) -> tuple[WavFormat, int, int | None] | None:
        try:
            return find_samples(self._buffer, complete=complete)
        except InvokeBadRequestError as error:  # this file came from the provider, not from the caller
            raise InvokeServerUnavailableError(f"The provider's answer: {error}") from error

    def _check_head(self) -> None:
        if len(self._buffer) > _LONGEST_WAV_HEAD:
            raise InvokeServerUnavailableError(
                "The provider's WAV answer has no samples in its first megabyte."
            )

    def _begin(self, wav_format: WavFormat, start: int, size: int | None) -> bytes:
        self._in_samples, self._left = True, size
        self._buffer = self._buffer[start:]
        if self._format is None:
            self._format = wav_format
            return wav_header(wav_format, None)
        if wav_format != self._format:
            raise _changed(_describe(self._format), _describe(wav_format))
        return b""

    def _samples(self) -> bytes:
        assert self._format is not None, "_begin comes first"
        ready = self._buffer if self._left is None else self._buffer[: self._left]
        ready = ready[: len(ready) - len(ready) % self._format.frame_size]
        self._buffer = self._buffer[len(ready) :]
        if self._left is not None:
            self._left -= len(ready)
        return ready

    def end_part(self) -> bytes:
        """Forget half a frame and what came after the samples."""
        head = b""
        if self._buffer and not self._in_samples:
            found = self._find_samples(complete=True)
            if found is None:
                raise InvokeServerUnavailableError("The provider's WAV answer ends before its samples begin.")
            head = self._begin(*found)
        self._buffer, self._in_samples, self._left = b"", False, None
        return head


def _describe(wav_format: WavFormat) -> str:
    return f"{wav_format.sample_rate} Hz, {wav_format.channels} channel(s), {wav_format.bits} bits"


def _changed(first: str, later: str) -> InvokeServerUnavailableError:
    return InvokeServerUnavailableError(
        f"The provider's answers do not fit together: the first has {first}, a later one {later}."
    )


class Mp3Splice(Splice):
    """Whole frames. Tags but the first, length headers and frames of pure padding are left out."""

    def __init__(self) -> None:
        self._buffer = b""
        self._first_part = True
        self._begun = False
        self._stream: tuple[int, int, int, int] | None = None
        self._part_stream: tuple[int, int, int, int] | None = None
        self._padding_frames = 0
        self._held: list[bytes] = []
        self._last: list[bytes] = []

    def feed(self, chunk: bytes) -> bytes:
        """Return the frames completed by the chunk, but those that may turn out to be padding."""
        self._buffer += chunk
        tag = b""
        if not self._begun:
            length = skip_id3(self._buffer)
            if len(self._buffer) < max(10, length):
                return b""
            tag, self._buffer = self._buffer[:length], self._buffer[length:]
            self._begun = True
        self._held += self._frames()
        keep = max(0, len(self._held) - self._padding_frames)
        ready, self._held = self._held[:keep], self._held[keep:]
        return (tag if self._first_part else b"") + b"".join(ready)

    def _frames(self) -> Iterator[bytes]:
        at = 0
        while (frame := self._next_frame(at)) is not None:
            at = frame.offset + frame.size
            if at > len(self._buffer):
                at = frame.offset
                break
            yield from self._accept(frame)
        self._buffer = self._buffer[at:]

    def _next_frame(self, start: int) -> Frame | None:
        """Return the next believable frame header, skipping what is none (tags at the end, damage)."""
        at = self._buffer.find(b"\xff", start)
        while at >= 0:
            frame = frame_at(self._buffer, at)
            if frame and self._belongs(frame):
                return frame
            if at + 4 > len(self._buffer):
                return None
            at = self._buffer.find(b"\xff", at + 1)
        return None

    def _belongs(self, frame: Frame) -> bool:
        if self._part_stream is None:
            return looks_like_mp3(self._buffer[frame.offset :])
        return frame.stream == self._part_stream

    def _accept(self, frame: Frame) -> Iterator[bytes]:
        if is_tag_frame(self._buffer, frame):
            padding = encoder_padding(self._buffer, frame) - _DECODER_DELAY
            self._padding_frames = max(0, padding // frame.samples)
            return
        self._part_stream = frame.stream
        self._stream = self._stream or frame.stream
        if frame.stream != self._stream:
            raise _changed(_describe_mp3(self._stream), _describe_mp3(frame.stream))
        yield self._buffer[frame.offset : frame.offset + frame.size]

    def end_part(self) -> bytes:
        """Drop the padding at the end of a part that has a successor; `finish` gives back the last part's."""
        self._buffer, self._begun, self._first_part = b"", False, False
        self._part_stream, self._padding_frames = None, 0
        self._last, self._held = self._held, []
        return b""

    def finish(self) -> bytes:
        """Return the padding of the last part: nothing follows that it would separate."""
        return b"".join(self._last)


def _describe_mp3(stream: tuple[int, int, int, int]) -> str:
    return f"{stream[2]} Hz, {stream[3]} channel(s)"


class AacSplice(Splice):
    """ADTS frames stand alone; only an ID3 tag in front of a later part is left out."""

    def __init__(self) -> None:
        self._buffer = b""
        self._first_part = True
        self._begun = False

    def feed(self, chunk: bytes) -> bytes:
        """Return the chunk, without the tag of a later part."""
        if self._begun or self._first_part:
            self._begun = True
            return chunk
        self._buffer += chunk
        length = skip_id3(self._buffer)
        if len(self._buffer) < max(10, length):
            return b""
        ready, self._buffer, self._begun = self._buffer[length:], b"", True
        return ready

    def end_part(self) -> bytes:
        """Return a part too short to tell whether it begins with a tag."""
        ready, self._buffer = self._buffer, b""
        self._begun = self._first_part = False
        return ready


class OggSplice(Splice):
    """Chained streams. A serial number that was used before is replaced, as RFC 3533 asks."""

    def __init__(self) -> None:
        self._buffer = b""
        self._used: set[int] = set()
        self._serials: dict[int, int] = {}

    def feed(self, chunk: bytes) -> bytes:
        """Return the pages completed by the chunk."""
        self._buffer += chunk
        out, at = [], 0
        while page := page_at(self._buffer, at):
            serial = self._serial(page.serial)
            raw = self._buffer[page.offset : page.end]
            out.append(raw if serial == page.serial else with_serial(raw, serial))
            at = page.end
        self._buffer = self._buffer[at:]
        return b"".join(out)

    def _serial(self, serial: int) -> int:
        if serial not in self._serials:
            free = serial
            while free in self._used:
                free = (free + 1) & 0xFFFFFFFF
            self._used.add(free)
            self._serials[serial] = free
        return self._serials[serial]

    def end_part(self) -> bytes:
        """Forget the part's serial numbers and a page that was cut short."""
        self._buffer, self._serials = b"", {}
        return b""
