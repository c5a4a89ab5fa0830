"""What a dialect asks is sent as asked, and what comes back is decoded: over real sockets."""

from __future__ import annotations

import asyncio
import gzip
import threading
import zlib
from typing import Any

import pytest
from tests.wires.raw_upstream import Received, always, answer_of, chunk, in_turn, raw_upstream, stream_head

from modelbay.errors import (
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeConnectionError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
)
from modelbay.wires.request import Part, Request
from modelbay.wires.settings import TransportSettings
from modelbay.wires.transport import Transport, Transports

DIRECT = TransportSettings(trust_env=False, retries=0)


async def pieces_of(iterator: Any) -> list[Any]:
    return [each async for each in iterator]


async def test_json_goes_out_and_comes_back() -> None:
    """The plainest call: method, path, headers and body arrive as given, and the answer is decoded."""
    async with raw_upstream(always(answer_of(body={"a": "é"}))) as upstream, Transport(DIRECT) as transport:
        request = Request("POST", f"{upstream.url}/v1/x?y=1", {"Authorization": "Bearer k"}, {"q": "ü"})
        assert await transport.json(request) == {"a": "é"}
    (received,) = upstream.requests
    assert received.line == "POST /v1/x?y=1 HTTP/1.1"
    assert received.headers["authorization"] == "Bearer k"
    assert received.headers["host"] == f"127.0.0.1:{upstream.port}"
    assert received.headers["content-type"] == "application/json"
    assert received.body == '{"q":"ü"}'.encode()


async def test_a_reply_has_status_headers_and_bytes() -> None:
    """Audio and listings need more than JSON; header names are lower case, repeated ones joined."""
    said = b"HTTP/1.1 201 Made\r\nX-One: a\r\nx-one: b\r\nContent-Length: 3\r\n\r\n\x00\x01\x02"
    async with raw_upstream(always(said)) as upstream, Transport(DIRECT) as transport:
        reply = await transport.send(Request("GET", upstream.url))
    assert (reply.status, reply.headers["x-one"], reply.body) == (201, "a, b", b"\x00\x01\x02")


async def test_a_form_is_written_as_browsers_do() -> None:
    """Speech is uploaded as a form; a quote or line end in a file name must not break out of its header."""
    form = (Part("model", "m"), Part("file", b"\xff\x00", filename='a"\r\nb.wav', content_type="audio/wav"))
    async with raw_upstream(always(answer_of(body={}))) as upstream, Transport(DIRECT) as transport:
        await transport.json(
            Request("POST", upstream.url, {"content-type": "multipart/form-data"}, form=form)
        )
    received = upstream.requests[0]
    boundary = received.headers["content-type"].partition("boundary=")[2].encode()
    assert received.body == (
        b'--%s\r\nContent-Disposition: form-data; name="model"\r\n\r\nm\r\n'
        b'--%s\r\nContent-Disposition: form-data; name="file"; filename="a%%22%%0D%%0Ab.wav"\r\n'
        b"Content-Type: audio/wav\r\n\r\n\xff\x00\r\n--%s--\r\n"
    ) % (boundary, boundary, boundary)


@pytest.mark.parametrize("cut", [1, 3, 7, 1000])
async def test_events_arrive_however_they_are_cut(cut: int) -> None:
    """HTTP chunks, TCP segments and events have nothing to do with each other."""
    data = 'event: e\ndata: {"t":"你"}\n\ndata: [DONE]\n\n'.encode()
    said = b"".join(chunk(data[at : at + cut]) for at in range(0, len(data), cut)) + chunk(b"")

    async def answer(received: Received) -> None:
        await received.say(stream_head())
        await received.say(*(said[at : at + cut] for at in range(0, len(said), cut)))

    async with raw_upstream(answer) as upstream, Transport(DIRECT) as transport:
        events = await pieces_of(transport.events(Request("POST", upstream.url, json={})))
    assert [(event.name, event.data) for event in events] == [("e", '{"t":"你"}'.encode()), ("", b"[DONE]")]


