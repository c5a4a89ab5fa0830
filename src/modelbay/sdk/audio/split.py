"""Cut an audio file into playable files below an upstream's size limit, in a pause where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from modelbay.errors import InvokeBadRequestError
from modelbay.sdk.audio.formats import AudioFormat, detect_format
from modelbay.sdk.audio.loudness import amplitudes, quietest
from modelbay.sdk.audio.mp3 import Frame, borrows, frames, loudness
from modelbay.sdk.audio.wav import Wav, WavFormat, read_wav, wav_header, write_wav

__all__ = ["split_at_silence"]

_SEARCH_SECONDS = 30.0  # how far before the limit a pause is looked for
_SEARCH_SHARE = 0.5  # but never so far that a part gets shorter than half of what is allowed
_WINDOW_SECONDS = 0.02  # one loudness measurement
_PAUSE_SECONDS = 0.2  # the length of pause that is worth cutting in


def split_at_silence(data: bytes, max_bytes: int) -> list[bytes]:
    """Split an audio file into files of at most `max_bytes` that play one after the other without loss.

    A file within the limit is returned as it is. WAV parts concatenate to exactly the same samples;
    MP3 parts to the same frames (tags and the length header are dropped, they describe the whole).

    Raises:
        InvokeBadRequestError: The file is too large and its format cannot be cut without decoding it,
            or the limit is too small for any sound.
    """
    if len(data) <= max_bytes:
        return [data]
    match detect_format(data):
        case AudioFormat.WAV:
            return _split_wav(read_wav(data), max_bytes)
        case AudioFormat.MP3:
            return _split_mp3(data, max_bytes)
        case other:
            raise _refusal(other, len(data), max_bytes)


def _refusal(found: AudioFormat | None, size: int, max_bytes: int) -> InvokeBadRequestError:
    what = f"{found.value} file" if found else "file (of no known audio format)"
    return InvokeBadRequestError(
        f"The audio {what} has {_megabytes(size)}, the model takes at most {_megabytes(max_bytes)}, and this "
        "format cannot be cut: convert it to WAV or MP3, which are split automatically, or send less."
    )


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.2f} MB" if size >= 10_000 else f"{size} bytes"


def _limit_too_small(max_bytes: int) -> InvokeBadRequestError:
    return InvokeBadRequestError(f"A size limit of {max_bytes} bytes leaves no room for sound: raise it.")


def _split_wav(wav: Wav, max_bytes: int) -> list[bytes]:
    frame = wav.format.frame_size
    room = (max_bytes - len(wav_header(wav.format, 0))) // frame * frame
    if room % 2 and len(wav_header(wav.format, 0)) + room + 1 > max_bytes:
        room -= frame  # an odd number of bytes is padded by one
    if room <= 0:
        raise _limit_too_small(max_bytes)
    parts, start = [], 0
    while start < len(wav.samples):
        end = start + room
        if end < len(wav.samples):
            end = _pause_before(wav, start, end)
        parts.append(write_wav(Wav(wav.format, wav.samples[start:end])))
        start = end
    return parts or [write_wav(wav)]


def _pause_before(wav: Wav, start: int, end: int) -> int:
    """Return the offset of the quietest moment in the last stretch before `end`."""
    frame = wav.format.frame_size
    reach = int(_SEARCH_SECONDS * wav.format.sample_rate)
    reach = min(reach, int((end - start) // frame * _SEARCH_SHARE))
    first = end - reach * frame
    levels, frames_a_level = _levels(wav.samples[first:end], wav.format)
    if not levels:
        return end
    middle = quietest(levels, _neighbours(_WINDOW_SECONDS)) * frames_a_level + frames_a_level // 2
    return first + min(middle, reach) * frame


def _neighbours(window_seconds: float) -> int:
    return max(1, round(_PAUSE_SECONDS / window_seconds / 2))


def _levels(samples: bytes, wav_format: WavFormat) -> tuple[list[float], int]:
    """Return the loudness of each window, and the length of a window in frames."""
    values, every = amplitudes(samples, wav_format)
    size = max(1, int(wav_format.sample_rate * _WINDOW_SECONDS) // every)
    return [float(sum(values[at : at + size])) for at in range(0, len(values) - size + 1, size)], size * every


def _split_mp3(data: bytes, max_bytes: int) -> list[bytes]:
    """Cut before a quiet frame.

    A frame may need bytes of the ones before it (Layer III's reservoir), so a decoder may drop a few
    hundredths of a second at the start of a part: one more reason to have silence there.
    """
    found = list(frames(data))
    if not found:
        raise InvokeBadRequestError("The MP3 file has no complete audio frame: it is damaged or cut short.")
    ends = list(accumulate(frame.size for frame in found))
    parts, start = [], 0
    while start < len(found):
        end = _last_that_fits(ends, start, max_bytes)
        if end == start:
            raise _limit_too_small(max_bytes)
        if end < len(found):
            end = _quiet_frame(data, found, start, end)
        parts.append(b"".join(data[f.offset : f.offset + f.size] for f in found[start:end]))
        start = end
    return parts


def _last_that_fits(ends: Sequence[int], start: int, max_bytes: int) -> int:
    before, end = (ends[start - 1] if start else 0), start
    while end < len(ends) and ends[end] - before <= max_bytes:
        end += 1
    return end


def _quiet_frame(data: bytes, found: Sequence[Frame], start: int, end: int) -> int:
    """Return the index of the frame to begin the next part with, at most `end`."""
    seconds = found[start].samples / found[start].sample_rate
    reach = min(int(_SEARCH_SECONDS / seconds), int((end - start) * _SEARCH_SHARE))
    candidates = found[end - reach : end + 1]
    # Among equally quiet frames one that borrows less from its predecessors loses less.
    levels = [loudness(data, frame) + borrows(data, frame) / 1024 for frame in candidates]
    return end - reach + quietest(levels, _neighbours(seconds))
