"""Cutting an answer at stop sequences, literally."""

from __future__ import annotations

from collections.abc import Sequence


def enforce_stop_tokens(text: str, stop: Sequence[str]) -> str:
    """Return `text` up to the first place where one of `stop` begins. Empty stop sequences do not count."""
    places = [place for word in stop if word and (place := text.find(word)) >= 0]
    return text[: min(places)] if places else text


class StopFilter:
    """Cuts a streamed text at stop sequences, wherever the stream was split.

    It holds back at most the length of the longest stop sequence less one character.
    """

    def __init__(self, stop: Sequence[str]) -> None:
        self._stop = [word for word in stop if word]
        self._longest = max((len(word) for word in self._stop), default=0)
        self._held = ""
        self.stopped = False

    def feed(self, text: str) -> str:
        """Take in the next piece and return what may be shown of it; "" after a stop sequence."""
        if self.stopped or not self._stop:
            return "" if self.stopped else text
        held = self._held + text
        cut = enforce_stop_tokens(held, self._stop)
        if len(cut) < len(held):
            self.stopped, self._held = True, ""
            return cut
        keep = self._tail(held)
        self._held = held[len(held) - keep :]
        return held[: len(held) - keep]

    def close(self) -> str:
        """Return what was held back, at the end of the stream."""
        held, self._held = self._held, ""
        return held

    def _tail(self, text: str) -> int:
        """How many last characters may be the beginning of a stop sequence."""
        for length in range(min(self._longest - 1, len(text)), 0, -1):
            tail = text[-length:]
            if any(word.startswith(tail) for word in self._stop):
                return length
        return 0
