"""MPEG audio frames: where they begin, how long they play, and how loud they are, without decoding.

Format: ISO/IEC 11172-3 and 13818-3 frame headers and Layer III side information; Xing, Info and VBRI frames.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Frame", "encoder_padding", "frame_at", "frames", "is_tag_frame", "looks_like_mp3", "skip_id3"]

_KBPS_MPEG1 = {
    1: (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    2: (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    3: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
}
_KBPS_MPEG2_LAYER1 = (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256)
_KBPS_MPEG2 = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}  # by version bits


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: `offset` and `size` in bytes, `samples` per channel."""

    offset: int
    size: int
    version: int  # 3 MPEG-1, 2 MPEG-2, 0 MPEG-2.5: the header's own bits
    layer: int
    sample_rate: int
    samples: int
    channels: int
    protected: bool

    @property
    def stream(self) -> tuple[int, int, int, int]:
        """What all frames of one file have in common."""
        return self.version, self.layer, self.sample_rate, self.channels


def skip_id3(data: bytes) -> int:
    """Return the length of an ID3v2 tag at the start, 0 without one. It may exceed the data given."""
    if len(data) < 10 or not data.startswith(b"ID3") or max(data[6:10]) > 127:
        return 0
    size = data[6] << 21 | data[7] << 14 | data[8] << 7 | data[9]
    return size + (20 if data[5] & 0x10 else 10)


def frame_at(data: bytes, offset: int) -> Frame | None:
    """Return the frame whose header is at `offset`, None if those four bytes are no valid header."""
    if offset + 4 > len(data) or data[offset] != 0xFF or data[offset + 1] & 0xE0 != 0xE0:
        return None
    second, third, fourth = data[offset + 1], data[offset + 2], data[offset + 3]
    version, layer = second >> 3 & 3, 4 - (second >> 1 & 3)
    bitrate, rate = third >> 4, third >> 2 & 3
    # Bitrate 0 is "free format": the length is not in the header and practically nobody writes it.
    if version == 1 or layer == 4 or bitrate in (0, 15) or rate == 3:
        return None
    sample_rate = _RATES[version][rate]
    samples = 384 if layer == 1 else 576 if layer == 3 and version != 3 else 1152
    size = _size(_kbps(version, layer, bitrate), layer, samples, sample_rate, third >> 1 & 1)
    channels = 1 if fourth >> 6 == 3 else 2
    return Frame(offset, size, version, layer, sample_rate, samples, channels, not second & 1)


def _kbps(version: int, layer: int, index: int) -> int:
    if version == 3:
        return _KBPS_MPEG1[layer][index - 1]
    return (_KBPS_MPEG2_LAYER1 if layer == 1 else _KBPS_MPEG2)[index - 1]


def _size(kbps: int, layer: int, samples: int, sample_rate: int, padding: int) -> int:
    if layer == 1:
        return (12000 * kbps // sample_rate + padding) * 4
    return samples // 8 * kbps * 1000 // sample_rate + padding


def looks_like_mp3(data: bytes) -> bool:
    """Check the first frame header, and the second where the data reaches that far."""
    first = frame_at(data, 0)
    if first is None:
        return False
    second = frame_at(data, first.size)
    return len(data) < first.size + 4 or (second is not None and second.stream[:3] == first.stream[:3])


def frames(data: bytes) -> Iterator[Frame]:
    """Yield the audio frames in order, without tags, length headers, damaged bytes and a cut last frame."""
    at, stream = skip_id3(data), None
    while at + 4 <= len(data):
        frame = frame_at(data, at)
        if frame is None or not _belongs(data, frame, stream):
            at = _next_sync(data, at + 1)
        elif at + frame.size > len(data):
            return
        else:
            if stream is not None or not is_tag_frame(data, frame):
                yield frame
            stream, at = frame.stream[:3], at + frame.size


def _belongs(data: bytes, frame: Frame, stream: tuple[int, ...] | None) -> bool:
    """Tell a frame from bytes that look like one: like its predecessors, or followed by one like it."""
    if stream is None:
        return looks_like_mp3(data[frame.offset : frame.offset + frame.size + 4])
    return frame.stream[:3] == stream


def _next_sync(data: bytes, start: int) -> int:
    found = data.find(b"\xff", start)
    return len(data) if found < 0 else found


def _side_info(frame: Frame) -> int:
    """Return the offset of the Layer III side information."""
    return frame.offset + (6 if frame.protected else 4)


def _side_info_size(frame: Frame) -> int:
    if frame.version == 3:
        return 17 if frame.channels == 1 else 32
    return 9 if frame.channels == 1 else 17


def _tag_offset(data: bytes, frame: Frame) -> int | None:
    # Encoders write the tag after the side information as if there were no checksum, and so do readers.
    at = frame.offset + 4 + _side_info_size(frame)
    return at if data[at : at + 4] in (b"Xing", b"Info") else None


def is_tag_frame(data: bytes, frame: Frame) -> bool:
    """Tell whether a frame holds a Xing, Info or VBRI tag (length and seek table) instead of audio."""
    at = frame.offset + 36
    return frame.layer == 3 and (_tag_offset(data, frame) is not None or data[at : at + 4] == b"VBRI")


def encoder_padding(data: bytes, frame: Frame) -> int:
    """Return how many silent samples the encoder appended to fill the last frame (LAME tag), else 0."""
    at = _tag_offset(data, frame)
    if at is None:
        return 0
    fields = int.from_bytes(data[at + 4 : at + 8], "big")
    at += 8 + sum(length for bit, length in ((1, 4), (2, 4), (4, 100), (8, 4)) if fields & bit)
    if at + 24 > frame.offset + frame.size or not data[at : at + 4].isalnum():
        return 0
    return (data[at + 22] & 15) << 8 | data[at + 23]


def loudness(data: bytes, frame: Frame) -> int:
    """Return a measure that grows with loudness: 0 for digital silence, else the largest global gain.

    Layers I and II do not say; they count as equally loud.
    """
    if frame.layer != 3:
        return 0
    start, size = _side_info(frame), _side_info_size(frame)
    bits, left = int.from_bytes(data[start : start + size], "big"), size * 8
    left -= _bits_before_granules(frame)
    granule_bits = 59 if frame.version == 3 else 63
    loudest = 0
    for _ in range(frame.channels * (2 if frame.version == 3 else 1)):
        if bits >> left - 12 & 0xFFF:  # part2_3_length: no bits, no sound
            loudest = max(loudest, bits >> left - 29 & 0xFF)
        left -= granule_bits
    return loudest


def _bits_before_granules(frame: Frame) -> int:
    if frame.version == 3:
        return 18 if frame.channels == 1 else 20
    return 9 if frame.channels == 1 else 10


def borrows(data: bytes, frame: Frame) -> int:
    """Return how many bytes of earlier frames this frame needs to be decoded (the bit reservoir)."""
    if frame.layer != 3:
        return 0
    start = _side_info(frame)
    if frame.version == 3:
        return data[start] << 1 | data[start + 1] >> 7
    return data[start]