async def test_an_event_is_passed_on_before_the_next_one_exists() -> None:
    """A reader sees each token when it is made, not when a buffer is full."""
    go_on = asyncio.Event()

    async def answer(received: Received) -> None:
        await received.say(stream_head(), chunk(b"data: 1\n\n"))
        await go_on.wait()
        await received.say(chunk(b"data: 2\n\n"), chunk(b""))

    async with raw_upstream(answer) as upstream, Transport(DIRECT) as transport:
        events = transport.events(Request("POST", upstream.url, json={}))
        assert (await anext(events)).data == b"1"
        go_on.set()
        assert [event.data async for event in events] == [b"2"]


async def test_lines_come_one_by_one_without_blank_ones() -> None:
    """Ollama's streams are newline-delimited JSON."""
    said = (stream_head("application/x-ndjson"), chunk(b'{"a":1}\r\n\n{"b"'), chunk(b":2}\n{}"), chunk(b""))
    async with raw_upstream(always(*said)) as upstream, Transport(DIRECT) as transport:
        lines = await pieces_of(transport.lines(Request("POST", upstream.url, json={})))
    assert lines == [b'{"a":1}', b'{"b":2}', b"{}"]


async def test_chunks_are_the_bytes_as_they_come() -> None:
    """Audio is played while it arrives; a body without a length ends with its connection."""

    async def answer(received: Received) -> None:
        await received.say(b"HTTP/1.1 200 OK\r\ncontent-type: audio/wav\r\n\r\nRIFF", b"\x00\xff")
        received.writer.close()

    async with raw_upstream(answer) as upstream, Transport(DIRECT) as transport:
        assert b"".join(await pieces_of(transport.chunks(Request("POST", upstream.url)))) == b"RIFF\x00\xff"


async def test_connections_are_kept_and_used_again() -> None:
    """A new TLS connection costs more than many a call, also after streams and after errors."""
    said = (
        answer_of(body={}),
        stream_head() + chunk(b"data: 1\n\n") + chunk(b""),
        answer_of(404, {"error": "no"}),
        answer_of(body={}),
    )
    async with raw_upstream(in_turn(*said)) as upstream, Transport(DIRECT) as transport:
        request = Request("POST", upstream.url, json={})
        await transport.json(request)
        await pieces_of(transport.events(request))
        with pytest.raises(InvokeBadRequestError):
            await transport.json(request)
        await transport.json(request)
    assert (upstream.connections, len(upstream.requests)) == (1, 4)


async def test_a_reader_that_stops_at_the_last_event_leaves_the_connection_usable() -> None:
    """Dialects stop at `[DONE]`, one step before the end of the body: that must not cost a connection."""
    said = stream_head() + chunk(b"data: [DONE]\n\n") + chunk(b"")
    async with raw_upstream(always(said)) as upstream, Transport(DIRECT) as transport:
        for _ in range(3):
            events = transport.events(Request("POST", upstream.url, json={}))
            assert (await anext(events)).data == b"[DONE]"
            await events.aclose()
    assert upstream.connections == 1


@pytest.mark.parametrize("header", ["connection: close", "content-length: 2\r\ntransfer-encoding: chunked"])
async def test_a_connection_that_cannot_be_trusted_is_not_used_again(header: str) -> None:
    """The upstream said it would close, or framed its answer in two ways at once."""
    body = chunk(b"{}") + chunk(b"") if "chunked" in header else b"{}"
    length = "" if "chunked" in header else "content-length: 2\r\n"
    said = f"HTTP/1.1 200 OK\r\n{length}{header}\r\n\r\n".encode() + body
    async with raw_upstream(always(said)) as upstream, Transport(DIRECT) as transport:
        for _ in range(2):
            assert await transport.json(Request("GET", upstream.url)) == {}
    assert upstream.connections == 2


