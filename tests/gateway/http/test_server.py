"""Listening, certificates, and going down."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from pathlib import Path

import pytest
import trustme
from tests.gateway.http.raw_client import GET, Client, connected, hello, post, serving

from modelbay.gateway.http.exchange import Exchange
from modelbay.gateway.http.listening import ListenError, bind
from modelbay.gateway.http.server import Server
from modelbay.gateway.http.settings import ServerSettings


async def test_it_listens_on_a_unix_socket(tmp_path: Path) -> None:
    """A proxy on the same machine needs no port."""

    async def app(exchange: Exchange) -> None:
        exchange.respond(200, b"", exchange.peer.encode())

    path = tmp_path / "s"
    async with serving(app, unix_socket=str(path)) as server:
        assert server.addresses == [str(path)]
        client = Client(*await asyncio.open_unix_connection(str(path)))
        await client.say(GET)
        assert (await client.reply()).body == b"unix"
        await client.close()


async def test_a_socket_left_behind_is_replaced_and_one_in_use_is_not(tmp_path: Path) -> None:
    """After `kill -9` a start must work; beside a running server it must not."""
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(path)
    async with serving(hello, unix_socket=path):
        with pytest.raises(ListenError, match=r"unix_socket: .* in use"):
            bind(ServerSettings(unix_socket=path))


async def test_an_address_that_is_taken_is_named() -> None:
    """The person who starts the server has to know which setting to change."""
    async with serving(hello) as server:
        port = int(server.addresses[0].rpartition(":")[2])
        with pytest.raises(ListenError, match=rf"port: cannot listen on 127.0.0.1:{port}: .* in use"):
            await Server.start(hello, ServerSettings(port=port))
    with pytest.raises(ListenError, match="host"):
        await Server.start(hello, ServerSettings(host="no.such.host.invalid"))


async def test_every_address_gets_the_same_port() -> None:
    """`localhost` is two addresses on most machines."""
    async with serving(hello, host="") as server:
        ports = {each.rpartition(":")[2] for each in server.addresses}
        assert len(ports) == 1


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


def _files(authority: trustme.CA, folder: Path) -> dict[str, str]:
    issued = authority.issue_cert("localhost")
    issued.cert_chain_pems[0].write_to_path(folder / "certificate.pem")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    return {"tls_certificate": str(folder / "certificate.pem"), "tls_key": str(folder / "key.pem")}


async def test_it_speaks_tls(authority: trustme.CA, tmp_path: Path) -> None:
    """Small set-ups have no proxy in front."""
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with serving(hello, **_files(authority, tmp_path)) as server:
        async with connected(server, ssl=trusting, server_hostname="localhost") as client:
            await client.say(GET, post(b"x" * 500_000))
            assert [(await client.reply()).body for _ in range(2)] == [b"hello", b"hello"]
        async with connected(server) as client:
            await client.say(GET)
            assert b"hello" not in await client.rest()


async def test_a_client_that_leaves_over_tls_cancels_its_exchange(
    authority: trustme.CA, tmp_path: Path
) -> None:
    """As without TLS."""
    started, cancelled = asyncio.Event(), asyncio.Event()

    async def app(exchange: Exchange) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with serving(app, **_files(authority, tmp_path)) as server:
        async with connected(server, ssl=trusting, server_hostname="localhost") as client:
            await client.say(GET)
            await started.wait()
        await cancelled.wait()


async def test_certificate_files_that_do_not_fit_are_named(tmp_path: Path) -> None:
    """Before anything listens."""
    for settings in (
        ServerSettings(tls_certificate=str(tmp_path / "missing.pem")),
        ServerSettings(tls_certificate=str(Path(__file__))),
    ):
        with pytest.raises(ListenError, match=r"tls_certificate, tls_key: cannot use .*\.(pem|py)"):
            await Server.start(hello, settings)


class Gate:
    """An application that answers when it is told to."""

    def __init__(self) -> None:
        self.entered, self.open = asyncio.Event(), asyncio.Event()

    async def __call__(self, exchange: Exchange) -> None:
        self.entered.set()
        await self.open.wait()
        exchange.respond(200, b"", b"done")


async def test_draining_finishes_what_runs_and_nothing_else() -> None:
    """A deployment must not cost anybody an answer."""
    gate = Gate()
    async with serving(gate) as server, connected(server) as idle, connected(server) as busy:
        gate.open.set()
        await idle.say(GET)
        assert "connection" not in (await idle.reply()).headers
        gate.open.clear()
        gate.entered.clear()
        await busy.say(GET)
        await gate.entered.wait()
        drained = asyncio.create_task(server.drain(60.0))
        assert await idle.rest() == b""
        with pytest.raises(OSError):
            async with connected(server):
                pass
        gate.open.set()
        reply = await busy.reply()
        assert (reply.body, reply.headers["connection"]) == (b"done", "close")
        assert await busy.rest() == b""
        assert await drained


async def test_a_connection_that_came_just_before_the_end_is_served_once() -> None:
    """Its first request is on its way; a client does not repeat what a new connection refused."""
    async with serving(hello) as server, connected(server) as client, connected(server) as silent:
        while server.connections < 2:  # noqa: ASYNC110 - the server has no event for it
            await asyncio.sleep(0)
        drained = asyncio.create_task(server.drain(60.0))
        await asyncio.sleep(0)
        await client.say(GET)
        assert (await client.reply()).headers["connection"] == "close"
        server.sweep(time.monotonic() + 2)
        assert await silent.rest() == b""
        assert await drained


async def test_draining_ends_what_takes_too_long() -> None:
    """A stuck call must not keep the process for ever; a second signal means at once."""
    gate = Gate()
    async with serving(gate) as server, connected(server) as client:
        await client.say(GET)
        await gate.entered.wait()
        first = asyncio.create_task(server.drain(60.0))
        assert not await server.drain(0.0)
        assert not gate.open.is_set()
        await first
        assert (server.connections, server.active) == (0, 0)


async def test_a_stream_that_began_before_draining_ends_its_connection() -> None:
    """Its head promised to keep it, so the connection is closed without a word, as an idle one is."""
    gate = Gate()

    async def app(exchange: Exchange) -> None:
        exchange.begin(200, b"")
        gate.entered.set()
        await gate.open.wait()
        exchange.end(b"x")

    async with serving(app) as server, connected(server) as client:
        await client.say(GET)
        await gate.entered.wait()
        drained = asyncio.create_task(server.drain(60.0))
        await asyncio.sleep(0)
        gate.open.set()
        assert (await client.reply()).body == b"x"
        assert await client.rest() == b""
        assert await drained
