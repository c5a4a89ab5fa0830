"""Forms with files: the same parts however the bytes were cut, and every limit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateway.http.raw_client import post, talking

from modelbay.gateway.http.exchange import BodyError, Exchange
from modelbay.gateway.http.multipart import Multipart, MultipartLimits, boundary_of

_BOUNDARY = b"b0undary"
Seen = list[tuple[str, str | None, str, bytes]]


async def _pieces(data: Iterable[bytes]) -> AsyncIterator[bytes]:
    for each in data:
        yield each


async def _read(*data: bytes, limits: MultipartLimits | None = None) -> Seen:
    parts = Multipart(_pieces(data), _BOUNDARY, limits)
    return [(each.name, each.filename, each.content_type, await each.read()) async for each in parts]


def _form(*parts: tuple[str, bytes], preamble: bytes = b"", end: bytes = b"--\r\n") -> bytes:
    body = b"".join(b"--%b\r\n%b\r\n\r\n%b\r\n" % (_BOUNDARY, head.encode(), data) for head, data in parts)
    return preamble + body + b"--" + _BOUNDARY + end


_FIELD = 'Content-Disposition: form-data; name="model"'
_FILE = 'content-disposition: form-data; name="file"; filename="a.mp3"\r\nContent-Type: Audio/MPEG; x=y'
_TRICKY = b"\r\n--b0undar\r\n--b0undarx\r\r\n\r\n--\r\n-"


@pytest.mark.parametrize("end", [b"--", b"--\r\n", b"--  \r\nepilogue\r\n"])
@pytest.mark.parametrize("preamble", [b"", b"\r\n", b"ignored --b0undary\r\n"])
async def test_parts_are_the_same_wherever_the_bytes_are_cut(preamble: bytes, end: bytes) -> None:
    """The network cuts anywhere, also inside a boundary; data may look like the beginning of one."""
    form = _form((_FIELD, b"whisper"), (_FILE, _TRICKY), (_FIELD, b""), preamble=preamble, end=end)
    expected = [
        ("model", None, "text/plain", b"whisper"),
        ("file", "a.mp3", "audio/mpeg", _TRICKY),
        ("model", None, "text/plain", b""),
    ]
    for cut in range(len(form) + 1):
        assert await _read(form[:cut], form[cut:]) == expected
    assert await _read(*[form[at : at + 1] for at in range(len(form))]) == expected


@given(data=st.lists(st.binary(max_size=60)), cuts=st.lists(st.integers(0, 400)))
async def test_any_bytes_come_back(data: list[bytes], cuts: list[int]) -> None:
    """Whatever a file holds, except the boundary itself, which its sender chose so that it does not occur."""
    form = _form(*[(_FILE, each.replace(_BOUNDARY, b"")) for each in data])
    at = sorted({0, len(form), *(each for each in cuts if each < len(form))})
    pieces = [form[a:b] for a, b in pairwise(at)]
    assert [each[3] for each in await _read(*pieces)] == [each.replace(_BOUNDARY, b"") for each in data]


@given(
    st.lists(
        st.one_of(st.binary(max_size=20), st.sampled_from([b"--b0undary", b"\r\n", b"--", _FIELD.encode()]))
    )
)
async def test_nonsense_is_a_typed_error_or_parts(pieces: list[bytes]) -> None:
    """No bytes may cost more than a refusal."""
    try:
        await _read(*pieces)
    except BodyError as error:
        assert error.status in {400, 413}


@pytest.mark.parametrize(
    ("disposition", "name", "filename"),
    [
        ("form-data; name=file; filename=a.wav", "file", "a.wav"),
        ('form-data; name="a%22b"; filename="x\\"y.wav"', 'a"b', 'x"y.wav'),
        ('form-data; filename="é 雪.wav"; name="file"', "file", "é 雪.wav"),
        ("form-data; name=\"file\"; filename*=utf-8''%E9%9B%AA.wav", "file", "雪.wav"),
        ('form-data; name="file"; filename=""', "file", ""),
    ],
)
async def test_names_are_read_as_clients_write_them(disposition: str, name: str, filename: str) -> None:
    """Browsers, curl, requests and httpx each quote in their own way."""
    seen = await _read(_form((f"Content-Disposition: {disposition}", b"x")))
    assert seen[0][:2] == (name, filename)


async def test_parts_that_nobody_reads_are_skipped() -> None:
    """A face takes the fields it knows."""
    form = _form((_FILE, b"x" * 100_000), (_FIELD, b"a"), (_FIELD, b"b"))
    names = [part.name async for part in Multipart(_pieces([form]), _BOUNDARY)]
    assert names == ["file", "model", "model"]


async def test_a_part_that_is_left_in_the_middle_is_skipped() -> None:
    """An error in a file must not make its rest look like the next part."""
    form = _form((_FILE, b"x" * 100_000), (_FIELD, b"a"))
    seen = []
    async for part in Multipart(_pieces([form[:500], form[500:]]), _BOUNDARY):
        async for piece in part.pieces():
            seen.append(piece[:1])
            break
    assert seen == [b"x", b"a"]


@pytest.mark.parametrize(
    ("limits", "status", "words"),
    [
        (MultipartLimits(parts=1), 413, "more than 1 part"),
        (MultipartLimits(head=20), 413, "head"),
        (MultipartLimits(field=3), 413, "model: a field may have 3 bytes"),
        (MultipartLimits(file=3), 413, "file: a file may have 3 bytes"),
    ],
)
async def test_each_limit_names_what_was_too_much(limits: MultipartLimits, status: int, words: str) -> None:
    """The client's developer has to know which."""
    with pytest.raises(BodyError, match=words) as caught:
        await _read(_form((_FIELD, b"abcd"), (_FILE, b"abcd")), limits=limits)
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("form", "words"),
    [
        (_form((_FIELD, b"a"), end=b""), "ends before"),
        (_form((_FIELD, b"a"), end=b"x\r\n"), "followed by"),
        (_form(("Content-Disposition: form-data", b"a")), "name"),
        (_form(("Content-Type: text/plain", b"a")), "Content-Disposition"),
        (_form(("nothing", b"a")), "header"),
        (_form((_FIELD, b"\xff")), "model: not UTF-8"),
        (b"", "ends before"),
    ],
)
async def test_each_malformation_is_named(form: bytes, words: str) -> None:
    """Never a traceback for a client's mistake."""
    with pytest.raises(BodyError, match=words) as caught:
        async for part in Multipart(_pieces([form]), _BOUNDARY):
            await part.text()
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary="é"',
    ],
)
def test_a_content_type_without_a_boundary_is_refused(content_type: str) -> None:
    """Without it there is nothing to look for."""
    with pytest.raises(BodyError, match="Content-Type"):
        boundary_of(content_type)
    assert boundary_of('Multipart/Form-Data; charset=utf-8; boundary="a b"') == b"a b"


async def test_a_form_is_read_from_a_connection() -> None:
    """The body is taken as it arrives, and the connection can be used again."""

    async def app(exchange: Exchange) -> None:
        boundary = boundary_of(exchange.headers["content-type"])
        size = 0
        async for part in Multipart(exchange.pieces(), boundary):
            size += len(await part.read())
        exchange.respond(200, b"", b"%d" % size)

    body = _form((_FIELD, b"whisper"), (_FILE, b"x" * 3_000_000))
    async with talking(app) as client:
        for _ in range(2):
            await client.say(post(body, b"Content-Type: multipart/form-data; boundary=" + _BOUNDARY))
            assert (await client.reply()).body == b"3000007"
