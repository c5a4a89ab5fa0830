"""Joining the transcripts of a recording that was sent in parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelbay.entities import Speech2TextResult

_DETAILS = ("segments", "words")


def joined(results: Sequence[Speech2TextResult], lengths: Sequence[float | None]) -> Speech2TextResult:
    """Return the transcripts as one, without usage: texts joined by a space, times from the beginning.

    Args:
        lengths: How many seconds each part plays. From one that is not known on, no times can be told, and an
            answer with the times of half a recording would look whole: it has none.
    """
    if len(results) == 1:
        return results[0]
    said = [result.result.strip() for result in results]
    told = dict(results[0].unknown_fields)
    starts = _starts(lengths)
    for name in (*_DETAILS, "duration"):
        told.pop(name, None)
    if starts is not None:
        told |= _details(results, starts)
        if any("duration" in result.unknown_fields for result in results):
            told["duration"] = round(starts[-1] + (lengths[-1] or 0.0), 3)
    return Speech2TextResult(result=" ".join(text for text in said if text), **told)


def _starts(lengths: Sequence[float | None]) -> list[float] | None:
    starts, at = [], 0.0
    for length in lengths:
        if length is None:
            return None
        starts.append(at)
        at += length
    return starts


def _details(results: Sequence[Speech2TextResult], starts: Sequence[float]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in _DETAILS:
        lists = [result.unknown_fields.get(name) for result in results]
        if all(isinstance(items, list) for items in lists):
            pairs = [
                (item, start) for items, start in zip(lists, starts, strict=True) for item in items or ()
            ]
            found[name] = [_moved(item, start, place) for place, (item, start) in enumerate(pairs)]
    return found


def _moved(item: Any, start: float, place: int) -> Any:
    """Return a segment or a word at its time in the whole; segments are numbered through."""
    if not isinstance(item, Mapping):
        return item
    moved = dict(item)
    for name in ("start", "end"):
        if isinstance(moved.get(name), int | float):
            moved[name] = round(moved[name] + start, 3)
    if isinstance(moved.get("id"), int):
        moved["id"] = place
    return moved
