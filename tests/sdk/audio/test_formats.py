"""Formats are told by content and measured without decoding."""

from __future__ import annotations

import struct

import pytest
from tests.sdk.audio.samples import id3_tag, mp3_frame, mp3_info_frame, ogg_page, opus_file, tone_wav

from modelbay.errors import InvokeBadRequestError
from modelbay.sdk.audio import (
    AudioFormat,
    Wav,
    WavFormat,
    detect_format,
    duration,
    read_wav,
    wav_header,
    write_wav,
)

ADTS = bytes((0xFF, 0xF1, 0x50, 0x80, 0x01, 0x1F, 0xFC, 0x00)) + b"\xff\xf1"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (tone_wav([(0.01, 9)]), AudioFormat.WAV),
        (mp3_frame() * 2, AudioFormat.MP3),
        (bytes(500) + mp3_frame() * 2, AudioFormat.MP3),
        (id3_tag() + mp3_frame(), AudioFormat.MP3),
        (id3_tag()[:64], AudioFormat.MP3),
        (id3_tag() + b"fLaC" + bytes(40), AudioFormat.FLAC),
        (opus_file(1), AudioFormat.OPUS),
        (ogg_page(b"\x01vorbis" + bytes(23), flags=2), AudioFormat.OGG),
        (b"fLaC" + bytes(40), AudioFormat.FLAC),
        (b"\0\0\0\x20ftypM4A \0\0\0\0", AudioFormat.M4A),
        (b"\0\0\0\x20ftypisom\0\0\0\0", AudioFormat.MP4),
        (b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm", AudioFormat.WEBM),
        (ADTS, AudioFormat.AAC),
        (b"FORM\0\0\0\x10AIFFCOMM", AudioFormat.AIFF),
        (b"#!AMR\n\x3c", AudioFormat.AMR),
        (b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x88matroska", None),
        (b"RIFF\0\0\0\0AVI LIST", None),
        (b"\xff\xfb\x90\x00" + bytes(600), None),
        (b"Hello, I am a text file.", None),
        (b"", None),
    ],
)
def test_format_is_told_by_content(data: bytes, expected: AudioFormat | None) -> None:
    """File names and media types of uploads are wrong too often to be believed."""
    assert detect_format(data) is expected


def test_opus_is_uploaded_under_the_name_of_its_container() -> None:
    """Transcription endpoints refuse a file called `.opus` but take the same bytes as `.ogg`."""
    assert (AudioFormat.OPUS.extension, AudioFormat.OPUS.suffix) == ("ogg", ".ogg")
    assert AudioFormat.OPUS.mime_type == "audio/ogg"


@pytest.mark.parametrize(
    "wav_format",
    [
        WavFormat(8000, 1, 8),
        WavFormat(44100, 2, 16),
        WavFormat(48000, 2, 24, channel_mask=3),
        WavFormat(96000, 1, 32),
        WavFormat(16000, 1, 32, tag=3),
        WavFormat(8000, 1, 8, tag=7),
    ],
)
def test_wav_survives_writing_and_reading(wav_format: WavFormat) -> None:
    """All common codings, with the extensible header and the pad byte of an odd length."""
    wav = Wav(wav_format, bytes(range(wav_format.frame_size)) * 33)

    assert read_wav(write_wav(wav)) == wav
    assert duration(write_wav(wav)) == pytest.approx(33 / wav_format.sample_rate)


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFFFFF])
def test_streamed_wav_without_a_length_is_read_to_its_end(size: int) -> None:
    """Speech APIs send the header before they know how long the answer gets."""
    streamed = wav_header(WavFormat(8000), None)[:-4] + struct.pack("<I", size) + b"\1\0" * 500 + b"\1"

    assert read_wav(streamed).samples == b"\1\0" * 500


def test_chunks_after_the_samples_are_not_samples() -> None:
    """Editors append titles; read as sound they would crackle."""
    data = write_wav(Wav(WavFormat(8000), b"\1\0" * 9)) + b"LIST\4\0\0\0abcd"

    assert read_wav(data).samples == b"\1\0" * 9
    assert read_wav(write_wav(Wav(WavFormat(8000), b"")) + b"LIST\4\0\0\0abcd").samples == b""


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"not a wav at all", "not a WAV"),
        (write_wav(Wav(WavFormat(8000), b"ab"))[:30], "damaged"),
        (
            wav_header(WavFormat(8000, 1, 8, tag=7), 0).replace(b"\x07\0\1\0", b"\x11\0\1\0"),
            "convert it to PCM",
        ),
    ],
)
def test_unreadable_wav_is_refused_with_the_reason(data: bytes, words: str) -> None:
    """A person who uploads such a file needs to know what to do about it."""
    with pytest.raises(InvokeBadRequestError, match=words):
        read_wav(data)


def test_mp3_duration_counts_frames_but_not_the_length_header() -> None:
    """The first frame of most files is a table, not sound."""
    data = id3_tag() + mp3_info_frame() + mp3_frame() * 100 + b"TAG" + bytes(125)

    assert duration(data) == pytest.approx(100 * 1152 / 44100)


def test_damaged_bytes_between_mp3_frames_are_skipped() -> None:
    """Downloads get damaged; what is left must still be found."""
    data = mp3_frame() * 5 + b"\xff\xfe garbage \xff" + mp3_frame() * 5

    assert duration(data) == pytest.approx(10 * 1152 / 44100)


def test_ogg_duration_adds_chained_streams() -> None:
    """A concatenation is a legal Ogg file, and its last page knows only its own stream."""
    assert duration(opus_file(2.0) + opus_file(1.5, serial=8)) == pytest.approx(3.5)


def test_flac_duration_is_in_its_first_block() -> None:
    """STREAMINFO has 20 bits of rate and 36 bits of sample count."""
    fields = 44100 << 44 | 1 << 41 | 15 << 36 | 88200
    block = bytes(10) + fields.to_bytes(8, "big") + bytes(16)

    assert duration(b"fLaC\x00\x00\x00\x22" + block) == pytest.approx(2.0)


def test_unmeasurable_formats_have_no_duration() -> None:
    """An unknown length is said, not guessed."""
    assert duration(b"#!AMR\n\x3c") is None
