"""Messages in the fast lane."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import orjson

from modelbay.entities import LLMUsage
from modelbay.errors import InvokeConnectionError
from modelbay.wires.anthropic.address import BETA, to_headers, to_url
from modelbay.wires.anthropic.answer import usage_of
from modelbay.wires.anthropic.body import BETAS
from modelbay.wires.anthropic.errors import error_of
from modelbay.wires.carried import MARK
from modelbay.wires.extras import REDIRECTING
from modelbay.wires.family import Endpoint, Options
from modelbay.wires.relaying import (
    Fields,
    Relay,
    Scanner,
    Sent,
    Stamp,
    is_worded,
    join,
    not_an_answer,
    value_of,
)
from modelbay.wires.scanning import EventScanner

_TRANSLATING = frozenset({"prompt_caching", "raw_predict"})
# A field of the body that is a header, and those that lead to another model: they have to be looked at.
_TRANSLATED = REDIRECTING - {"model"} | {BETAS}
_TELLING = (b"message_start", b"message_delta", b"message_stop", b'"error"')


class _Answer(msgspec.Struct):
    type: str = ""
    usage: Any = None
    error: Any = None
    message: Any = None


_read = msgspec.json.Decoder(_Answer).decode


class MessagesRelay:
    """`POST /messages`, passed on."""

    dialect = "anthropic.messages"

    def address(self, endpoint: Endpoint, options: Options) -> tuple[str, Mapping[str, str]]:
        """Return where requests go, and the headers that all of them have."""
        return to_url(endpoint, "v1/messages"), to_headers(endpoint, options)

    def suits(self, options: Options) -> bool:
        """Whether nothing of the options asks for translation."""
        return not any(options.get(name) for name in _TRANSLATING)

    def rule_names(self) -> Mapping[str, str]:
        """Return nothing: the parameters that models have rules for have their names from this API."""
        return {}

    def to_sent(
        self, bones: bytes, fields: Fields, model: bytes, options: Options, headers: Mapping[str, str]
    ) -> Sent | None:
        """Return the request as it goes on; None if it has state in it that another dialect put there."""
        if "messages" not in fields or "max_tokens" not in fields or MARK in bones:
            return None
        if not _TRANSLATED.isdisjoint(fields):
            return None
        if value_of(fields.get("thread")):  # its refusal is the face's
            return None
        stream = value_of(fields.get("stream")) is True
        betas = headers.get(BETA)
        return Sent(join({**fields, "model": model}), stream, {BETA: betas} if betas else {})

    def read_answer(self, body: bytes, sent: Sent, stamp: Stamp) -> tuple[bytes, LLMUsage | None]:
        """Return the answer and what was used."""
        try:
            found = _read(body)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise not_an_answer() from None
        if found.error:
            raise error_of(orjson.loads(body))
        return body, usage_of(found.usage) if isinstance(found.usage, dict) else None

    def scanner(self, sent: Sent, redact: Callable[[bytes], bytes], stamp: Stamp) -> Scanner:
        """Return a scanner for one streamed answer."""
        return MessageScanner(redact)

    def failure(self, error: bytes) -> bytes:
        """Return the event of an error."""
        return b"event: error\ndata: %b\n\n" % error


class MessageScanner(EventScanner):
    """Watches the events of one answer; the last one, `message_stop`, is kept back for `ending`."""

    __slots__ = ("_counted", "_last", "_usage")

    def __init__(self, redact: Callable[[bytes], bytes]) -> None:
        super().__init__(redact)
        self._last = b""
        self._usage: dict[str, Any] = {}
        self._counted = False

    def mark(self, data: bytes, at: int) -> int:
        """Return where an event of a kind is that has to be read."""
        places = [data.find(kind, at) for kind in _TELLING]
        return min((place for place in places if place >= 0), default=-1)

    def ending(self) -> bytes:
        """Return the end of the answer."""
        if not (self._last or self.error):
            raise InvokeConnectionError("the provider's stream ended before the answer did (no message_stop)")
        return self._last

    def usage(self) -> LLMUsage | None:
        """Return what the upstream says was used; how long the answer became only its end knows."""
        return usage_of(self._usage) if self._counted else None

    def event(self, event: bytes) -> bytes:
        """Return what of an event passes on now."""
        if self._last:
            return b""
        if b'"error"' in event:
            event = self._redact(event)
        try:
            found = _read(event.partition(b"data:")[2])
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return event
        if found.type == "message_stop":
            self._last = event
            return b""
        self._take(found)
        return event

    def _take(self, found: _Answer) -> None:
        if found.type == "error":
            self.error = error_of({"type": "error", "error": found.error})
            if not is_worded(found.error):
                raise self.error
            return
        usage = found.usage
        if found.type == "message_start" and isinstance(found.message, dict):
            usage = found.message.get("usage")
        if isinstance(usage, dict):
            self._counted = self._counted or found.type == "message_delta"
            self._usage |= {name: value for name, value in usage.items() if value is not None}


RELAYS: tuple[Relay, ...] = (MessagesRelay(),)
