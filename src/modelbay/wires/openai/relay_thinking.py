"""Answers in the fast lane that may begin with a think block, or tell their reasoning by another name.

Which it is the beginning of the answer says. Nearly all pass on as they are; the others are translated, as
they would have been without the lane.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import orjson

from modelbay.entities import LLMResultChunk, LLMUsage
from modelbay.errors import InvokeConnectionError, InvokeError
from modelbay.wires.decode import LineTooLongError, SSEDecoder
from modelbay.wires.family import ChatCall
from modelbay.wires.openai.chat import ChatCompletions
from modelbay.wires.openai.serving import CHAT
from modelbay.wires.openai.shapes import object_of
from modelbay.wires.openai.stream import ChatReader
from modelbay.wires.relaying import Scanner, Sent, Stamp
from modelbay.wires.request import Event
from modelbay.wires.serving import ChatAsk, Wishes
from modelbay.wires.think_tags import OPEN

_MOST_HELD = 2**16  # bytes of a beginning that says nothing; no thought begins later
_SILENT = frozenset({"role", "content"})
_INLINE = (b"<think>", rb"\u003cthink\u003e")  # as JSON may write it


class _Choice(msgspec.Struct):
    message: dict[str, Any] = {}


_read_choice = msgspec.json.Decoder(_Choice).decode


def has_think_block(messages: msgspec.Raw) -> bool:
    """Whether an earlier answer may have a think block in its text: it is taken out before it goes back."""
    raw = bytes(messages)
    return any(mark in raw for mark in _INLINE)


def is_thinking(choice: msgspec.Raw) -> bool:
    """Whether the choice of a whole answer has to be translated."""
    try:
        return bool(_thinks(_read_choice(choice).message, ""))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return True


def translated(body: bytes, sent: Sent, stamp: Stamp) -> tuple[bytes, LLMUsage | None]:
    """Return a whole answer as it is told, and what was used."""
    result = ChatCompletions().to_result(_call(sent), orjson.loads(body))
    told = CHAT.from_result(_ask(sent, stamp), result, stamp.id)
    if not result.usage.estimated:
        return orjson.dumps(told), result.usage
    del told["usage"]
    return orjson.dumps(told), None


class ThinkingScanner:
    """Holds an answer back until its beginning says whether it passes on or is translated."""

    __slots__ = ("_beginning", "_held", "_scanner", "_translating")

    def __init__(self, plain: Scanner, translating: Callable[[], Scanner]) -> None:
        self._scanner = plain
        self._translating = translating
        self._beginning: _Beginning | None = _Beginning()
        self._held = b""

    @property
    def error(self) -> InvokeError | None:
        """What the upstream said went wrong."""
        return self._scanner.error

    def feed(self, data: bytes) -> bytes:
        """Return what may pass on now."""
        if self._beginning is None:
            return self._scanner.feed(data)
        self._held += data
        thinks = self._beginning.feed(data)
        if thinks is None and len(self._held) <= _MOST_HELD:
            return b""
        return self._begin(translate=bool(thinks))

    def ending(self) -> bytes:
        """Return what is left when the upstream has ended."""
        if self._beginning is not None:
            return self._begin(translate=False) + self._scanner.ending()
        return self._scanner.ending()

    def usage(self) -> LLMUsage | None:
        """Return what the upstream says was used."""
        return self._scanner.usage()

    def pieces(self) -> int:
        """Return how many pieces have passed."""
        return self._scanner.pieces()

    def _begin(self, *, translate: bool) -> bytes:
        if translate:
            self._scanner = self._translating()
        held, self._held, self._beginning = self._held, b"", None
        return self._scanner.feed(held)


class TranslatingScanner:
    """Reads an answer's events and writes them as they are told; the last is kept back for `ending`."""

    __slots__ = ("_decoder", "_last", "_reader", "_redact", "_usage", "_writer", "_written", "error")

    def __init__(self, redact: Callable[[bytes], bytes], sent: Sent, stamp: Stamp) -> None:
        self._redact = redact
        self._decoder = SSEDecoder()
        self._reader = ChatReader(_call(sent))
        self._writer = CHAT.from_chunks(_ask(sent, stamp), stamp.id)
        self._last = b""
        self._usage: LLMUsage | None = None
        self._written = 0
        self.error: InvokeError | None = None

    def feed(self, data: bytes) -> bytes:
        """Return what may pass on now."""
        told: list[bytes] = []
        if self.error is not None:
            return b""
        try:
            events = _events(self._decoder, data)
            told.extend(self._told(self._reader.read(self._quiet(event))) for event in events)
        except InvokeError as error:
            if not self._written:
                raise
            self.error = error
            told.append(self._writer.fail(error))
        return b"".join(told)

    def ending(self) -> bytes:
        """Return the end of the answer."""
        if self.error is not None:
            return b""
        told = self._told([chunk for event in self._decoder.close() for chunk in self._reader.read(event)])
        return told + self._told(self._reader.close()) + self._last

    def usage(self) -> LLMUsage | None:
        """Return what the upstream says was used."""
        return self._usage

    def pieces(self) -> int:
        """Return how many pieces have passed."""
        return self._written

    def _quiet(self, event: Event) -> Event:
        return event._replace(data=self._redact(event.data)) if b'"error"' in event.data else event

    def _told(self, chunks: Sequence[LLMResultChunk]) -> bytes:
        return b"".join([self._chunk(chunk) for chunk in chunks])

    def _chunk(self, chunk: LLMResultChunk) -> bytes:
        delta = chunk.delta
        if delta.finish_reason is None:
            self._written += 1
            return self._writer.write(chunk)
        if delta.usage is not None and delta.usage.estimated:
            delta.usage = None
        self._usage = delta.usage
        self._last = self._writer.write(chunk) + self._writer.close()
        return b""


