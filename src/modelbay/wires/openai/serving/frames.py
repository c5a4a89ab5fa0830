"""The frames of streamed answers, of which all but a few bytes are the same for every chunk."""

from __future__ import annotations

from typing import Any

import orjson

from modelbay.entities import LLMUsage
from modelbay.errors import ModelbayError
from modelbay.wires.openai.serving.chat_answer import usage_body
from modelbay.wires.openai.serving.errors import ERRORS

DONE = b"data: [DONE]\n\n"


class Frames:
    """Makes the frames of one answer.

    A frame of text is `before_text`, the text as JSON, `after_text`: whoever writes many joins them himself.
    """

    __slots__ = ("_after", "_before", "_include_usage", "after_text", "before_text")

    def __init__(
        self, envelope: dict[str, Any], text_choice: tuple[bytes, bytes], *, include_usage: bool
    ) -> None:
        """Begin an answer.

        Args:
            text_choice: What comes before and after the text in a choice that adds nothing else.
        """
        self._include_usage = include_usage
        self._before = b"data: %b" % orjson.dumps(envelope)[:-1]
        self._after = b',"usage":null}\n\n' if include_usage else b"}\n\n"
        self.before_text = self._before + b',"choices":[' + text_choice[0]
        self.after_text = text_choice[1] + b"]" + self._after

    def choice(self, choice: dict[str, Any], more: dict[str, Any] | None = None) -> bytes:
        """Return the frame of a choice; `more` are fields beside it."""
        fields = b"," + orjson.dumps(more)[1:-1] if more else b""
        return b'%b,"choices":[%b]%b%b' % (self._before, orjson.dumps(choice), fields, self._after)

    def usage(self, usage: LLMUsage | None) -> bytes:
        """Return the frame of the usage, if the client asked for it."""
        if usage is None or not self._include_usage:
            return b""
        return b'%b,"choices":[],"usage":%b}\n\n' % (self._before, orjson.dumps(usage_body(usage)))


def failure(error: ModelbayError) -> bytes:
    """Return the frame that tells of an error; nothing comes after it."""
    return b"data: %b\n\n" % orjson.dumps(ERRORS.from_error(error, ""))
