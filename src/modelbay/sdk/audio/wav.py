"""WAV files: PCM of 8 to 32 bits, float, A-law and µ-law, also as streamed with sizes not known in advance.

Format: RIFF/WAVE with `fmt ` and `data` chunks, WAVE_FORMAT_EXTENSIBLE, RF64 (EBU Tech 3306).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from modelbay.errors import InvokeBadRequestError

__all__ = ["UNKNOWN_SIZE", "Wav", "WavFormat", "find_samples", "read_wav", "wav_header", "write_wav"]

PCM, FLOAT, ALAW, MULAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
UNKNOWN_SIZE = 0xFFFFFFFF  # what a streamed file says instead of its length
_BITS = {PCM: (8, 16, 24, 32), FLOAT: (32, 64), ALAW: (8,), MULAW: (8,)}
_CHUNK_AFTER_DATA = (b"LIST", b"fact", b"cue ", b"id3 ", b"ID3 ", b"bext", b"smpl", b"JUNK", b"PAD ")


@dataclass(frozen=True, slots=True)
class WavFormat:
    """How samples are stored. `tag` is the coding with WAVE_FORMAT_EXTENSIBLE already resolved."""

    sample_rate: int
    channels: int = 1
    bits: int = 16
    tag: int = PCM
    channel_mask: int | None = None

    @property
    def frame_size(self) -> int:
        """Bytes of one sample of every channel."""
        return self.channels * self.bits // 8


@dataclass(frozen=True, slots=True)
class Wav:
    """A WAV file taken apart: `samples` are the bytes of the data chunk, whole frames only."""

    format: WavFormat
    samples: bytes

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return len(self.samples) / self.format.frame_size / self.format.sample_rate


def read_wav(data: bytes) -> Wav:
    """Read a WAV file; a data chunk without a believable size extends to the end of the file.

    Raises:
        InvokeBadRequestError: Not a WAV file, damaged, or in a coding that has no plain samples.
    """
    found = find_samples(data, complete=True)
    if found is None:
        raise InvokeBadRequestError("The WAV file is damaged: it has no 'fmt ' or no 'data' chunk.")
    wav_format, start, size = found
    end = len(data) if size is None else min(start + size, len(data))
    end -= (end - start) % wav_format.frame_size
    return Wav(wav_format, data[start:end])


def find_samples(data: bytes, *, complete: bool) -> tuple[WavFormat, int, int | None] | None:
    """Return format, offset and size of the samples; size None means "to the end".

    Args:
        complete: Whether `data` is the whole file. If not, None means that more bytes are needed.
    """
    if (complete or len(data) >= 12) and (data[:4] not in (b"RIFF", b"RF64") or data[8:12] != b"WAVE"):
        raise InvokeBadRequestError("This is not a WAV file: it does not begin with RIFF and WAVE.")
    at, wav_format, long_size = 12, None, None
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if name == b"data" and wav_format:
            if not (size or complete or len(data) >= at + 12):
                return None
            return wav_format, at + 8, _data_size(data[at + 8 : at + 12], size, long_size, complete)
        body = data[at + 8 : at + 8 + size]
        if len(body) < size:
            return None
        if name == b"fmt ":
            wav_format = _read_format(body)
        elif name == b"ds64" and size >= 16:
            long_size = int.from_bytes(body[8:16], "little")
        at += 8 + size + size % 2
    return None


def _data_size(following: bytes, size: int, long_size: int | None, complete: bool) -> int | None:
    """Return the length of the samples, or None where the file was written before it was known."""
    if size == UNKNOWN_SIZE:
        return long_size or None
    if size:
        return size
    # Zero is true of an empty file and a placeholder in a streamed one: look at what follows.
    is_empty = following in _CHUNK_AFTER_DATA or (complete and not following)
    return 0 if is_empty else None


def _read_format(body: bytes) -> WavFormat:
    if len(body) < 16:
        raise InvokeBadRequestError("The WAV file is damaged: its 'fmt ' chunk is too short.")
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
    mask = None
    if tag == EXTENSIBLE and len(body) >= 26:
        mask, tag = struct.unpack_from("<IH", body, 20)
    if bits not in _BITS.get(tag, ()) or not channels or not rate:
        raise InvokeBadRequestError(
            f"The WAV file's coding is not supported (format {tag:#06x}, {bits} bits, {channels} channels, "
            f"{rate} Hz): convert it to PCM of 8, 16, 24 or 32 bits."
        )
    return WavFormat(rate, channels, bits, tag, mask)


def wav_header(wav_format: WavFormat, size: int | None) -> bytes:
    """Return everything before the samples; `size` in bytes, None for a stream of unknown length."""
    chunks = b"fmt " + _format_chunk(wav_format)
    if wav_format.tag != PCM:
        frames = 0 if size is None else size // wav_format.frame_size
        chunks += b"fact" + struct.pack("<II", 4, frames)
    data_size = UNKNOWN_SIZE if size is None else size
    riff_size = UNKNOWN_SIZE if size is None else 4 + len(chunks) + 8 + size + size % 2
    if riff_size > UNKNOWN_SIZE:
        raise InvokeBadRequestError("A WAV file cannot hold more than 4 GB.")
    return (
        struct.pack("<4sI4s", b"RIFF", riff_size, b"WAVE") + chunks + struct.pack("<4sI", b"data", data_size)
    )


def _format_chunk(wav_format: WavFormat) -> bytes:
    extensible = wav_format.channel_mask is not None
    rate, frame = wav_format.sample_rate, wav_format.frame_size
    tag = EXTENSIBLE if extensible else wav_format.tag
    body = struct.pack("<HHIIHH", tag, wav_format.channels, rate, rate * frame, frame, wav_format.bits)
    if extensible:
        guid_tail = bytes.fromhex("000000001000800000aa00389b71")
        body += struct.pack("<HHIH", 22, wav_format.bits, wav_format.channel_mask, wav_format.tag) + guid_tail
    return len(body).to_bytes(4, "little") + body


def write_wav(wav: Wav) -> bytes:
    """Return the file. Reading it again gives an equal `Wav`."""
    size = len(wav.samples)
    return wav_header(wav.format, size) + wav.samples + b"\0" * (size % 2)
