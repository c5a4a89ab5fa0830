"""Audio files made by hand: real headers around samples that a test can recognise again."""

from __future__ import annotations

import math
import struct
from array import array

from modelbay.sdk.audio import Wav, WavFormat, write_wav
from modelbay.sdk.audio.ogg import with_serial


def tone_wav(plan: list[tuple[float, int]], rate: int = 8000) -> bytes:
    """A 16-bit mono WAV of (seconds, amplitude) stretches of a 200 Hz tone."""
    samples = array("h")
    for seconds, amplitude in plan:
        samples.extend(
            int(amplitude * math.sin(2 * math.pi * 200 * n / rate)) for n in range(int(seconds * rate))
        )
    return write_wav(Wav(WavFormat(rate), samples.tobytes()))


def mp3_frame(gain: int = 100, *, fill: int = 0, borrowed: int = 0, mono: bool = False) -> bytes:
    """An MPEG-1 Layer III frame, 128 kbit/s, 44.1 kHz; gain 0 means digital silence."""
    channels, granule = (1 if mono else 2), 0
    if gain:
        granule = 100 << 47 | gain << 30  # part2_3_length, global_gain
    bits, width = borrowed, 9 + (9 if mono else 11)
    bits <<= width - 9
    for _ in range(2 * channels):
        bits, width = bits << 59 | granule, width + 59
    side = bits.to_bytes(width // 8, "big")
    head = bytes((0xFF, 0xFB, 0x90, 0xC0 if mono else 0x00))
    return head + side + bytes([fill % 255]) * (417 - 4 - len(side))


def mp3_info_frame(padding: int = 0) -> bytes:
    """The frame a LAME-like encoder puts first: the length of the file and the padding at its end."""
    frame = bytearray(mp3_frame(0))
    lame = b"LAME3.100" + bytes(12) + struct.pack(">I", 576 << 12 | padding)[1:]
    frame[36 : 36 + 8 + len(lame)] = b"Info" + bytes(4) + lame
    return bytes(frame)


def id3_tag(size: int = 300) -> bytes:
    """An ID3v2 tag whose body contains bytes that look like a frame header."""
    body = (b"\xff\xfb\x90\x00" + bytes(16)) * (size // 20)
    return b"ID3\x04\x00\x00" + bytes((0, 0, len(body) >> 7, len(body) & 127)) + body


def ogg_page(body: bytes, *, granule: int = 0, serial: int = 7, flags: int = 0, number: int = 0) -> bytes:
    """One page with a right checksum."""
    lacing = bytes([255] * (len(body) // 255) + [len(body) % 255])
    page = (
        struct.pack("<4sBBqIIIB", b"OggS", 0, flags, granule, serial, number, 0, len(lacing)) + lacing + body
    )
    return with_serial(page, serial)


def opus_file(seconds: float, *, serial: int = 7) -> bytes:
    """The pages of an Opus file; the packets hold nothing that could be heard."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 312, 48000, 0, 0)
    end = 312 + int(seconds * 48000)
    return (
        ogg_page(head, serial=serial, flags=2)
        + ogg_page(b"OpusTags" + bytes(8), serial=serial, number=1)
        + ogg_page(b"a" * 300, granule=end // 2, serial=serial, number=2)
        + ogg_page(b"b" * 300, granule=end, serial=serial, flags=4, number=3)
    )
