"""Server-sent events and lines, fed at every boundary."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay.wires.decode import Event, LineDecoder, LineTooLongError, SSEDecoder

STREAM = (
    b"\xef\xbb\xbf: a comment\n"
    b'data: {"text":"\xe4\xbd\xa0\xe5\xa5\xbd"}\n\n'
    b"event: delta\r\nid: 7\r\ndata:first\r\ndata: second\r\n\r\n"
    b"data\rdata: \xf0\x9f\x98\x80\r\r"
    b"retry: 100\nunknown: x\nevent: only a name\n\n"
    b"data: {}\n\ndata: {}\n\ndata: last, without its blank line"
)
EVENTS = [
    Event("", '{"text":"你好"}'.encode()),
    Event("delta", b"first\nsecond", "7"),
    Event("", "\n😀".encode(), "7"),
    Event("", b"{}", "7"),
    Event("", b"{}", "7"),
    Event("", b"last, without its blank line", "7"),
]


def events_of(pieces: list[bytes], limit: int = 2**20) -> list[Event]:
    decoder = SSEDecoder(limit)
    return [event for piece in pieces for event in decoder.feed(piece)] + decoder.close()


def lines_of(pieces: list[bytes], limit: int = 2**20) -> list[bytes]:
    decoder = LineDecoder(limit)
    return [line for piece in pieces for line in decoder.feed(piece)] + decoder.close()


def cut(data: bytes, places: list[int]) -> list[bytes]:
    bounds = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:stop] for start, stop in itertools.pairwise(bounds)]


def test_every_form_of_the_standard_is_read() -> None:
    """Comments, both line ends, several data lines, ids that stay, a mark at the start: all occur."""
    assert events_of([STREAM]) == EVENTS


@pytest.mark.parametrize("place", range(len(STREAM) + 1))
def test_a_stream_cut_anywhere_gives_the_same_events(place: int) -> None:
    """TCP cuts where it likes: inside a character, between CR and LF, in the middle of a field name."""
    assert events_of([STREAM[:place], STREAM[place:]]) == EVENTS


def test_a_stream_byte_by_byte_gives_the_same_events() -> None:
    """The slowest upstream sends single bytes."""
    assert events_of([STREAM[at : at + 1] for at in range(len(STREAM))]) == EVENTS


PIECES = st.lists(
    st.sampled_from(
        [
            b"data: {}\n\n",
            b"data:x",
            b"data: y",
            b"\n",
            b"\r",
            b"\r\n",
            b"event: e\n",
            b"id: 1\n",
            b":c\n",
            b"\xef\xbb\xbf",
        ]
    ),
    max_size=30,
).map(b"".join)


@given(data=PIECES, places=st.lists(st.integers(0, 400), max_size=8))
def test_how_a_stream_is_cut_never_matters(data: bytes, places: list[int]) -> None:
    """The quick path for whole events must not differ from the careful one."""
    assert events_of(cut(data, places)) == events_of([data])


@given(data=st.binary(max_size=200), places=st.lists(st.integers(0, 200), max_size=6))
def test_arbitrary_bytes_never_break_the_decoders(data: bytes, places: list[int]) -> None:
    """What a broken upstream sends is an answer too: it may mean nothing, but must not raise."""
    assert events_of(cut(data, places)) == events_of([data])
    assert lines_of(cut(data, places)) == lines_of([data])


def test_events_stay_bytes() -> None:
    """JSON is parsed from bytes; decoding them first would be work done twice."""
    (event,) = events_of([b'data: {"a": 1}\n\n'])
    assert event.data == b'{"a": 1}'
    assert type(event.data) is bytes


def test_an_event_is_given_out_as_soon_as_it_is_complete() -> None:
    """A decoder that waits for the next event delays every token by one."""
    assert SSEDecoder().feed(b"data: now\n\n") == [Event("", b"now")]


def test_lines_are_cut_at_newlines_only() -> None:
    """A carriage return or a line separator inside JSON is not the end of a line."""
    text = '{"a":"x\u2028y"}\r\n\n  \n{"b":1}'.encode()
    assert lines_of([text]) == ['{"a":"x\u2028y"}'.encode(), b'{"b":1}']


@pytest.mark.parametrize(
    "data", [b"data: " + b"x" * 100, b"data: " + b"x" * 100 + b"\n\n", b"data: xxxxx\n" * 20]
)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_an_event_without_end_is_refused(data: bytes, size: int) -> None:
    """Memory must stay bounded whatever an upstream sends, in one line or in many."""
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    with pytest.raises(LineTooLongError):
        events_of(pieces, limit=64)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_line_without_end_is_refused(size: int) -> None:
    """The same for newline-delimited JSON."""
    data = b"x" * 100 + b"\n"
    with pytest.raises(LineTooLongError):
        lines_of([data[at : at + size] for at in range(0, len(data), size)], limit=64)


def test_a_long_line_in_many_pieces_is_joined_once() -> None:
    """Joining at every piece would make 16 MB in 16 kB pieces cost 8 GB of copying."""
    decoder = LineDecoder()
    for _ in range(1000):
        assert decoder.feed(b"x" * 16000) == []
    assert [len(line) for line in decoder.feed(b"\n")] == [16_000_000]