async def test_interim_answers_are_passed_over() -> None:
    """Some proxies send 100 or 103 first."""
    said = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + answer_of(body=[1])
    async with raw_upstream(always(said)) as upstream, Transport(DIRECT) as transport:
        assert await transport.json(Request("GET", upstream.url)) == [1]


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_compressed_answers_are_read(coding: str, pack: Any) -> None:
    """We ask for none, and some proxies compress all the same."""
    said = answer_of(body=pack(b'{"a": 1}'), headers={"content-encoding": coding})
    async with raw_upstream(always(said)) as upstream, Transport(DIRECT) as transport:
        assert await transport.json(Request("GET", upstream.url)) == {"a": 1}
        assert await transport.json(Request("GET", upstream.url)) == {"a": 1}
    assert upstream.requests[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, InvokeAuthorizationError), (429, InvokeRateLimitError), (503, InvokeServerUnavailableError)],
)
@pytest.mark.parametrize("face", ["json", "events", "lines", "chunks"])
async def test_a_failed_answer_is_the_same_error_on_every_face(status: int, error: Any, face: str) -> None:
    """Streaming must not change what a failure looks like."""
    said = answer_of(status, {"error": {"message": "as said", "code": "c"}}, {"x-request-id": "r-1"})
    async with raw_upstream(always(said)) as upstream, Transport(DIRECT) as transport:
        request = Request("POST", upstream.url, json={})
        with pytest.raises(error, match="as said") as caught:
            await (
                transport.json(request) if face == "json" else pieces_of(getattr(transport, face)(request))
            )
    assert (caught.value.status, caught.value.code, caught.value.request_id) == (status, "c", "r-1")


async def test_a_dialect_may_read_failures_its_own_way() -> None:
    """Some upstreams put the class of failure into a code of their own."""
    own = InvokeRateLimitError("mine")
    async with raw_upstream(always(answer_of(400, {"e": 1}))) as upstream, Transport(DIRECT) as transport:
        request = Request("POST", upstream.url, to_error=lambda status, headers, body: own)
        with pytest.raises(InvokeRateLimitError, match="mine"):
            await transport.json(request)


@pytest.mark.parametrize("face", ["json", "events", "chunks"])
async def test_an_error_inside_a_200_is_an_error(face: str) -> None:
    """Routers answer 200 before they know; what follows is no answer."""
    said = answer_of(200, {"error": {"message": "key is wrong", "type": "authentication_error"}})
    async with raw_upstream(always(said)) as upstream, Transport(DIRECT) as transport:
        request = Request("POST", upstream.url)
        with pytest.raises(InvokeAuthorizationError, match="key is wrong"):
            await (
                transport.json(request) if face == "json" else pieces_of(getattr(transport, face)(request))
            )


async def test_a_whole_document_in_place_of_a_stream_is_one_event() -> None:
    """Some upstreams ignore `stream`; the dialect can still read what they say."""
    async with (
        raw_upstream(always(answer_of(body={"choices": []}))) as upstream,
        Transport(DIRECT) as transport,
    ):
        (event,) = await pieces_of(transport.events(Request("POST", upstream.url, json={})))
    assert event.data == b'{"choices":[]}'


@pytest.mark.parametrize("face", ["json", "events", "lines", "chunks"])
async def test_a_web_page_is_no_answer(face: str) -> None:
    """A wrong base URL often leads to a web site that says 200 to everything."""
    said = answer_of(200, b"<html><title>Welcome to nginx</title></html>", content_type="text/html")
    async with raw_upstream(always(said)) as upstream, Transport(DIRECT) as transport:
        request = Request("POST", upstream.url)
        with pytest.raises(InvokeServerUnavailableError, match=r"text/html instead of .*Welcome to nginx"):
            await (
                transport.json(request) if face == "json" else pieces_of(getattr(transport, face)(request))
            )


