"""An HTTP proxy that says what it was asked."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from tests.wires.raw_upstream import Received, answer_of, read_request


@contextlib.asynccontextmanager
async def proxy_server() -> AsyncIterator[tuple[str, list[Received]]]:
    """An HTTP proxy that tunnels CONNECT and answers forwarded requests itself."""
    asked: list[Received] = []
    tasks: set[asyncio.Task[None]] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received = await read_request(reader, writer)
        asked.append(received)
        if not received.line.startswith("CONNECT"):
            await received.say(answer_of(body={"from": "proxy"}, headers={"connection": "close"}))
            writer.close()
            return
        host, _, port = received.line.split()[1].rpartition(":")
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        await received.say(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
    server.close()
    await asyncio.gather(*tasks, return_exceptions=True)
