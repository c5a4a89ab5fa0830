"""Compare HTTP clients: CPU of this process per unary call and per streamed event (decision 0002).

Run it with `python benchmarks/clients.py [--tls]`. The upstream runs in a process of its own. Clients that
are not installed are left out: pyreqwest and aiohttp are no dependencies of this project.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import multiprocessing
import ssl
import statistics
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from modelbay.wires.http1.head import read_head
from modelbay.wires.request import Request
from modelbay.wires.settings import TransportSettings
from modelbay.wires.transport import Transport

ANSWER = b'{"choices":[{"message":{"role":"assistant","content":"%s"}}],"usage":{"total_tokens":29}}' % (
    b"word " * 29
)
EVENT = b'data: {"id":"c-1","object":"chat.completion.chunk","choices":[{"delta":{"content":"word "}}]}\n\n'
QUESTION = {"model": "m", "messages": [{"role": "user", "content": "Say something of twenty-nine tokens."}]}
UNARY_CALLS, STREAMS, EVENTS, PACED_STREAMS, PACED_EVENTS, PACE = 2000, 100, 100, 50, 50, 0.02


class Upstream(asyncio.Protocol):
    """Answers `/unary`, `/burst` and `/paced`, each request at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
        if len(rest) < length:
            return
        self.buffer = rest[length:]
        if b"/unary" in head[:40]:
            self.transport.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
                % (len(ANSWER), ANSWER)
            )
            return
        self.transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        if b"/burst" in head[:40]:
            self.burst(EVENTS)
        else:
            self.paced(PACED_EVENTS)

    def burst(self, left: int) -> None:
        """Write one event a loop turn, so that a client sees pieces of natural size."""
        self.write(left)
        if left:
            asyncio.get_running_loop().call_soon(self.burst, left - 1)

    def paced(self, left: int) -> None:
        self.write(left)
        if left:
            asyncio.get_running_loop().call_later(PACE, self.paced, left - 1)

    def write(self, left: int) -> None:
        self.transport.write(b"%x\r\n%s\r\n" % (len(EVENT), EVENT) if left else b"0\r\n\r\n")


def serve(certificate: str | None, ready: Connection) -> None:
    """Run the upstream; tell its port."""

    async def run() -> None:
        context = None
        if certificate:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate)
        server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", 0, ssl=context)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


Unary = Callable[[str], Awaitable[object]]
Stream = Callable[[str], AsyncIterator[object]]


async def modelbay_client(stack: AsyncExitStack, ca: str | None) -> tuple[Unary, Stream]:
    """The transport as dialects use it: JSON decoded, events cut."""
    transport = await stack.enter_async_context(Transport(TransportSettings(ca_bundle=ca, trust_env=False)))
    headers = {"Authorization": "Bearer sk-000000000000"}
    return (
        lambda url: transport.json(Request("POST", url, headers, QUESTION)),
        lambda url: transport.events(Request("POST", url, headers, QUESTION)),
    )


async def bare_client(stack: AsyncExitStack, ca: str | None) -> tuple[Unary, Stream]:
    """The floor: one asyncio protocol per call on a kept connection, nothing decoded, nothing guarded."""
    idle: list[Any] = []
    context = ssl.create_default_context(cafile=ca) if ca else None

    class Bare(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport: Any = transport

        def ask(self, path: bytes) -> None:
            self.buffer, self.waiter = b"", asyncio.get_running_loop().create_future()
            body = b'{"model":"m","messages":[]}'
            self.transport.write(
                b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (path, len(body), body)
            )

        def data_received(self, data: bytes) -> None:
            self.buffer += data
            if not self.waiter.done():
                self.waiter.set_result(None)

    async def connection(url: str) -> Bare:
        if idle:
            return idle.pop()  # type: ignore[no-any-return]
        port = int(url.partition("127.0.0.1:")[2].partition("/")[0])
        transport, protocol = await asyncio.get_running_loop().create_connection(
            Bare, "127.0.0.1", port, ssl=context
        )
        stack.callback(transport.close)
        return protocol

    async def unary(url: str) -> object:
        protocol = await connection(url)
        protocol.ask(b"/unary")
        await protocol.waiter
        head, _, body = protocol.buffer.partition(b"\r\n\r\n")
        read_head(head)
        idle.append(protocol)
        return body

    async def stream(url: str) -> AsyncIterator[object]:
        protocol = await connection(url)
        protocol.ask(url.partition("127.0.0.1:")[2].partition("/")[2].join(("/", "")).encode())
        while not protocol.buffer.endswith(b"0\r\n\r\n"):
            await protocol.waiter
            data, protocol.buffer = protocol.buffer, protocol.buffer[-5:]
            protocol.waiter = asyncio.get_running_loop().create_future()
            for _ in range(data.count(b"data: ")):
                yield data
        idle.append(protocol)

    return unary, stream


async def pyreqwest_client(stack: AsyncExitStack, ca: str | None) -> tuple[Unary, Stream]:
    """Rust, without decoding."""
    from pyreqwest.client import ClientBuilder  # type: ignore[import-not-found]

    builder = ClientBuilder().no_proxy().follow_redirects(False)
    if ca:
        builder = builder.add_root_certificate_pem(await asyncio.to_thread(Path(ca).read_bytes))
    client = await stack.enter_async_context(builder.build())

    async def unary(url: str) -> object:
        answer = await client.post(url).body_json(QUESTION).build().send()
        return await answer.bytes()

    async def stream(url: str) -> AsyncIterator[object]:
        # A limit of one byte: with the default the first 64 kB are held back.
        request = client.post(url).body_json(QUESTION).streamed_read_buffer_limit(1).build_streamed()
        async with request as answer:
            while (chunk := await answer.body_reader.read_chunk()) is not None:
                for _ in range(bytes(chunk).count(b"data: ")):
                    yield chunk

    return unary, stream


async def aiohttp_client(stack: AsyncExitStack, ca: str | None) -> tuple[Unary, Stream]:
    """Python with C parts, without decoding."""
    import aiohttp  # type: ignore[import-not-found]  # rarely there

    context = ssl.create_default_context(cafile=ca) if ca else True
    session = await stack.enter_async_context(
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context))
    )

    async def unary(url: str) -> object:
        async with session.post(url, json=QUESTION) as answer:
            return await answer.read()

    async def stream(url: str) -> AsyncIterator[object]:
        async with session.post(url, json=QUESTION) as answer:
            async for chunk in answer.content.iter_any():
                for _ in range(chunk.count(b"data: ")):
                    yield chunk

    return unary, stream


