"""The sandbox's speech carries words to its own recogniser, over what happens to sound on the way."""

from __future__ import annotations

import random
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelbay.providers.sandbox.engines import espeak
from modelbay.providers.sandbox.engines.recognise import recognise
from modelbay.providers.sandbox.engines.speak import speak
from modelbay.providers.sandbox.engines.tone_code import VOICES
from modelbay.sdk.audio import (
    Wav,
    WavFormat,
    duration,
    join,
    read_wav,
    split_at_silence,
    wav_header,
    write_wav,
)

SENTENCE = "The quick brown fox jumps over the lazy dog. 快乐！ Ça va?"


def spoken(text: str = SENTENCE, voice: str = "celesta") -> bytes:
    return b"".join(speak(text, voice))


def samples_of(wav: bytes) -> array[int]:
    return array("h", read_wav(wav).samples)


def as_wav(samples: array[int], rate: int = 16000, channels: int = 1) -> bytes:
    return write_wav(Wav(WavFormat(rate, channels), samples.tobytes()))


def quieter(samples: array[int]) -> bytes:
    return as_wav(array("h", (value // 60 for value in samples)))


def clipped(samples: array[int]) -> bytes:
    return as_wav(array("h", (max(-32768, min(32767, value * 6)) for value in samples)))


def noisy(samples: array[int]) -> bytes:
    chance = random.Random(1)
    return as_wav(
        array("h", (max(-32768, min(32767, value + int(chance.gauss(0, 1500)))) for value in samples))
    )


def with_silence_around(samples: array[int]) -> bytes:
    return as_wav(array("h", bytes(15554)) + samples + array("h", bytes(9998)))


def eight_bits(samples: array[int]) -> bytes:
    return write_wav(Wav(WavFormat(16000, 1, 8), bytes((value >> 8) + 128 for value in samples)))


def stereo(samples: array[int]) -> bytes:
    return as_wav(array("h", (value for value in samples for _ in range(2))), channels=2)


def cd_rate(samples: array[int]) -> bytes:
    count = len(samples) * 44100 // 16000
    return as_wav(array("h", (samples[n * 16000 // 44100] for n in range(count))), 44100)


def telephone_rate(samples: array[int]) -> bytes:
    return as_wav(samples[::2], 8000)


CHANGES = [quieter, clipped, noisy, with_silence_around, eight_bits, stereo, cd_rate, telephone_rate]


@pytest.mark.parametrize("voice", VOICES)
def test_every_voice_is_understood(voice: str) -> None:
    """The recogniser learns pitch and tempo from the sound itself."""
    assert recognise(spoken(voice=voice)) == SENTENCE


@pytest.mark.parametrize("change", CHANGES)
def test_words_survive_what_happens_to_sound(change: Callable[[array[int]], bytes]) -> None:
    """Audio gets converted, amplified and padded on its way through other programs."""
    assert recognise(change(samples_of(spoken()))) == SENTENCE


@settings(max_examples=20, deadline=None)
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=80), st.sampled_from(sorted(VOICES)))
def test_any_text_is_carried_exactly(text: str, voice: str) -> None:
    """Control characters and emoji included: the payload is UTF-8."""
    assert recognise(spoken(text, voice)) == text


def test_parts_joined_and_split_are_still_the_same_words() -> None:
    """Long text is spoken in parts, and long audio is heard in parts."""
    long = "One sentence follows the other. " * 8
    whole = join([spoken(long), spoken("The end.", "flute")])

    parts = split_at_silence(whole, len(whole) // 3)

    assert recognise(whole) == long + "The end."
    assert len(parts) > 2
    assert "".join(map(recognise, parts)) == long + "The end."


def test_speech_streams_phrase_by_phrase_as_one_file() -> None:
    """The header knows the length, so that players show it from the first chunk on."""
    chunks = list(speak("First sentence here. Second one. Third!"))

    assert len(chunks) == 4
    assert len(read_wav(b"".join(chunks)).samples) == sum(map(len, chunks[1:]))
    assert chunks[0] == wav_header(WavFormat(16000), sum(map(len, chunks[1:])))


def test_speech_is_neither_hasty_nor_slow() -> None:
    """It has to remain something that a person would listen to: 25 to 60 ms a character."""
    text = "The ferry to the island leaves the harbour at nine."

    assert all(0.025 < (duration(spoken(text, voice)) or 0) / len(text) < 0.060 for voice in VOICES)


@pytest.mark.parametrize(
    ("wav", "words"),
    [
        (b"this is no sound at all", "WAV files only"),
        (b"", "WAV files only"),
        (as_wav(array("h")), "hears only its own tone code"),
        (as_wav(array("h", bytes(32000))), "hears only its own tone code"),
        (
            as_wav(array("h", (random.Random(2).randrange(-9000, 9000) for _ in range(32000)))),
            "only its own tone",
        ),
    ],
)
def test_other_sound_is_refused_with_the_reason(wav: bytes, words: str) -> None:
    """A recogniser that guesses would be worse than one that says what it can."""
    with pytest.raises(ValueError, match=words):
        recognise(wav)


@pytest.mark.parametrize("keep", [0.5, 0.9])
def test_half_a_phrase_is_an_error_not_half_a_text(keep: float) -> None:
    """The checksum notices what is missing."""
    samples = samples_of(spoken("Only one phrase"))

    with pytest.raises(ValueError, match=r"The phrase at 0\.0 s is damaged"):
        recognise(as_wav(samples[: int(len(samples) * keep)]))


def test_unknown_voice_is_refused_by_name() -> None:
    """A wrong name must not silently become another voice."""
    with pytest.raises(ValueError, match=r"no voice 'robot': choose one of celesta"):
        next(speak("Hi", "robot"))


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A program of the name espeak-ng, whose script the test writes."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    path = tmp_path / "espeak-ng"
    path.touch(mode=0o755)
    yield path


def test_espeak_gets_the_text_by_standard_input(program: Path) -> None:
    """A text that looks like an option must not become one."""
    program.write_text('#!/bin/sh\necho "$@"\ncat\n')

    assert espeak.speak("--version; rm x") == b"--stdin --stdout\n--version; rm x"


def test_espeak_failure_is_told_in_its_words(program: Path) -> None:
    """What the program said is the best hint there is."""
    program.write_text("#!/bin/sh\necho no voices installed >&2\nexit 3\n")

    with pytest.raises(RuntimeError, match="espeak-ng failed: no voices installed"):
        espeak.speak("Hi")


def test_missing_espeak_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Most machines do not have it."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ValueError, match="install it or choose another voice"):
        espeak.speak("Hi")
