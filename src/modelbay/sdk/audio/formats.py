"""Which audio format a file is, told by its content: names and types of uploads are often wrong."""

from __future__ import annotations

from enum import StrEnum

from modelbay.sdk.audio.mp3 import looks_like_mp3, skip_id3

__all__ = ["AudioFormat", "detect_format"]

_OGG_CODEC_BYTES = 64  # the first page's header and the codec's magic word
_EBML_HEADER_BYTES = 64
_LEADING_ZEROS = 65536  # some MP3 encoders write a run of zeros before the first frame


class AudioFormat(StrEnum):
    """An audio container. The value is the name that APIs use for it (`response_format`)."""

    WAV = "wav"
    MP3 = "mp3"
    OGG = "ogg"
    OPUS = "opus"
    FLAC = "flac"
    M4A = "m4a"
    MP4 = "mp4"
    WEBM = "webm"
    AAC = "aac"
    AIFF = "aiff"
    AMR = "amr"
    PCM = "pcm"

    @property
    def extension(self) -> str:
        """The file name extension that upload forms accept, without a dot. Opus travels in an Ogg file."""
        return "ogg" if self is AudioFormat.OPUS else self.value

    @property
    def suffix(self) -> str:
        """The extension with its dot, as `pathlib` has it."""
        return f".{self.extension}"

    @property
    def mime_type(self) -> str:
        """The media type to send as `Content-Type`."""
        return _MIME_TYPES[self]


_MIME_TYPES = {
    AudioFormat.WAV: "audio/wav",
    AudioFormat.MP3: "audio/mpeg",
    AudioFormat.OGG: "audio/ogg",
    AudioFormat.OPUS: "audio/ogg",
    AudioFormat.FLAC: "audio/flac",
    AudioFormat.M4A: "audio/mp4",
    AudioFormat.MP4: "audio/mp4",
    AudioFormat.WEBM: "audio/webm",
    AudioFormat.AAC: "audio/aac",
    AudioFormat.AIFF: "audio/aiff",
    AudioFormat.AMR: "audio/amr",
    AudioFormat.PCM: "audio/pcm",
}

_M4A_BRANDS = {b"M4A ", b"M4B ", b"M4P "}
_MP4_BRANDS = (b"iso", b"mp4", b"MP4", b"M4V", b"dash", b"avc1", b"3gp", b"3g2", b"MSNV", b"f4v", b"F4V")


def detect_format(data: bytes) -> AudioFormat | None:
    """Return the format of an audio file, or None if it is none of those known.

    Raw PCM has no header, so `AudioFormat.PCM` is never an answer. The first few kilobytes suffice.
    """
    return _by_magic(data) or _by_frames(data)


def _by_magic(data: bytes) -> AudioFormat | None:
    start = data[:4]
    if start in (b"RIFF", b"RF64") and data[8:12] == b"WAVE":
        return AudioFormat.WAV
    if start == b"fLaC":
        return AudioFormat.FLAC
    if start == b"OggS":
        return AudioFormat.OPUS if b"OpusHead" in data[:_OGG_CODEC_BYTES] else AudioFormat.OGG
    if start == b"FORM" and data[8:12] in (b"AIFF", b"AIFC"):
        return AudioFormat.AIFF
    if data.startswith((b"#!AMR\n", b"#!AMR-WB\n")):
        return AudioFormat.AMR
    return _by_brand(data) or _by_ebml(data)


def _by_ebml(data: bytes) -> AudioFormat | None:
    """Tell WebM from other Matroska files, which no speech model takes."""
    is_webm = data.startswith(b"\x1aE\xdf\xa3") and b"webm" in data[:_EBML_HEADER_BYTES]
    return AudioFormat.WEBM if is_webm else None


def _by_brand(data: bytes) -> AudioFormat | None:
    """Tell the ISO media files apart by the brand in their first box."""
    if data[4:8] != b"ftyp":
        return None
    brand = data[8:12]
    if brand in _M4A_BRANDS:
        return AudioFormat.M4A
    return AudioFormat.MP4 if brand.startswith(_MP4_BRANDS) else None


def _by_frames(data: bytes) -> AudioFormat | None:
    """Tell the formats that begin with a frame, or with an ID3 tag in front of one."""
    tag = skip_id3(data)
    body = data[tag:] if tag else _without_leading_zeros(data)
    if tag and body.startswith(b"fLaC"):
        return AudioFormat.FLAC
    if _looks_like_adts(body):
        return AudioFormat.AAC
    # A tag longer than what we were given still says MP3: nobody tags anything else that way.
    return AudioFormat.MP3 if looks_like_mp3(body) or tag else None


def _without_leading_zeros(data: bytes) -> bytes:
    head = data[:_LEADING_ZEROS]
    return data[len(head) - len(head.lstrip(b"\0")) :]


def _looks_like_adts(data: bytes) -> bool:
    """Check one AAC frame header, and the next one where the data reaches that far."""
    length = _adts_frame_length(data)
    following = data[length : length + 2]
    return length > 0 and (len(following) < 2 or (following[0] == 0xFF and following[1] & 0xF6 == 0xF0))


def _adts_frame_length(data: bytes) -> int:
    """Return the length in bytes of the ADTS frame at the start, 0 if there is none."""
    if len(data) < 7 or data[0] != 0xFF or data[1] & 0xF6 != 0xF0 or (data[2] >> 2) & 15 > 12:
        return 0
    length = (data[3] & 3) << 11 | data[4] << 3 | data[5] >> 5
    return length if length >= 7 else 0