class _Beginning:
    """Finds out from the first events what kind of answer it is."""

    __slots__ = ("_decoder", "_text")

    def __init__(self) -> None:
        self._decoder = SSEDecoder()
        self._text = ""

    def feed(self, data: bytes) -> bool | None:
        """Return whether the answer has to be translated; None if that cannot be said yet."""
        for event in _events(self._decoder, data):
            thinks = self._event(event.data)
            if thinks is not None:
                return thinks
        return None

    def _event(self, data: bytes) -> bool | None:
        try:
            body = object_of(orjson.loads(data))
        except orjson.JSONDecodeError:
            return False
        choices = body.get("choices")
        if body.get("error") or not isinstance(choices, list):
            return False
        choice = object_of(choices[0]) if choices else {}
        delta = object_of(choice.get("delta"))
        thinks = _thinks(delta, self._text)
        if isinstance(text := delta.get("content"), str):
            self._text += text
        return False if thinks is None and choice.get("finish_reason") else thinks


def _thinks(message: Mapping[str, Any], before: str) -> bool | None:
    """Whether a message, or what is added to one, has to be translated; None if it says nothing yet."""
    content = message.get("content") or ""
    if message.get("reasoning") or not isinstance(content, str):
        return True
    said = (before + content).lstrip()
    if said.startswith(OPEN):
        return True
    if not OPEN.startswith(said):
        return False
    return False if any(value for name, value in message.items() if name not in _SILENT) else None


def _events(decoder: SSEDecoder, data: bytes) -> list[Event]:
    try:
        return decoder.feed(data)
    except LineTooLongError as error:
        raise InvokeConnectionError(f"the provider's stream cannot be read: {error}") from None


def _call(sent: Sent) -> ChatCall:
    return ChatCall(model=sent.model, messages=(), options={"think_tags": True})


def _ask(sent: Sent, stamp: Stamp) -> ChatAsk:
    options = {"created": stamp.created, "include_usage": sent.asked_usage}
    return ChatAsk(model=sent.model, messages=[], wishes=Wishes(dialect=CHAT.dialect), options=options)
