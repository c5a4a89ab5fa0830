"""Where a stream is cut into pieces changes nothing of what passes the fast lane, thinking or not."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay.errors import InvokeConnectionError, InvokeServerUnavailableError
from modelbay.wires.openai.relay import ChatRelay
from modelbay.wires.relaying import Scanner, Sent, Stamp, skeleton, split
from modelbay.wires.think_tags import ThinkTags

SENT = Sent(b"{}", stream=True, asked_usage=True, model="m")
PIECES = st.lists(
    st.sampled_from(["<think>", "</think>", "<thi", "nk>", "\n", " ", "Hm.", "ä", ""]), max_size=6
)


def scanner() -> Scanner:
    return ChatRelay().scanner(SENT, lambda data: data.replace(b"secret", b"***"), Stamp("0f", 7))


def event(delta: Any, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: %b\n\n" % orjson.dumps({"id": "theirs", "model": "m", "choices": [choice]})


def stream(texts: Sequence[str]) -> bytes:
    used = {
        "id": "theirs",
        "choices": [],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
    }
    said = [event({"role": "assistant", "content": ""}), *[event({"content": text}) for text in texts]]
    return b"".join([*said, event({}, "stop"), b"data: %b\n\ndata: [DONE]\n\n" % orjson.dumps(used)])


def told(pieces: Sequence[bytes]) -> tuple[str, str, bool, Any]:
    """Return reasoning and text, whether they passed on as they came, and what was used."""
    scanning = scanner()
    data = b"".join([scanning.feed(piece) for piece in pieces]) + scanning.ending()
    assert data.endswith(b"data: [DONE]\n\n")
    bodies = [orjson.loads(block[6:]) for block in data.split(b"\n\n")[:-2]]
    deltas = [choice["delta"] for body in bodies for choice in body["choices"]]
    used = scanning.usage()
    return (
        "".join(delta.get("reasoning_content") or "" for delta in deltas),
        "".join(delta.get("content") or "" for delta in deltas),
        {body["id"] for body in bodies} == {"theirs"},
        used and (used.prompt_tokens, used.completion_tokens),
    )


@given(PIECES, st.lists(st.integers(0, 2000), max_size=8))
def test_the_cuts_change_nothing(texts: list[str], cuts: list[int]) -> None:
    """Sockets cut where they like, and tokenizers too."""
    data, tags = stream(texts), ThinkTags()
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    split_texts = [*map(tags.feed, texts), tags.close()]
    thought, text = ("".join(part) for part in zip(*split_texts, strict=True))
    thinks = "".join(texts).lstrip().startswith("<think>")

    found = told([data[at:end] for at, end in pairwise(places)])

    assert found == (thought, text, not thinks, (3, 4))


def test_a_beginning_that_does_not_end_is_not_kept_for_ever() -> None:
    """Memory is bounded; what was held back is told all the same."""
    scanning, blank = scanner(), event({"content": " " * 1000})

    passed = b"".join([scanning.feed(blank) for _ in range(200)])

    assert len(passed) > 100_000


def test_keys_are_not_told_with_an_error() -> None:
    """An error in the middle of a thought is told in the stream, without what only the upstream may see."""
    scanning = scanner()
    begun = scanning.feed(event({"content": "<think>Hm."}))

    rest = scanning.feed(
        b'data: {"error": {"message": "the key secret is wrong", "type": "server_error"}}\n\n'
    )

    assert b"Hm." in begun + rest
    assert b"the key *** is wrong" in rest
    assert isinstance(scanning.error, InvokeServerUnavailableError)
    assert scanning.feed(event({"content": "more"})) == scanning.ending() == b""


def test_a_thought_that_is_cut_off_is_no_answer() -> None:
    """Nobody could tell it from one that ended."""
    scanning = scanner()
    scanning.feed(event({"content": "<think>Hm."}))

    with pytest.raises(InvokeConnectionError, match="ended before"):
        scanning.ending()


@pytest.mark.parametrize(
    ("options", "suits"),
    [
        ({"think_tags": True, "media_as_image_url": True, "tool_style": "tool"}, True),
        ({"think_tags": "implied"}, False),
        ({"tool_style": "function"}, False),
        ({"cumulative": True}, False),
    ],
)
def test_what_always_has_to_be_translated_is_not_in_the_lane(options: dict[str, Any], suits: bool) -> None:
    """Where a template opens the block, no beginning tells."""
    assert ChatRelay().suits(options) is suits


def test_other_servers_are_not_looked_at() -> None:
    """Only who may write thoughts into the text is held back: the others keep the shortest way."""
    fields = split(b'{"model": "m", "stream": true, "messages": [{"role": "user", "content": "Hi"}]}')
    assert fields is not None
    bones = skeleton(fields)
    assert bones is not None

    sent = ChatRelay().to_sent(bones, fields, b'"m"', {}, {})

    assert sent is not None
    scanning = ChatRelay().scanner(sent, bytes, Stamp("0f", 7))
    assert type(scanning).__name__ == "ChatScanner"
    assert scanning.feed(event({"content": "<think>"})) == event({"content": "<think>"})
