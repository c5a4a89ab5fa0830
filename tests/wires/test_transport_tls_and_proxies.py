"""Certificates and HTTP proxies, with real handshakes."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
import trustme
from tests.wires.raw_proxy import proxy_server
from tests.wires.raw_upstream import Received, always, answer_of, chunk, raw_upstream, stream_head

from modelbay.errors import InvokeBadRequestError, InvokeConnectionError
from modelbay.wires.http1.proxy import Proxies
from modelbay.wires.http1.target import target_of
from modelbay.wires.request import Request
from modelbay.wires.settings import TransportSettings
from modelbay.wires.transport import Transport


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority's certificate; what it issued for 127.0.0.1 lies beside it as `server.pem`."""
    path = tmp_path_factory.mktemp("tls") / "authority.pem"
    authority = trustme.CA()
    authority.cert_pem.write_to_path(path)
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(
        path.with_name("server.pem")
    )
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.with_name("server.pem"))
    return context


async def test_a_ca_bundle_is_trusted(certificate: Path, tls: ssl.SSLContext) -> None:
    """Companies sign their own servers; calls, streams and large bodies work over TLS."""
    large = "x" * 3_000_000

    async def answer(received: Received) -> None:
        if len(upstream.requests) == 3:
            await received.say(stream_head(), *(chunk(b"data: %d\n\n" % n) for n in range(50)), chunk(b""))
        else:
            await received.say(answer_of(body=[len(received.body), large]))

    settings = TransportSettings(ca_bundle=str(certificate), trust_env=False)
    async with raw_upstream(answer, tls=tls) as upstream, Transport(settings) as transport:
        request = Request("POST", upstream.url, json=large)
        for _ in range(2):
            assert await transport.json(request) == [len(large) + 2, large]
        events = [event.data async for event in transport.events(request)]
    assert events == [b"%d" % n for n in range(50)]
    assert upstream.connections == 1


async def test_a_ca_bundle_may_be_given_as_text(certificate: Path, tls: ssl.SSLContext) -> None:
    """Settings that are stored have no file on this machine."""
    settings = TransportSettings(ca_pem=await asyncio.to_thread(certificate.read_text))
    async with (
        raw_upstream(always(answer_of(body={"ok": 1})), tls=tls) as upstream,
        Transport(settings) as transport,
    ):
        assert await transport.json(Request("GET", upstream.url)) == {"ok": 1}


async def test_an_unknown_certificate_is_refused_and_not_retried(tls: ssl.SSLContext) -> None:
    """Without the bundle nobody vouches for the server; the message says what to do."""
    settings = TransportSettings(trust_env=False)
    async with raw_upstream(always(answer_of()), tls=tls) as upstream, Transport(settings) as transport:
        with pytest.raises(InvokeConnectionError, match="ca_bundle") as caught:
            await transport.json(Request("GET", upstream.url, {"Authorization": "Bearer x"}))
    assert not caught.value.retryable
    assert upstream.requests == []


async def test_a_certificate_for_another_name_is_refused(certificate: Path, tls: ssl.SSLContext) -> None:
    """A valid certificate of somebody else is no proof."""
    settings = TransportSettings(ca_bundle=str(certificate), trust_env=False, retries=0)
    async with raw_upstream(always(answer_of()), tls=tls) as upstream, Transport(settings) as transport:
        with pytest.raises(InvokeConnectionError, match="not accepted"):
            await transport.json(Request("GET", upstream.url.replace("127.0.0.1", "localhost")))


@pytest.mark.parametrize("content", [None, "no certificate"])
async def test_a_bundle_that_cannot_be_read_is_named(tmp_path: Path, content: str | None) -> None:
    """A wrong path must not look like a network problem."""
    bundle = tmp_path / "ca.pem"
    if content is not None:
        bundle.write_text(content)
    async with Transport(TransportSettings(ca_bundle=str(bundle), trust_env=False)) as transport:
        with pytest.raises(InvokeConnectionError, match=r"ca\.pem cannot be read"):
            await transport.json(Request("GET", "https://127.0.0.1:1/"))


