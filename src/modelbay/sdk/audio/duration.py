"""How long an audio file plays, where that can be told without decoding it."""

from __future__ import annotations

from modelbay.sdk.audio.formats import AudioFormat, detect_format
from modelbay.sdk.audio.mp3 import frames, skip_id3
from modelbay.sdk.audio.ogg import Page, pages
from modelbay.sdk.audio.wav import read_wav

__all__ = ["duration"]


def duration(data: bytes) -> float | None:
    """Return the seconds an audio file plays: WAV, MP3, FLAC, Ogg Vorbis and Opus. None for the others.

    MP3 counts whole frames, so the encoder's padding (up to 0.1 s) is included.

    Raises:
        InvokeBadRequestError: A WAV file is damaged or in an unsupported coding.
    """
    match detect_format(data):
        case AudioFormat.WAV:
            return read_wav(data).seconds
        case AudioFormat.MP3:
            return sum(frame.samples / frame.sample_rate for frame in frames(data)) or None
        case AudioFormat.FLAC:
            return _flac_seconds(data)
        case AudioFormat.OGG | AudioFormat.OPUS:
            return _ogg_seconds(data)
        case _:
            return None


def _flac_seconds(data: bytes) -> float | None:
    """Read the stream information block, which is always the first one."""
    at = skip_id3(data) + 8
    fields = int.from_bytes(data[at + 10 : at + 18], "big")
    rate, samples = fields >> 44, fields & (1 << 36) - 1
    return samples / rate if rate and samples else None


def _ogg_seconds(data: bytes) -> float | None:
    """Add up the chained streams; each says its rate on its first page and its length on its last."""
    seconds, rate, skip, last = 0.0, 0, 0, 0
    for page in pages(data):
        if page.first:
            seconds += _stream_seconds(last, skip, rate)
            (rate, skip), last = _rate_and_skip(data, page), 0
        last = max(last, page.granule)
    return seconds + _stream_seconds(last, skip, rate) or None


def _stream_seconds(last: int, skip: int, rate: int) -> float:
    return max(0, last - skip) / rate if rate else 0.0


def _rate_and_skip(data: bytes, page: Page) -> tuple[int, int]:
    """Return samples per second and the samples to drop at the start; (0, 0) for an unknown codec."""
    body = data[page.body : page.end]
    if body.startswith(b"OpusHead"):
        return 48000, int.from_bytes(body[10:12], "little")
    if body.startswith(b"\x01vorbis"):
        return int.from_bytes(body[12:16], "little"), 0
    return 0, 0
