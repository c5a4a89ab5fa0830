"""Subtitles, from what a transcript tells of its segments: SubRip and WebVTT, as Whisper writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeGuard

from modelbay.entities import Speech2TextResult
from modelbay.errors import InvokeServerUnavailableError


class Cue(NamedTuple):
    """What is shown from `start` to `end`, in seconds."""

    start: float
    end: float
    text: str


def cues_of(result: Speech2TextResult) -> list[Cue]:
    """Return a transcript's segments; InvokeServerUnavailableError if it does not say what was said when."""
    segments = result.unknown_fields.get("segments")
    if segments is None and not result.result.strip():
        return []
    if not isinstance(segments, list):
        raise InvokeServerUnavailableError(
            "response_format: the provider did not tell when each word was said, as subtitles need; "
            "ask for json or text",
            retryable=False,
        )
    return [_cue(segment, place) for place, segment in enumerate(segments)]


def to_srt(cues: Iterable[Cue]) -> str:
    """Return SubRip."""
    return "".join(
        f"{place}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n{cue.text}\n\n"
        for place, cue in enumerate(cues, 1)
    )


def to_vtt(cues: Iterable[Cue]) -> str:
    """Return WebVTT."""
    shown = (f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n{cue.text}\n\n" for cue in cues)
    return "WEBVTT\n\n" + "".join(shown)


def _cue(segment: Any, place: int) -> Cue:
    values = segment if isinstance(segment, Mapping) else {}
    start, end, text = values.get("start"), values.get("end"), values.get("text")
    if not (_is_time(start) and _is_time(end) and isinstance(text, str)):
        raise InvokeServerUnavailableError(
            f"segments[{place}]: the provider's segment has no times or no text"
        )
    return Cue(start, end, _line(text))


def _is_time(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e9  # no nan


def _line(text: str) -> str:
    """Return a text that neither ends its cue, by an empty line, nor begins another, by an arrow."""
    return "\n".join(line for line in text.strip().splitlines() if line.strip()).replace("-->", "->")


def _clock(seconds: float, point: str) -> str:
    rest, thousandths = divmod(round(seconds * 1000), 1000)
    minutes, second = divmod(rest, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours:02}:{minute:02}:{second:02}{point}{thousandths:03}"
