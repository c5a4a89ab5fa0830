"""The picture in the README is what the demo draws today."""

from __future__ import annotations

import html
import re

import pytest

pytest.importorskip("pty", reason="the demo is drawn in a terminal of its own, which needs a Unix")

from scripts.build_demo_image import TARGET, demo_output

_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_TIME = re.compile(r"[\d.,]+ (?:µs|ms|s)\b")
_TEXT = re.compile(r"<text [^>]*>([^<]*)</text>")


def test_the_picture_is_what_the_demo_draws() -> None:
    """A picture of yesterday's program misleads; `python -m scripts.build_demo_image` draws it again."""
    texts = _TEXT.findall(TARGET.read_text("utf-8"))
    drawn = _words("".join(html.unescape(text) for text in texts))
    assert drawn.removeprefix("modelbaydemo") == _words(_ESCAPE.sub("", demo_output()))


def _words(text: str) -> str:
    """Return the text without blanks and without the times, which differ from run to run."""
    return re.sub(r"\s", "", _TIME.sub("", text.replace("\xa0", " ")))
