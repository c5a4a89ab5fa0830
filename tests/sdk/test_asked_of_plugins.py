"""What a caller asks beyond the plugin format, of plugins that know nothing of it; transcripts in parts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sdk.kit import Proven, make

from modelbay.entities import ModerationResult, Speech2TextResult
from modelbay.errors import InvokeBadRequestError
from modelbay.sdk import ModerationModel, Speech2TextModel, TTSModel
from modelbay.sdk.audio import Wav, WavFormat, write_wav
from modelbay.sdk.transcripts import joined

MONO = WavFormat(channels=1, sample_rate=8000, bits=16)
ONE_SECOND = write_wav(Wav(MONO, bytes(16000)))


class Speaker(Proven, TTSModel):
    """Speaks a second of silence."""

    spoke = 0

    def _invoke(self, *args: Any, **kwargs: Any) -> bytes:
        self.spoke += 1
        return ONE_SECOND


async def test_a_type_of_audio_that_a_model_does_not_make_is_refused() -> None:
    """A player told of MP3 cannot play WAV; the model's own type may be asked for."""
    speaker, other = make(Speaker, {"audio_type": "wav"}), make(Speaker, {"audio_type": "wav"})
    speaker.extras, other.extras = {"response_format": "wav"}, {"response_format": "mp3"}

    assert speaker.takes("response_format", "m", {})
    assert (await speaker.invoke("m", {}, "Hello")).mime_type == "audio/wav"
    with pytest.raises(InvokeBadRequestError, match="response_format: this model speaks wav only, not mp3"):
        await other.invoke("m", {}, "Hello")
    assert other.spoke == 0


async def test_the_scores_of_a_text_are_the_highest_of_its_parts() -> None:
    """One harmful part makes a text harmful."""

    class Judge(Proven, ModerationModel):
        def _invoke(self, model: str, credentials: dict[str, Any], text: str, user: Any = None) -> Any:
            bad = "bad" in text
            scores = {"hate": 0.9 if bad else 0.1, "violence": 0.2}
            return ModerationResult(result=bad, categories=["hate"] * bad, category_scores=scores)

    judge = make(Judge, {"max_characters_per_chunk": 20})
    result = await judge.invoke("m", {}, "All is well here. This one is bad. All is well.")

    assert (result.result, result.category_scores) == (True, {"hate": 0.9, "violence": 0.2})


async def test_a_recording_in_parts_is_told_of_from_its_beginning() -> None:
    """Every part counts its own time from 0."""

    class Listener(Proven, Speech2TextModel):
        def _invoke(self, model: str, credentials: dict[str, Any], file: Any, user: Any = None) -> Any:
            segments = [{"id": 0, "start": 0.0, "end": 0.5, "text": " la"}]
            return Speech2TextResult(result=" la", language="en", duration=1.0, segments=segments)

    four_seconds = write_wav(Wav(MONO, bytes(64000)))
    result = await make(Listener, {"file_upload_limit": 0.02}).invoke("m", {}, four_seconds)
    starts = [segment["start"] for segment in result.segments]

    assert [segment["id"] for segment in result.segments] == list(range(len(starts)))
    assert len(starts) >= 4
    assert starts == sorted(set(starts))
    assert (result.duration, result.language) == (4.0, "en")
    assert result.text == " ".join(["la"] * len(starts))


PART = st.tuples(st.integers(0, 3), st.integers(4, 30))


@given(st.lists(PART, min_size=1, max_size=4))
def test_no_segment_is_lost_and_none_is_out_of_order(parts: list[tuple[int, int]]) -> None:
    """However the recording was cut."""
    results = [
        Speech2TextResult(
            result=f"{count}",
            segments=[{"id": n, "start": float(n), "end": n + 1.0, "text": "x"} for n in range(count)],
        )
        for count, _ in parts
    ]
    whole = joined(results, [float(length) for _, length in parts])
    starts = [segment["start"] for segment in whole.unknown_fields["segments"]]

    assert len(starts) == sum(count for count, _ in parts)
    assert starts == sorted(starts)


def test_no_times_are_told_where_a_length_is_not_known() -> None:
    """Those of the first part alone would look whole."""
    part = Speech2TextResult(result="a", language="en", duration=1.0, segments=[], words=[])

    assert joined([part, part], [1.0, None]) == Speech2TextResult(result="a a", language="en")
    assert joined([part], [None]) is part
