"""The ways to read an upstream's answer: whole, in pieces (events, lines, messages, bytes), or as it is."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any

import orjson

from modelbay.errors import InvokeError
from modelbay.wires import failures
from modelbay.wires.answers import is_json, mapped, not_expected, read_beginning, read_reply
from modelbay.wires.decode import LineDecoder, SSEDecoder
from modelbay.wires.http1.exchange import Exchange
from modelbay.wires.redaction import redact_bytes, redact_error
from modelbay.wires.relayed import Relayed
from modelbay.wires.request import Event, Reply, Request
from modelbay.wires.sending import Sender
from modelbay.wires.terms import Terms

__all__ = ["Framings"]


class Framings:
    """Has requests sent, on terms if there are any, and reads what comes back."""

    def __init__(self, sender: Sender, terms: Terms | None = None) -> None:
        self.sender = sender
        self.settings = sender.settings
        self._terms = terms

    async def json(self, request: Request) -> Any:
        """Return the decoded JSON of a 2xx answer.

        Raises:
            InvokeError: The answer is a failure, is not JSON, or is an error in the guise of a success.
        """
        reply = await self.send(request)
        try:
            value = orjson.loads(reply.body)
        except orjson.JSONDecodeError:
            error: InvokeError | None = not_expected(reply, "JSON")
        else:
            error = failures.in_body(value) if isinstance(value, dict | list) else None
        if error is not None:
            raise redact_error(error, self._secrets(request))
        return value

    async def send(self, request: Request) -> Reply:
        """Return a complete 2xx answer.

        Raises:
            InvokeError: There was none, after the retries that are safe.
        """
        with mapped():
            answer = await self.sender.open(request, self._terms)
            return await read_reply(answer, self.settings.max_answer)

    async def relay(self, request: Request, *, streamed: bool = False) -> Relayed:
        """Return a 2xx answer whose body is yet to come, for passing it on as it is.

        Args:
            streamed: Whether the body comes in pieces, of which the first may be waited for so long only.

        Raises:
            InvokeError: There was none, after the retries that are safe.
        """
        with mapped():
            answer = await self.sender.open(request, self._terms, streamed=streamed)
        return Relayed(answer, self.settings.max_answer, lambda: self._secrets(request))

    def frames(self, request: Request, framing: str) -> AsyncGenerator[Any, None]:
        """Return the frames of an answer, cut as a dialect says (`family.Framing`, or "json")."""
        cut: Mapping[str, Callable[[Request], AsyncGenerator[Any, None]]] = {
            "sse": self.events,
            "ndjson": self.lines,
            "aws-events": self.aws_events,
            "websocket": self.messages,
            "json": self.values,
        }
        return cut[framing](request)

    async def events(self, request: Request) -> AsyncGenerator[Event, None]:
        """Yield server-sent events as they arrive. Closing the iterator closes the connection at once.

        An answer that is one JSON document instead (some upstreams do not stream what is short) is one event;
        if it is an error, it is raised.
        """
        decoder = SSEDecoder(self.settings.max_line)
        with mapped():
            answer = await self.sender.open(request, self._terms, streamed=True)
            try:
                data = await self._first(request, answer)
                if is_json(answer.head.headers) and data.lstrip()[:1] in (b"{", b"["):
                    yield Event("", await self._document(request, answer, data))
                    return
                while data:
                    for event in decoder.feed(data):
                        yield self._quiet(request, event) if b'"error"' in event.data else event
                    data = await answer.read()
                for event in decoder.close():
                    yield self._quiet(request, event)
            finally:
                answer.close()

    async def lines(self, request: Request) -> AsyncGenerator[bytes, None]:
        """Yield the lines of newline-delimited JSON as they arrive, without blank ones."""
        decoder = LineDecoder(self.settings.max_line)
        with mapped():
            answer = await self.sender.open(request, self._terms, streamed=True)
            try:
                data = await self._first(request, answer)
                while data:
                    for line in decoder.feed(data):
                        yield redact_bytes(line, self._secrets(request)) if b'"error"' in line else line
                    data = await answer.read()
                for line in decoder.close():
                    yield redact_bytes(line, self._secrets(request))
            finally:
                answer.close()

    async def aws_events(self, request: Request) -> AsyncGenerator[Event, None]:
        """Yield the events of an AWS event stream as they arrive."""
        from modelbay.wires.aws_events import AwsEventDecoder  # noqa: PLC0415 - for one provider's wire only

        decoder = AwsEventDecoder(self.settings.max_line)
        with mapped():
            answer = await self.sender.open(request, self._terms, streamed=True)
            try:
                data = await self._first(request, answer)
                while data:
                    for event in decoder.feed(data):
                        yield self._quiet(request, event) if event.id else event
                    data = await answer.read()
                decoder.close()
            finally:
                answer.close()

    async def chunks(self, request: Request) -> AsyncGenerator[bytes, None]:
        """Yield the bytes of an answer as they come, such as audio; JSON is first checked for an error."""
        with mapped():
            answer = await self.sender.open(request, self._terms, streamed=True)
            try:
                data = await self._first(request, answer)
                if data and is_json(answer.head.headers):
                    data = await self._document(request, answer, data)
                while data:
                    yield data
                    data = await answer.read()
            finally:
                answer.close()

    def messages(self, request: Request) -> AsyncGenerator[bytes, None]:
        """Yield the messages of a websocket as they arrive; `request.replies` says what to send.

        Raises:
            InvokeError: The upstream refused to talk, or ended the talk with an error.
        """
        return self.sender.talk(request, self._terms)

    async def values(self, request: Request) -> AsyncGenerator[Any, None]:
        """Yield the decoded JSON of a complete answer, as the only frame of a stream."""
        yield await self.json(request)

    async def _first(self, request: Request, answer: Exchange) -> bytes:
        """Return the first piece of a stream; refuse a web page in its place."""
        if "html" in answer.head.headers.get("content-type", ""):
            reply = Reply(answer.head.status, answer.head.headers, await read_beginning(answer))
            raise redact_error(not_expected(reply, "a stream"), self._secrets(request))
        return await answer.read()

    async def _document(self, request: Request, answer: Exchange, begun: bytes) -> bytes:
        """Return a whole JSON body in place of a stream; raise if it is an error."""
        body = begun + (await read_reply(answer, self.settings.max_answer)).body
        try:
            error = failures.in_body(orjson.loads(body))
        except orjson.JSONDecodeError:
            error = None  # for the dialect to judge
        if error is not None:
            raise redact_error(error, self._secrets(request))
        return body

    def _quiet(self, request: Request, event: Event) -> Event:
        """Blank credentials in an event that may be an error: dialects quote its words."""
        return event._replace(data=redact_bytes(event.data, self._secrets(request)))

    def _secrets(self, request: Request) -> set[str]:
        return self.sender.secrets(request, self._terms)