async def test_a_redirect_is_an_error_and_is_never_followed() -> None:
    """A redirect would carry the key to wherever it points; its query may hold secrets: not shown."""
    async with raw_upstream(always(answer_of(body={}))) as elsewhere:
        said = answer_of(307, b"", {"location": f"{elsewhere.url}/stolen?token=abcdefgh"})
        async with raw_upstream(always(said)) as upstream, Transport(DIRECT) as transport:
            request = Request("POST", upstream.url, {"Authorization": "Bearer secret-1"}, {})
            with pytest.raises(InvokeServerUnavailableError, match="redirect") as caught:
                await transport.json(request)
    assert elsewhere.requests == []
    assert "abcdefgh" not in str(caught.value)
    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("ftp://x/", {}),
        ("not a url", {}),
        ("http://[::1/", {}),
        ("http://x:99999/", {}),
        ("http://127.0.0.1:1/", {"a b": "x"}),
        ("http://127.0.0.1:1/", {"x-key": "sk-1234567\r\nx-evil: 1"}),
        ("http://127.0.0.1:1/", {"x-key": "sk-1234567\u2013"}),
    ],
)
async def test_what_cannot_be_sent_is_a_bad_request(url: str, headers: dict[str, str]) -> None:
    """A line end in a key would smuggle in a header; the message names the header and not its value."""
    async with Transport(DIRECT) as transport:
        with pytest.raises(InvokeBadRequestError) as caught:
            await transport.json(Request("POST", url, headers))
    assert "sk-1234567" not in str(caught.value)


async def test_a_body_that_json_cannot_say_is_a_bad_request() -> None:
    """The mistake is ours or the caller's, not the network's."""
    async with Transport(DIRECT) as transport:
        with pytest.raises(InvokeBadRequestError, match="JSON"):
            await transport.json(Request("POST", "http://127.0.0.1:1/", json={"x": object()}))


async def test_user_and_password_in_the_url_become_basic_authorisation() -> None:
    """People put a proxy with a password before their own model server."""
    async with raw_upstream(always(answer_of(body={}))) as upstream, Transport(DIRECT) as transport:
        await transport.json(Request("GET", upstream.url.replace("//", "//us%40er:pass@") + "/p ä"))
    assert upstream.requests[0].headers["authorization"] == "Basic dXNAZXI6cGFzcw=="
    assert upstream.requests[0].line == "GET /p%20%C3%A4 HTTP/1.1"


def test_one_transport_serves_several_event_loops_and_threads() -> None:
    """A program may run asyncio.run twice, and a server has worker threads."""
    transport = Transport(DIRECT)
    results: list[object] = []

    async def call() -> None:
        async with raw_upstream(always(answer_of(body={}))) as upstream:
            results.append([await transport.json(Request("GET", upstream.url)) for _ in range(3)])

    asyncio.run(call())
    threads = [threading.Thread(target=lambda: asyncio.run(call())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asyncio.run(transport.aclose())
    assert results == [[{}] * 3] * 4


async def test_equal_settings_share_a_transport() -> None:
    """Connections are worth sharing; different proxies or certificates are not."""
    transports = Transports()
    one = transports.get(TransportSettings(retries=1))
    assert transports.get(TransportSettings(retries=1)) is one
    assert transports.get() is not one
    await transports.aclose()


def test_nothing_that_is_shown_holds_a_secret() -> None:
    """`repr` ends up in logs and crash dumps."""
    request = Request(
        "POST", "https://u:pw-123456@h/p?key=k-123456", {"x-api-key": "s-123456"}, {"t": "b-123456"}
    )
    part = Part("file", "c-123456")
    settings = TransportSettings(proxy="http://u:p-123456@h:1")
    assert repr(request) == "Request(POST https://h/p)"
    assert "123456" not in repr((request, part, settings))


async def test_a_closed_transport_says_so() -> None:
    """Using it again is a mistake in the program, and would leak connections."""
    transport = Transport(DIRECT)
    await transport.aclose()
    with pytest.raises(RuntimeError, match="closed"):
        await transport.json(Request("GET", "http://127.0.0.1:1/"))


async def test_calls_under_way_fail_when_the_transport_closes() -> None:
    """They must not hang until their timeout."""
    asked = asyncio.Event()

    async def answer(received: Received) -> None:
        asked.set()
        await received.hang_up_seen()

    async with raw_upstream(answer) as upstream:
        transport = Transport(DIRECT)
        call = asyncio.create_task(transport.json(Request("GET", upstream.url)))
        await asked.wait()
        await transport.aclose()
        with pytest.raises(InvokeConnectionError):
            await call
