"""One conversation over a websocket: what each side says, as whole messages."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import parse_uri

from modelbay.errors import InvokeConnectionError, InvokeError, InvokeServerUnavailableError
from modelbay.wires import failures
from modelbay.wires.http1.connection import Connection
from modelbay.wires.http1.errors import WireError
from modelbay.wires.http1.limits import Limits
from modelbay.wires.http1.pool import Pool, Route
from modelbay.wires.http1.target import target_of
from modelbay.wires.request import Request

__all__ = ["RefusedError", "converse"]

_NORMAL = frozenset({CloseCode.NORMAL_CLOSURE, CloseCode.GOING_AWAY, CloseCode.NO_STATUS_RCVD})
_DATA = frozenset({Opcode.TEXT, Opcode.BINARY, Opcode.CONT})


class RefusedError(Exception):
    """The upstream did not want to talk: the error that it is, and the headers that came with it."""

    def __init__(self, error: InvokeError, headers: Mapping[str, str]) -> None:
        super().__init__(str(error))
        self.error = error
        self.headers = headers


async def converse(pool: Pool, request: Request, limits: Limits, longest: int) -> AsyncGenerator[bytes, None]:
    """Yield the messages that come. Closing the iterator closes the connection at once.

    Args:
        request: Its `replies` say what to send when the socket has opened, and after each message.
        longest: Bytes of one message.

    Raises:
        RefusedError: The upstream did not want to talk.
        InvokeError: It ended the talk with an error.
        WireError: The connection could not be made, broke, or stayed silent for too long.
    """
    target = target_of(request.url)
    route = Route(target, pool.proxies.choose(target) if target.scheme == "https" else None)
    connection = await pool.acquire(route, limits, fresh=True)
    try:
        talk = _Talk(connection, request, limits, longest)
        await talk.open()
        async for message in talk.messages():
            yield message
            await talk.say(request.replies(message) if request.replies else ())
    finally:
        pool.release(route, connection, reusable=False)


class _Talk:
    """A protocol without I/O, and the connection that it speaks over."""

    def __init__(self, connection: Connection, request: Request, limits: Limits, longest: int) -> None:
        self._connection = connection
        self._request = request
        self._limits = limits
        self._protocol = ClientProtocol(parse_uri(_ws_address(request.url)), max_size=longest)
        self._waiting: list[Frame] = []
        self._parts: list[bytes] = []

    async def open(self) -> None:
        """Agree to talk; RefusedError, in the upstream's words, if it does not want to."""
        begin = self._protocol.connect()
        begin.headers.update(_headers(self._request.headers))
        self._protocol.send_request(begin)
        await self._flush()
        answered = False
        while not answered:
            answered = await self._receive(self._limits.timeouts.first_byte)
            if self._protocol.handshake_exc is not None:
                raise _refusal(self._protocol.handshake_exc)
        await self.say(self._request.replies(None) if self._request.replies else ())

    async def messages(self) -> AsyncGenerator[bytes, None]:
        """Yield whole messages until either side ends the talk."""
        while True:
            while self._waiting:
                frame = self._waiting.pop(0)
                if frame.opcode not in _DATA:
                    continue
                self._parts.append(bytes(frame.data))
                if frame.fin:
                    self._limits.begun()
                    message = b"".join(self._parts)
                    self._parts.clear()
                    yield message
            if self._protocol.state is not State.OPEN:
                self._judge_end()
                return
            await self._receive(self._limits.timeouts.idle, idle=True)

    async def say(self, messages: Iterable[str | bytes]) -> None:
        """Send messages, each as it is taken from the iterable."""
        for message in messages:
            if isinstance(message, str):
                self._protocol.send_text(message.encode())
            else:
                self._protocol.send_binary(message)
            await self._flush()

    async def _flush(self) -> None:
        data = b"".join(self._protocol.data_to_send())
        if not data:
            return
        by = self._limits.by(self._limits.timeouts.idle)
        try:
            await self._connection.send(data, by, regardless=True)
        except TimeoutError:
            error = self._limits.went_idle("sending a message")
        else:
            return
        raise error

    async def _receive(self, seconds: float | None, *, idle: bool = False) -> bool:
        """Take in what has arrived; whether the upstream's answer to the first request is among it."""
        try:
            data = await self._connection.receive(self._limits.by(seconds))
        except TimeoutError:
            limits = self._limits
            waited = limits.went_idle("waiting for the next message")
            error = waited if idle else limits.expired("waiting for the answer", seconds)
        except OSError as failure:
            error = WireError(f"The connection broke: {failure.strerror or 'it was closed'}.", answered=True)
        else:
            return await self._take(data)
        raise error

    async def _take(self, data: bytes) -> bool:
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        events = self._protocol.events_received()
        self._waiting += [event for event in events if isinstance(event, Frame)]
        if self._protocol.handshake_exc is None:
            await self._flush()  # what the protocol itself answers: pongs, the farewell
        return any(isinstance(event, Response) for event in events)

    def _judge_end(self) -> None:
        """Raise if the upstream ended the talk because something was wrong; its reader knows the rest."""
        end = self._protocol.close_rcvd
        if end is not None and end.code not in _NORMAL:
            why = end.reason or f"code {end.code}"
            raise InvokeServerUnavailableError(f"The provider ended the conversation: {why}")
        if self._protocol.parser_exc is not None and end is None and self._protocol.close_sent is not None:
            why = self._protocol.close_sent.reason or "it breaks the rules of websockets"
            raise InvokeServerUnavailableError(f"What the provider says cannot be read: {why}")


def _ws_address(url: str) -> str:
    return url.replace("http", "ws", 1) if url.startswith(("http://", "https://")) else url


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not (name + value).isprintable():
            raise InvokeConnectionError(f"header {name!r} has characters that no header may have")
    return dict(headers)


def _refusal(error: Exception) -> RefusedError:
    if not isinstance(error, InvalidStatus):
        why = str(error) if isinstance(error, InvalidHandshake) else "it cannot be read"
        text = f"The provider did not agree to talk by websocket: {why}"
        return RefusedError(InvokeServerUnavailableError(text), {})
    answer = error.response
    headers = {name.lower(): value for name, value in answer.headers.raw_items()}
    return RefusedError(_error_of(answer, headers), headers)


def _error_of(answer: Response, headers: Mapping[str, str]) -> InvokeError:
    if answer.status_code < 400:
        said = f"it answered {answer.status_code}; check the address"
        return InvokeServerUnavailableError(f"The provider does not talk by websocket here: {said}")
    return failures.to_error(answer.status_code, headers, bytes(answer.body or b""))
