"""Websockets for fakes: a handler answers an upgrade with `talking(...)`, which hears each message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from websockets.frames import Frame, Opcode
from websockets.http11 import Request as Upgrade
from websockets.protocol import State
from websockets.server import ServerProtocol

from modelbay.sdk.testing import Answer, FakeUpstream, Request
from modelbay.sdk.testing.connection import Connection

Said = str | bytes
Hearing = Callable[[Said], Iterable[Said]]
SWITCHED = 101


@dataclass(frozen=True, slots=True)
class Talk(Answer):
    """The answer to an upgrade: from now on `hearing` says what to answer to each message."""

    hearing: Hearing | None = None


def talking(hearing: Hearing) -> Talk:
    """Answer an upgrade."""
    return Talk(status=SWITCHED, hearing=hearing)


class TalkingConnection(Connection):
    """A connection that may become a websocket."""

    _protocol: ServerProtocol | None = None
    _hearing: Hearing | None = None

    def data_received(self, data: bytes) -> None:
        """Take in messages, once there is a websocket."""
        if self._protocol is None:
            super().data_received(data)
        else:
            self._protocol.receive_data(data)
            self._hear()

    def _serve(self, request: Request) -> None:
        if request.headers.get("upgrade", "").lower() != "websocket":
            super()._serve(request)
            return
        answer, fault = self._server.serve(request, used=self._served > 0)
        self._served += 1
        if isinstance(answer, Talk) and fault is None:
            self._switch(request, answer)
        else:
            delivering = self._deliver(request, answer, fault)
            self._task = asyncio.get_running_loop().create_task(delivering)
            self._task.add_done_callback(self._delivered)

    def _switch(self, request: Request, answer: Talk) -> None:
        self._protocol, self._hearing = ServerProtocol(), answer.hearing
        lines = [
            f"GET {request.path} HTTP/1.1",
            *(f"{name}: {text}" for name, text in request.headers.items()),
        ]
        self._protocol.receive_data("\r\n".join([*lines, "", ""]).encode("latin-1"))
        (upgrade,) = self._protocol.events_received()
        assert isinstance(upgrade, Upgrade)
        self._protocol.send_response(self._protocol.accept(upgrade))
        self._flush()

    def _hear(self) -> None:
        assert self._protocol is not None
        for frame in self._protocol.events_received():
            if not isinstance(frame, Frame) or frame.opcode not in (Opcode.TEXT, Opcode.BINARY):
                continue
            is_text = frame.opcode is Opcode.TEXT
            self._say(bytes(frame.data).decode() if is_text else bytes(frame.data))
        self._flush()
        if self._protocol.state is State.CLOSED or self._protocol.close_expected():
            self.close()

    def _say(self, heard: Said) -> None:
        assert self._protocol is not None
        for said in self._hearing(heard) if self._hearing else ():
            if isinstance(said, str):
                self._protocol.send_text(said.encode())
            else:
                self._protocol.send_binary(said)

    def _flush(self) -> None:
        assert self._protocol is not None
        if data := b"".join(self._protocol.data_to_send()):
            self._transport.write(data)


class TalkingUpstream(FakeUpstream):
    """A fake whose connections may become websockets."""

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(
            partial(TalkingConnection, self), "127.0.0.1", self.port, backlog=1024
        )
        self.port = self._listener.sockets[0].getsockname()[1]
