"""Image sizes are read from headers, and image costs follow the published rules."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from modelbay.entities import ImagePromptMessageContent
from modelbay.sdk.tokens import count_image, image_size


def png(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))


def gif(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x00\x00\x00;"


def jpeg(width: int, height: int, before: int = 0) -> bytes:
    """A JPEG: a JFIF segment, `before` segments of 60,000 bytes, fill bytes, a progressive frame."""
    segments = b"\xff\xe0\x00\x10" + b"JFIF\x00" + bytes(9)
    segments += (b"\xff\xe1" + struct.pack(">H", 60_000) + b"\xff\xc0" * 29_999) * before
    return (
        b"\xff\xd8"
        + segments
        + b"\xff\xff\xff\xc2"
        + struct.pack(">HBHHB", 17, 8, height, width, 3)
        + bytes(20)
    )


def webp(kind: bytes, body: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", 22 + len(body)) + b"WEBP" + kind + struct.pack("<I", len(body)) + body


def webp_extended(width: int, height: int) -> bytes:
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return webp(b"VP8X", b"\x00\x00\x00\x00" + sides)


def webp_lossless(width: int, height: int) -> bytes:
    return webp(b"VP8L", b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14) + bytes(8))


def webp_lossy(width: int, height: int) -> bytes:
    return webp(b"VP8 ", b"\x00\x00\x00\x9d\x01\x2a" + struct.pack("<HH", width, height) + bytes(8))


def image(data: bytes, detail: str = "high") -> ImagePromptMessageContent:
    return ImagePromptMessageContent(base64_data=base64.b64encode(data).decode(), detail=detail)


@pytest.mark.parametrize("write", [png, gif, jpeg, webp_extended, webp_lossless, webp_lossy])
@given(width=st.integers(1, 16_383), height=st.integers(1, 16_383))
def test_the_size_is_read_from_every_format(
    write: Callable[[int, int], bytes], width: int, height: int
) -> None:
    """All four formats that OpenAI accepts, WebP in its three kinds."""
    assert image_size(base64.b64encode(write(width, height)).decode()) == (width, height)


def test_a_jpeg_frame_is_found_behind_large_segments() -> None:
    """Camera files carry previews and colour profiles before the frame; markers inside them mean nothing."""
    assert image_size(base64.b64encode(jpeg(4032, 3024, before=3)).decode()) == (4032, 3024)


def test_data_uris_and_wrapped_base64_are_read() -> None:
    """People paste both."""
    encoded = base64.encodebytes(jpeg(640, 480, before=1)).decode()

    assert image_size(f"data:image/jpeg;base64,{encoded}") == (640, 480)


@given(
    st.binary(max_size=64)
    | st.builds(
        lambda head, rest: head + rest,
        st.sampled_from(
            [b"\xff\xd8", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", b"GIF89a", b"RIFF\x00\x00\x00\x00WEBPVP8L"]
        ),
        st.binary(max_size=40),
    )
)
def test_broken_files_have_no_size_or_a_real_one(data: bytes) -> None:
    """A header that is cut off or lies must not crash a count."""
    size = image_size(base64.b64encode(data).decode())

    assert size is None or min(size) > 0


@given(st.text(max_size=50))
def test_text_that_is_no_base64_has_no_size(text: str) -> None:
    """An address, or anything else, may stand where an image is expected."""
    assert image_size("https://images.example/" + text) is None


@pytest.mark.parametrize(
    ("model", "size", "detail", "tokens"),
    [
        ("gpt-4o", (1024, 1024), "high", 765),
        ("gpt-4o", (2048, 4096), "high", 1105),
        ("gpt-4o", (4096, 8192), "low", 85),
        ("gpt-4o", (512, 512), "high", 255),
        ("gpt-4o-mini", (1024, 1024), "high", 2833 + 4 * 5667),
        ("gpt-4o-mini", (1024, 1024), "low", 2833),
        ("o1", (1024, 1024), "high", 75 + 4 * 150),
        ("gpt-5", (1024, 1024), "high", 70 + 4 * 140),
        ("gpt-4.1-mini", (1024, 1024), "high", 1659),
        ("gpt-4.1-mini", (1800, 2400), "high", 2353),
        ("gpt-4.1-nano", (1024, 1024), "high", 2520),
        ("o4-mini", (1024, 1024), "high", 1762),
        ("gpt-6-astra", (1920, 1080), "high", 2448),
        ("gpt-6-astra", (2560, 1440), "high", 2931),
        ("gpt-6-astra", (4032, 3024), "auto", 14_364),
        ("gpt-5.5", (4032, 3024), "auto", 11_868),
    ],
)
def test_published_image_costs(model: str, size: tuple[int, int], detail: str, tokens: int) -> None:
    """The examples of OpenAI's guide (765, 1105, 85; 1452 patches), and bills that were published."""
    assert count_image(image(png(*size), detail), model).tokens == tokens


def test_only_tiles_of_a_known_size_are_exact() -> None:
    """An address is not fetched, and bills for patches are known to differ from the guide."""
    by_address = ImagePromptMessageContent(url="https://images.example/a.png", detail="high")

    assert count_image(image(png(10, 10)), "gpt-4o").exact
    assert count_image(by_address.model_copy(update={"detail": by_address.DETAIL.LOW}), "gpt-4o").exact
    assert not count_image(by_address, "gpt-4o").exact
    assert not count_image(image(png(10, 10)), "gpt-4.1-mini").exact
    assert not count_image(image(png(10, 10)), "claude-opus").exact
    assert count_image(by_address, "claude-opus").tokens > 0


@pytest.mark.parametrize("model", ["gpt-4o", "o4-mini", "gpt-5.4", "gpt-6-astra", "claude-opus"])
@given(width=st.integers(1, 100_000), height=st.integers(1, 100_000), detail=st.sampled_from(["low", "high"]))
@example(width=1, height=88_028, detail="high")
def test_cost_is_bounded_for_any_shape(model: str, width: int, height: int, detail: str) -> None:
    """Every rule shrinks; a strip of one pixel must not divide by zero or cost a fortune."""
    assert 0 < count_image(image(png(width, height), detail), model).tokens <= 20_000