CLIENTS = {
    "bare asyncio protocol": ("asyncio", bare_client),
    "modelbay": ("modelbay", modelbay_client),
    "pyreqwest": ("pyreqwest", pyreqwest_client),
    "aiohttp": ("aiohttp", aiohttp_client),
}


async def cpu(work: Awaitable[object]) -> float:
    before = time.process_time()
    await work
    return time.process_time() - before


async def count(events: AsyncIterator[object]) -> None:
    async for _ in events:
        pass


async def one_after_another(calls: int, call: Callable[[], Awaitable[object]]) -> None:
    for _ in range(calls):
        await call()


async def measure(make: Any, base: str, ca: str | None) -> tuple[float, float, float]:
    """Return CPU milliseconds per call, microseconds per event in a burst and paced."""
    async with AsyncExitStack() as stack:
        unary, stream = await make(stack, ca)
        await one_after_another(50, lambda: unary(f"{base}/unary"))
        calls = await cpu(one_after_another(UNARY_CALLS, lambda: unary(f"{base}/unary")))
        burst = await cpu(one_after_another(STREAMS, lambda: count(stream(f"{base}/burst"))))
        paced = await cpu(asyncio.gather(*(count(stream(f"{base}/paced")) for _ in range(PACED_STREAMS))))
    return (
        calls / UNARY_CALLS * 1e3,
        burst / STREAMS / EVENTS * 1e6,
        paced / PACED_STREAMS / PACED_EVENTS * 1e6,
    )


def self_signed(folder: str) -> str:
    """Make a certificate for 127.0.0.1, with the openssl command."""
    path = f"{folder}/server.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subject += ["-addext", "basicConstraints=critical,CA:FALSE"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run([*command, "-keyout", path, "-out", f"{path}.crt"], check=True, capture_output=True)
    with Path(path).open("a") as file:
        file.write(Path(f"{path}.crt").read_text())
    return path


def main() -> None:
    """Print one line per client: the median of several rounds."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tls", action="store_true")
    options.add_argument("--rounds", type=int, default=3)
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        certificate = self_signed(folder) if arguments.tls else None
        ours, theirs = multiprocessing.Pipe()
        upstream = multiprocessing.get_context("spawn").Process(
            target=serve, args=(certificate, theirs), daemon=True
        )
        upstream.start()
        base = f"{'https' if certificate else 'http'}://127.0.0.1:{ours.recv()}"
        ca = f"{certificate}.crt" if certificate else None
        print(f"{'client':24}{'call, ms':>10}{'burst, us':>11}{'paced, us':>11}")
        for name, (module, make) in CLIENTS.items():
            if importlib.util.find_spec(module) is None:
                continue
            rounds = [asyncio.run(measure(make, base, ca)) for _ in range(arguments.rounds)]
            call, burst, paced = (statistics.median(each) for each in zip(*rounds, strict=True))
            print(f"{name:24}{call:>10.3f}{burst:>11.1f}{paced:>11.1f}")
        upstream.terminate()


if __name__ == "__main__":
    main()
