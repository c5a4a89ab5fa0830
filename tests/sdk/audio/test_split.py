"""Files over an upstream's limit are cut in a pause, and nothing of them is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sdk.audio.samples import id3_tag, mp3_frame, mp3_info_frame, opus_file, tone_wav

from modelbay.errors import InvokeBadRequestError
from modelbay.sdk.audio import Wav, WavFormat, read_wav, split_at_silence, write_wav
from modelbay.sdk.audio.mp3 import frames

FORMATS = st.sampled_from(
    [
        WavFormat(8000, 1, 8),
        WavFormat(8000, 2, 16),
        WavFormat(44100, 1, 24),
        WavFormat(44100, 2, 32, channel_mask=3),
        WavFormat(16000, 1, 32, tag=3),
        WavFormat(8000, 1, 8, tag=6),
    ]
)


@given(wav_format=FORMATS, samples=st.binary(max_size=6000), limit=st.integers(120, 3000))
def test_wav_parts_hold_exactly_the_samples_of_the_whole(
    wav_format: WavFormat, samples: bytes, limit: int
) -> None:
    """A sample lost or played twice is a click, and a lost one shifts the times of a transcript."""
    whole = write_wav(
        Wav(wav_format, samples[: len(samples) // wav_format.frame_size * wav_format.frame_size])
    )

    parts = split_at_silence(whole, limit)

    assert all(len(part) <= limit for part in parts)
    assert {read_wav(part).format for part in parts} == {wav_format}
    assert b"".join(read_wav(part).samples for part in parts) == read_wav(whole).samples


def test_wav_is_cut_in_the_pause_before_the_limit() -> None:
    """A word cut in half is two words that nobody said."""
    wav = tone_wav([(3, 9000), (0.4, 20), (1, 9000)])

    first, _ = split_at_silence(wav, len(tone_wav([(4, 1)])))

    assert 3.0 < read_wav(first).seconds < 3.4


def test_file_within_the_limit_is_left_alone() -> None:
    """Whatever its format: there is no reason to look inside."""
    assert split_at_silence(b"anything", 8) == [b"anything"]


@given(
    count=st.integers(2, 60),
    limit=st.integers(417, 9000),
    gains=st.lists(st.integers(0, 255), min_size=1, max_size=20),
)
def test_mp3_parts_hold_exactly_the_frames_of_the_whole(count: int, limit: int, gains: list[int]) -> None:
    """Frames are the atoms of an MP3: all of them, once, in order."""
    sound = [mp3_frame(gains[n % len(gains)], fill=n) for n in range(count)]
    whole = id3_tag() + mp3_info_frame() + b"".join(sound) + b"TAG" + bytes(125)

    parts = split_at_silence(whole, limit)

    assert b"".join(parts) == b"".join(sound) or parts == [whole]
    assert all(len(part) <= limit for part in parts)


def test_mp3_is_cut_at_quiet_frames_that_need_little_of_earlier_ones() -> None:
    """The first frame of a part cannot reach into the previous file: better if it is silent anyway."""
    loud, quiet = [mp3_frame(200)] * 60, [mp3_frame(0, borrowed=400)] * 9
    sound = loud + quiet + [mp3_frame(0)] * 9 + quiet + loud
    whole = b"".join(sound)

    first, _ = split_at_silence(whole, 417 * 100)

    assert 69 <= len(list(frames(first))) <= 78


@pytest.mark.parametrize("data", [opus_file(1) * 40, b"fLaC" + bytes(40_000), b"unknown" * 5000])
def test_formats_that_cannot_be_cut_are_refused_with_the_way_out(data: bytes) -> None:
    """The message must say how large, how large it may be, and what to do."""
    with pytest.raises(
        InvokeBadRequestError, match=r"0\.0\d MB.* at most 0\.01 MB.*convert it to WAV or MP3"
    ):
        split_at_silence(data, 10_000)


@pytest.mark.parametrize("data", [tone_wav([(1, 500)]), mp3_frame() * 9])
def test_limit_without_room_for_sound_is_refused(data: bytes) -> None:
    """A limit mistaken for megabytes must not end in an endless loop."""
    with pytest.raises(InvokeBadRequestError, match="limit of 25 bytes"):
        split_at_silence(data, 25)


def test_mp3_without_frames_is_refused() -> None:
    """A tag with nothing behind it is a broken download."""
    with pytest.raises(InvokeBadRequestError, match="no complete audio frame"):
        split_at_silence(id3_tag(), 100)
