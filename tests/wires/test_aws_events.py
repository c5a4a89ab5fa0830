"""The decoder of AWS event streams, with AWS's own as the judge."""

from __future__ import annotations

import binascii
import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay.wires.aws_events import AwsEventDecoder, BrokenFrameError
from modelbay.wires.decode import LineTooLongError
from modelbay.wires.request import Event

Header = tuple[str, int, bytes]


def text(name: str, value: str) -> Header:
    """Return a header with a text."""
    return name, 7, value.encode()


def frame(payload: bytes, *headers: Header) -> bytes:
    """Return one frame."""
    packed = b""
    for name, kind, value in headers:
        length = struct.pack(">H", len(value)) if kind in (6, 7) else b""
        packed += bytes([len(name)]) + name.encode() + bytes([kind]) + length + value
    prelude = struct.pack(">II", 16 + len(packed) + len(payload), len(packed))
    body = prelude + struct.pack(">I", binascii.crc32(prelude)) + packed + payload
    return body + struct.pack(">I", binascii.crc32(body))


def event(name: str, payload: bytes) -> bytes:
    """Return the frame of an event, as Bedrock sends it."""
    return frame(
        payload,
        text(":event-type", name),
        text(":content-type", "application/json"),
        text(":message-type", "event"),
    )


def decoded(data: bytes, *cuts: int) -> list[Event]:
    """Return the events of `data`, fed in the pieces that `cuts` make."""
    decoder = AwsEventDecoder()
    places = [0, *sorted(cuts), len(data)]
    found: list[Event] = []
    for start, end in pairwise(places):
        found += decoder.feed(data[start:end])
    return found + decoder.close()


TWO = event("messageStart", b'{"role":"assistant"}') + event(
    "contentBlockDelta", b'{"delta":{"text":"h\xc3\xa9"}}'
)
TWO_EVENTS = [
    Event("messageStart", b'{"role":"assistant"}'),
    Event("contentBlockDelta", b'{"delta":{"text":"h\xc3\xa9"}}'),
]


@pytest.mark.parametrize("cut", range(len(TWO) + 1))
def test_a_stream_may_be_cut_at_any_byte(cut: int) -> None:
    """TCP knows nothing of frames: a piece may end inside a length, a header or a checksum."""
    assert decoded(TWO, cut) == TWO_EVENTS


def test_a_stream_may_come_byte_by_byte() -> None:
    """The worst of all networks still delivers every event once."""
    assert decoded(TWO, *range(len(TWO))) == TWO_EVENTS


names = st.text("abcXYZ:-", min_size=1, max_size=20)
others = st.one_of(
    st.tuples(names, st.sampled_from([0, 1]), st.just(b"")),
    st.tuples(names, st.just(2), st.binary(min_size=1, max_size=1)),
    st.tuples(names, st.just(3), st.binary(min_size=2, max_size=2)),
    st.tuples(names, st.just(4), st.binary(min_size=4, max_size=4)),
    st.tuples(names, st.sampled_from([5, 8]), st.binary(min_size=8, max_size=8)),
    st.tuples(names, st.just(6), st.binary(max_size=40)),
    st.tuples(names, st.just(9), st.binary(min_size=16, max_size=16)),
)
frames = st.lists(
    st.tuples(st.text(max_size=12), st.binary(max_size=60), st.lists(others, max_size=3)), max_size=5
)


@given(frames, st.lists(st.integers(0, 400), max_size=8))
def test_any_stream_in_any_pieces_gives_its_events(
    given_frames: list[tuple[str, bytes, list[Header]]], cuts: list[int]
) -> None:
    """Headers of every type may stand beside those that are read."""
    data = b"".join(
        frame(
            payload, *[header for header in more if not header[0].startswith(":")], text(":event-type", name)
        )
        for name, payload, more in given_frames
    )
    wanted = [Event(name, payload) for name, payload, _ in given_frames]
    assert decoded(data, *(min(cut, len(data)) for cut in cuts)) == wanted


@given(frames)
def test_it_reads_what_the_decoder_of_aws_reads(given_frames: list[tuple[str, bytes, list[Header]]]) -> None:
    """botocore is the reference: names and payloads must be the same."""
    eventstream = pytest.importorskip("botocore.eventstream")
    data = b"".join(event(name, payload) for name, payload, _ in given_frames)
    theirs = eventstream.EventStreamBuffer()
    theirs.add_data(data)
    wanted = [(each.headers[":event-type"], each.payload) for each in theirs]
    assert [(name, payload) for name, payload, _ in decoded(data)] == wanted


def test_an_exception_is_told_apart_from_events() -> None:
    """A failure in the middle of a stream has its type in another header, and must not look like an event."""
    data = frame(
        b'{"message":"slow down"}',
        text(":exception-type", "throttlingException"),
        text(":message-type", "exception"),
    )
    assert decoded(data) == [Event("throttlingException", b'{"message":"slow down"}', "exception")]


def test_an_error_without_a_body_has_its_message_as_data() -> None:
    """Errors that are not modelled have code and words in headers, and nothing else."""
    data = frame(
        b"",
        text(":message-type", "error"),
        text(":error-code", "InternalError"),
        text(":error-message", "An internal error"),
    )
    assert decoded(data) == [Event("InternalError", b"An internal error", "exception")]


@pytest.mark.parametrize("place", range(len(TWO_EVENTS[0].data) + 60))
def test_a_changed_byte_is_noticed(place: int) -> None:
    """Every byte of a frame is guarded by a checksum: nothing wrong is passed on."""
    data = bytearray(event("messageStart", b'{"role":"assistant"}'))
    data[place] ^= 0x40
    with pytest.raises(BrokenFrameError):
        AwsEventDecoder().feed(bytes(data))


def test_headers_that_reach_beyond_their_frame_are_refused() -> None:
    """A sender whose lengths contradict each other must not make us read the next frame as headers."""
    prelude = struct.pack(">II", 20, 12)
    data = prelude + struct.pack(">I", binascii.crc32(prelude)) + b"\0" * 8
    with pytest.raises(BrokenFrameError, match="12 bytes of headers"):
        AwsEventDecoder().feed(data)


@pytest.mark.parametrize(
    "header", [b"\x01a\x0f", b"\x01a\x07\x00\x09x", b"\x09a", b"\x01a"], ids=lambda each: each.hex()
)
def test_headers_that_make_no_sense_are_refused(header: bytes) -> None:
    """Checksums only prove that the sender meant it so."""
    prelude = struct.pack(">II", 16 + len(header), len(header))
    body = prelude + struct.pack(">I", binascii.crc32(prelude)) + header
    with pytest.raises(BrokenFrameError):
        AwsEventDecoder().feed(body + struct.pack(">I", binascii.crc32(body)))


def test_a_frame_longer_than_the_limit_is_refused_before_it_has_come() -> None:
    """Memory is bounded by the limit, not by what a sender announces."""
    prelude = struct.pack(">II", 2**31, 0)
    with pytest.raises(LineTooLongError, match="1000"):
        AwsEventDecoder(1000).feed(prelude + struct.pack(">I", binascii.crc32(prelude)) + b"\0\0\0\0")


def test_the_end_of_an_unfinished_frame_is_no_event() -> None:
    """Half a frame says nothing; that the answer was cut off is for its reader to tell."""
    decoder = AwsEventDecoder()
    assert decoder.feed(TWO[:-1]) == TWO_EVENTS[:1]
    assert decoder.close() == []