async def test_plain_http_on_a_tls_port_is_a_connection_error() -> None:
    """https where http was meant is a frequent slip."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer_of(400))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with Transport(TransportSettings(trust_env=False, retries=0)) as transport:
        with pytest.raises(InvokeConnectionError, match="secure connection"):
            await transport.json(Request("GET", url))
    server.close()
    await server.wait_closed()


async def test_an_answer_cut_off_without_tls_saying_so_fails(certificate: Path, tls: ssl.SSLContext) -> None:
    """Otherwise somebody in between could shorten an answer that has no length."""

    async def answer(received: Received) -> None:
        await received.say(b"HTTP/1.1 200 OK\r\n\r\nhalf")
        received.reset()

    settings = TransportSettings(ca_bundle=str(certificate), trust_env=False, retries=0)
    async with raw_upstream(answer, tls=tls) as upstream, Transport(settings) as transport:
        with pytest.raises(InvokeConnectionError):
            await transport.send(Request("GET", upstream.url))


async def test_http_goes_through_the_proxy_with_its_password() -> None:
    """Plain requests are forwarded: absolute address, and the proxy's own authorisation."""
    async with proxy_server() as (url, asked):
        settings = TransportSettings(proxy=url.replace("//", "//me:p%40ss@"))
        async with Transport(settings) as transport:
            answer = await transport.json(
                Request("GET", "http://models.example/v1?x=1", {"Authorization": "Bearer k"})
            )
    assert answer == {"from": "proxy"}
    assert asked[0].line == "GET http://models.example/v1?x=1 HTTP/1.1"
    assert asked[0].headers["proxy-authorization"] == "Basic bWU6cEBzcw=="
    assert asked[0].headers["host"] == "models.example"


async def test_https_is_tunnelled_so_the_proxy_sees_no_key(certificate: Path, tls: ssl.SSLContext) -> None:
    """The proxy learns the host and nothing else; the upstream does not learn the proxy's password."""
    async with (
        raw_upstream(always(answer_of(body={"ok": 1})), tls=tls) as upstream,
        proxy_server() as (url, asked),
    ):
        settings = TransportSettings(proxy=url.replace("//", "//me:secret-1@"), ca_bundle=str(certificate))
        async with Transport(settings) as transport:
            for _ in range(2):
                assert await transport.json(Request("GET", upstream.url, {"Authorization": "Bearer k"})) == {
                    "ok": 1
                }
    assert [each.line for each in asked] == [f"CONNECT 127.0.0.1:{upstream.port} HTTP/1.1"]
    assert "authorization" not in asked[0].headers
    assert "proxy-authorization" not in upstream.requests[0].headers


async def test_a_proxy_that_refuses_is_named() -> None:
    """It is not the provider that said no."""
    async with raw_upstream(always(answer_of(407))) as proxy:
        transport = Transport(TransportSettings(proxy=proxy.url))
        with pytest.raises(InvokeConnectionError, match=rf"proxy 127.0.0.1:{proxy.port} refused.*407"):
            await transport.json(Request("GET", "https://models.example/"))
        await transport.aclose()
    assert len(proxy.requests) == 1


@pytest.mark.parametrize("proxy", ["socks5://h:1", "https://h:1", "http://", "http://u:secret-1@:x"])
async def test_a_proxy_of_another_kind_is_refused_clearly(proxy: str) -> None:
    """Going around a proxy that was asked for would be worse than failing."""
    async with Transport(TransportSettings(proxy=proxy)) as transport:
        with pytest.raises(InvokeBadRequestError, match="proxy setting must be of the form") as caught:
            await transport.json(Request("GET", "http://models.example/"))
    assert "secret-1" not in str(caught.value)


@pytest.mark.parametrize(
    ("environment", "url", "chosen"),
    [
        ({"HTTPS_PROXY": "http://p:1"}, "https://a.example/", "p:1"),
        ({"HTTPS_PROXY": "http://p:1"}, "http://a.example/", None),
        ({"http_proxy": "p:1", "HTTP_PROXY": "http://q:2"}, "http://a.example/", "p:1"),
        ({"ALL_PROXY": "http://p:1"}, "https://a.example/", "p:1"),
        ({"HTTP_PROXY": "http://p:1", "REQUEST_METHOD": "GET"}, "http://a.example/", None),
        ({"ALL_PROXY": "http://p:1"}, "http://localhost:11434/", None),
        ({"ALL_PROXY": "http://p:1"}, "http://127.0.0.1:11434/", None),
        ({"ALL_PROXY": "http://p:1", "NO_PROXY": ".example"}, "https://a.example/", None),
        ({"ALL_PROXY": "http://p:1", "NO_PROXY": "a.example:8443"}, "https://a.example/", "p:1"),
        ({"ALL_PROXY": "http://p:1", "NO_PROXY": "b.example, a.example:443"}, "https://a.example/", None),
        ({"ALL_PROXY": "http://p:1", "NO_PROXY": "ample"}, "https://a.example/", "p:1"),
        ({"ALL_PROXY": "http://p:1", "NO_PROXY": "10.0.0.0/8"}, "http://10.1.2.3/", None),
        ({"ALL_PROXY": "http://p:1", "NO_PROXY": "*"}, "https://a.example/", None),
        ({}, "https://a.example/", None),
    ],
)
def test_the_environment_names_proxies_as_people_expect(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], url: str, chosen: str | None
) -> None:
    """The conventions of curl, without the hole that CGI opens, and never for this machine's own servers."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    proxy = Proxies(None, trust_env=True).choose(target_of(url))
    assert (proxy.place if proxy else None) == chosen
    assert Proxies(None, trust_env=False).choose(target_of(url)) is None
