"""The answers of a text that was sent in parts play as one file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sdk.audio.samples import id3_tag, mp3_frame, mp3_info_frame, opus_file

from modelbay.errors import InvokeBadRequestError, InvokeServerUnavailableError
from modelbay.sdk.audio import (
    AudioFormat,
    Joiner,
    Wav,
    WavFormat,
    duration,
    join,
    read_wav,
    wav_header,
    write_wav,
)
from modelbay.sdk.audio.ogg import pages

FORMAT = WavFormat(8000)


def feed_in_pieces(joiner: Joiner, parts: list[bytes], size: int) -> bytes:
    """Feed parts as they would arrive over a connection."""
    out = [
        joiner.feed(index, part[at : at + size])
        for index, part in enumerate(parts)
        for at in range(0, len(part), size)
    ]
    return b"".join(out) + joiner.finish()


@given(st.lists(st.binary(max_size=300).map(lambda b: b[: len(b) // 2 * 2]), min_size=2), st.integers(1, 400))
def test_joined_wavs_hold_all_samples_under_one_header(parts: list[bytes], size: int) -> None:
    """A second header in the middle would be heard as a crackle."""
    files = [write_wav(Wav(FORMAT, part)) + b"LIST\4\0\0\0abcd" for part in parts]

    streamed = feed_in_pieces(Joiner(AudioFormat.WAV, parts=len(files)), files, size)

    assert read_wav(streamed) == Wav(FORMAT, b"".join(parts))
    assert join(files, AudioFormat.WAV) == write_wav(Wav(FORMAT, b"".join(parts)))


def test_wavs_streamed_without_length_are_joined() -> None:
    """Speech APIs send sizes of 0xFFFFFFFF and half a sample when they are interrupted."""
    files = [wav_header(FORMAT, None) + b"\1\0" * 50 + b"\7", wav_header(FORMAT, None) + b"\2\0" * 50]

    assert read_wav(join(files)).samples == b"\1\0" * 50 + b"\2\0" * 50


def test_wavs_of_different_formats_do_not_join() -> None:
    """At another rate the second part would play at another pitch."""
    files = [write_wav(Wav(WavFormat(rate), b"ab" * 40)) for rate in (8000, 24000)]

    with pytest.raises(InvokeServerUnavailableError, match="24000 Hz"):
        join(files)


@given(size=st.integers(1, 1500))
def test_joined_mp3_keeps_all_sound_and_one_tag(size: int) -> None:
    """Length headers of the parts would make players stop early; later tags are noise."""
    sound = [mp3_frame(fill=n) for n in range(7)]
    parts = [
        id3_tag() + mp3_info_frame() + b"".join(sound[:4]) + b"TAG" + b"\xff" * 125,
        id3_tag() + mp3_info_frame() + b"".join(sound[4:]) + b"TAG" + b"\xff" * 125,
    ]

    assert feed_in_pieces(Joiner(), parts, size) == id3_tag() + b"".join(sound)


def test_mp3_padding_between_parts_is_dropped_but_not_at_the_end() -> None:
    """The encoder fills its last frames with silence: between two sentences that is a gap."""
    sound = [mp3_frame(fill=n) for n in range(6)]
    parts = [mp3_info_frame(padding=1152 + 529) + b"".join(sound[at : at + 3]) for at in (0, 3)]

    assert join(parts) == b"".join(sound[:2] + sound[3:])


def test_mp3s_of_different_channels_do_not_join() -> None:
    """Players set up their output once."""
    with pytest.raises(
        InvokeServerUnavailableError, match=r"2 channel\(s\), a later one 44100 Hz, 1 channel"
    ):
        join([mp3_frame() * 3, mp3_frame(mono=True) * 3])


@given(size=st.integers(1, 900))
def test_joined_ogg_streams_have_different_serial_numbers(size: int) -> None:
    """Chained streams with one number are illegal, and encoders like to begin with the same one."""
    joined = feed_in_pieces(Joiner(), [opus_file(1.0), opus_file(2.0), opus_file(1.0, serial=8)], size)

    found = list(pages(joined))
    assert [page.serial for page in found] == [7] * 4 + [8] * 4 + [9] * 4
    assert duration(joined) == pytest.approx(4.0)
    assert joined[found[4].offset : found[7].end] == opus_file(2.0, serial=8)


def test_ogg_checksum_is_the_one_of_the_format() -> None:
    """Checked against a page whose checksum was computed bit by bit."""
    page = opus_file(1.0)[: next(pages(opus_file(1.0))).end]
    crc = 0
    for byte in page[:22] + bytes(4) + page[26:]:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04C11DB7 if crc >> 31 else 0)) & 0xFFFFFFFF

    assert int.from_bytes(page[22:26], "little") == crc


def test_raw_samples_are_put_one_after_the_other() -> None:
    """Raw PCM has no header to recognise, so it must be announced."""
    assert join([b"ab", b"cd"], AudioFormat.PCM) == b"abcd"
    with pytest.raises(InvokeBadRequestError, match="unknown audio format"):
        join([b"ab", b"cd"])


def test_tags_between_aac_parts_are_dropped() -> None:
    """ADTS frames may simply follow each other, tags may not."""
    frame = bytes((0xFF, 0xF1, 0x50, 0x80, 0x01, 0x1F, 0xFC, 0x00))

    assert (
        feed_in_pieces(Joiner(AudioFormat.AAC), [frame * 20, id3_tag() + frame * 3, frame], 5) == frame * 24
    )


def test_a_single_answer_is_untouched_whatever_it_is() -> None:
    """Most texts fit into one request: nothing may change then, not even an exact WAV header."""
    assert join([b"fLaC" + bytes(100)]) == b"fLaC" + bytes(100)
    assert feed_in_pieces(Joiner(), [b"fLaC" + bytes(100)], 7) == b"fLaC" + bytes(100)
    wav = write_wav(Wav(FORMAT, bytes(200)))
    assert feed_in_pieces(Joiner(parts=1), [wav], 10) == wav
    assert join([]) == b""


def test_formats_that_cannot_be_joined_are_refused_with_the_way_out() -> None:
    """A FLAC file in a FLAC file plays only its beginning."""
    flac = b"fLaC" + bytes(100)

    with pytest.raises(InvokeBadRequestError, match=r"flac files cannot be joined: ask for mp3, wav"):
        join([flac, flac])
    with pytest.raises(InvokeBadRequestError, match="flac files cannot be joined"):
        feed_in_pieces(Joiner(), [flac, flac], 30)


def test_parts_must_come_in_order() -> None:
    """What was played cannot be taken back."""
    joiner = Joiner()
    joiner.feed(1, b"x")
    with pytest.raises(ValueError, match="in order"):
        joiner.feed(0, b"y")


def test_answer_that_is_no_wav_is_the_providers_fault() -> None:
    """The caller's request was fine, so it must not be told otherwise."""
    with pytest.raises(InvokeServerUnavailableError, match="not a WAV"):
        join([b"{'error': 1}" * 9, b"x" * 99], AudioFormat.WAV)
