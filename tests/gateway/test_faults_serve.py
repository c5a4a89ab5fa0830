"""`modelbay serve` as a command: certificates, sockets, limits, and mistakes told in one line."""

from __future__ import annotations

import asyncio
import signal
import socket
import ssl
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from tests.gateway.client import Answer, encode, read_answer
from tests.gateway.process import Running, running
from tests.gateway.ways import WAYS
from tests.upstreams.openai import OpenAIUpstream

WAY = WAYS[0]


def _request(gateway: Running) -> bytes:
    return encode("POST", WAY.path, WAY.body(), {"authorization": f"Bearer {gateway.key}"})


async def _exchanged(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: bytes) -> Answer:
    writer.write(sent)
    try:
        return read_answer(await reader.read())
    finally:
        writer.close()


async def test_it_serves_over_tls_by_certificate_files(tmp_path: Path) -> None:
    """Small set-ups have no proxy in front; who speaks without TLS gets nothing."""
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    issued.cert_chain_pems[0].write_to_path(chain)
    issued.private_key_pem.write_to_path(key)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    options = ("--tls-certificate", str(chain), "--tls-key", str(key))
    async with OpenAIUpstream() as upstream, running(tmp_path, {"openai": upstream}, *options) as gateway:
        assert gateway.address.startswith("https://")
        secure = await asyncio.open_connection(*gateway.place, ssl=trusting, server_hostname="localhost")
        answer = await _exchanged(*secure, _request(gateway))
        assert (answer.status, answer.complete) == (200, True)
        _, writer = plain = await asyncio.open_connection(*gateway.place)
        writer.write(_request(gateway))
        assert b"200 OK" not in await plain[0].read()
        writer.close()
        assert len(upstream.requests) == 1


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_it_serves_on_a_unix_socket_and_takes_it_away(workers: str, tmp_path: Path) -> None:
    """A proxy on the same machine needs no port; a path that is left behind would puzzle the next start."""
    path = tmp_path / "s"
    options = ("--unix-socket", str(path), "--workers", workers)
    async with OpenAIUpstream() as upstream, running(tmp_path, {"openai": upstream}, *options) as gateway:
        assert stat.S_ISSOCK(path.stat().st_mode)
        gateway.key = (tmp_path / "data" / "local-key").read_text().strip()
        answer = await _exchanged(*await asyncio.open_unix_connection(str(path)), _request(gateway))
        assert (answer.status, answer.complete) == (200, True)
        gateway.signal(signal.SIGTERM)
        assert (await gateway.ended())[0] == 0
        assert not path.exists()


async def test_its_limits_hold(tmp_path: Path) -> None:
    """The command serves with the limits that the server and the gateway were tested with."""
    async with OpenAIUpstream() as upstream, running(tmp_path, {"openai": upstream}) as gateway:
        named = {"authorization": f"Bearer {gateway.key}"}
        too_much = {
            431: encode("GET", "/v1/models", None, {**named, "x": "y" * 40_000}),
            414: encode("GET", "/v1/models?" + "y" * 10_000, None, named),
            413: encode("POST", WAY.path, b"", {**named, "content-length": str(2**40)}),
            400: encode("POST", WAY.path, b"0\r\n\r\n", {**named, "transfer-encoding": "chunked"}),
        }
        for status, sent in too_much.items():
            answer = await _exchanged(*await asyncio.open_connection(*gateway.place), sent)
            assert answer.status == status
        deep = b'{"model":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
        refused = await gateway.call("POST", WAY.path, deep)
        assert (refused.status, "nested" in refused.json["error"]["message"]) == (400, True)
        assert (await gateway.call("POST", WAY.path, WAY.body())).status == 200
        assert len(upstream.requests) == 1


def _file(folder: Path) -> list[str]:
    (folder / "data").write_text("not a directory")
    return ["data", "directory"]


def _damaged(folder: Path) -> list[str]:
    (folder / "data").mkdir(mode=0o700)
    (folder / "data" / "modelbay.db").write_bytes(b"not a database" * 1000)
    return ["modelbay.db", "not a database"]


def _settings(folder: Path) -> list[str]:
    (folder / "data").mkdir(mode=0o700)
    (folder / "data" / "gateway.yaml").write_text("limits: {body: many}")
    return ["gateway.yaml", "limits.body"]


def _unknown_limit(folder: Path) -> list[str]:
    (folder / "data").mkdir(mode=0o700)
    (folder / "data" / "gateway.yaml").write_text("limits: {bodies: 3}")
    return ["gateway.yaml", "bodies"]


@pytest.mark.parametrize(
    "spoil", [_file, _damaged, _settings, _unknown_limit], ids=lambda each: each.__name__
)
@pytest.mark.parametrize("workers", ["1", "2"])
async def test_what_keeps_it_from_starting_is_told_in_one_line(
    spoil: Callable[[Path], list[str]], workers: str, tmp_path: Path
) -> None:
    """Whoever starts it is a person, and has to know what to change."""
    words = spoil(tmp_path)
    async with running(tmp_path, {}, "--workers", workers) as gateway:
        code, errors = await gateway.ended()
    _one_line(code, errors, words)


async def test_a_port_or_a_certificate_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """The setting is named, as it is written on the command line."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        async with running(tmp_path / "a", {}, "--port", port) as gateway:
            _one_line(*await gateway.ended(), ["port", port])
    async with running(tmp_path / "b", {}, "--tls-certificate", str(tmp_path / "none.pem")) as gateway:
        _one_line(*await gateway.ended(), ["none.pem"])


def _one_line(code: int, errors: str, words: list[str]) -> None:
    assert code in {1, 2}, errors
    lines = [line for line in errors.splitlines() if line.strip()]
    assert len(lines) == 1, errors
    assert lines[0].startswith("error: ")
    assert all(word in lines[0] for word in words), errors


async def test_a_data_directory_is_closed_to_others(tmp_path: Path) -> None:
    """It holds keys, and what everybody's calls came to."""
    (tmp_path / "data").mkdir(mode=0o755)
    (tmp_path / "data").chmod(0o755)
    async with OpenAIUpstream() as upstream, running(tmp_path, {"openai": upstream}) as gateway:
        assert (await gateway.call("POST", WAY.path, WAY.body())).status == 200
        found = [tmp_path / "data", *(tmp_path / "data").rglob("*")]
        assert not [path for path in found if path.exists() and path.stat().st_mode & 0o077]
