"""Chat completions in the fast lane."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import orjson

from modelbay.entities import LLMUsage
from modelbay.errors import InvokeConnectionError
from modelbay.wires import failures
from modelbay.wires.carried import MARK
from modelbay.wires.extras import REDIRECTING
from modelbay.wires.family import Endpoint, Options
from modelbay.wires.openai.posting import address
from modelbay.wires.openai.reading import usage_of
from modelbay.wires.openai.relay_thinking import (
    ThinkingScanner,
    TranslatingScanner,
    has_think_block,
    is_thinking,
    translated,
)
from modelbay.wires.openai.relay_vectors import EmbeddingRelay
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
from modelbay.wires.scanning import EventScanner, not_null

# Options that change nothing of what a client of the same dialect sends, or only what is looked at below.
_HARMLESS = frozenset(
    {
        "api",
        "only_api",
        "max_tokens_field",
        "user_field",
        "stream_usage",
        "store",
        "stream",
        "reasoning_default",
        "reasoning_summary",
        "refuse",
        "drop",
        "refuse_with_reasoning",
        "drop_with_reasoning",
        "client_side_stop",
        "instructions",
        "max_tokens_min",
        "check_tokens",
        "check_by_streaming",
        "media_as_image_url",
        "path",
        "query",
        "keep",
    }
)
_OF_VECTORS = frozenset({"encoding_format", "document_prefix", "query_prefix", "images"})
# What these options say by itself: what a client of the dialect takes for granted, or what is read below.
_USUAL = {"tool_style": "tool", "think_tags": True}
_MEDIA = (b'"input_audio"', b'"audio_url"', b'"video_url"')
_DISPUTES = ("refuse", "drop", "refuse_with_reasoning", "drop_with_reasoning")
_LIMITS = ("max_tokens", "max_completion_tokens")
# State that another dialect, or an option, gives a meaning to: it has to be read.
_STATE = (b'"opaque_body"', MARK, b'"cache_control"', b'"reasoning_content"', b'"function_call"')
_TRANSLATED = REDIRECTING - {"model"} | {"functions", "function_call", "n", "modelbay"}
_TELLING = (b'"usage"', b'"finish_reason"', b'"error"')


class _Usage(msgspec.Struct):
    usage: Any = None
    error: Any = None
    choices: list[msgspec.Raw] | None = None


_read_usage = msgspec.json.Decoder(_Usage).decode


class ChatRelay:
    """`POST /chat/completions`, passed on."""

    dialect = "openai.chat"

    def address(self, endpoint: Endpoint, options: Options) -> tuple[str, Mapping[str, str]]:
        """Return where requests go, and the headers of the endpoint."""
        return address(endpoint, "chat/completions", options), endpoint.headers

    def suits(self, options: Options) -> bool:
        """Whether nothing of the options asks for translation."""
        takes_all = options.get("stream", True) is not False and options.get("names", True) is not False
        return takes_all and all(
            name in _HARMLESS or name in _OF_VECTORS or value in (None, False, "", [], {}, _USUAL.get(name))
            for name, value in options.items()
        )

    def rule_names(self) -> Mapping[str, str]:
        """Return Modelbay's names: those of the API, but for the limit."""
        return {"max_completion_tokens": "max_tokens"}

    def to_sent(
        self, bones: bytes, fields: Fields, model: bytes, options: Options, headers: Mapping[str, str]
    ) -> Sent | None:
        """Return the request as it goes on; None if state or fields of it have to be read."""
        if "messages" not in fields or not _TRANSLATED.isdisjoint(fields):
            return None
        for mark in _STATE:
            if mark in bones:
                return None
        if not _undisputed(fields, options) or _reshaped(bones, fields, options):
            return None
        stream = value_of(fields.get("stream")) is True
        sent: dict[str, bytes | msgspec.Raw] = {**fields, "model": model}
        for name in _LIMITS:
            wanted = options.get("max_tokens_field", "max_tokens")
            if name in sent and name != wanted:
                sent[wanted] = sent.pop(name)
        asked = True
        if stream:
            wish = value_of(fields.get("stream_options")) or {}
            if not isinstance(wish, dict):
                return None
            asked = wish.get("include_usage") is True
            if not asked and options.get("stream_usage", True):
                sent["stream_options"] = orjson.dumps({**wish, "include_usage": True})
        after_all = msgspec.json.decode(model) if options.get("think_tags") else ""
        return Sent(join(sent), stream, {}, asked, model=after_all)

    def read_answer(self, body: bytes, sent: Sent, stamp: Stamp) -> tuple[bytes, LLMUsage | None]:
        """Return the answer, translated if it reasons in its text, and what was used."""
        try:
            found = _read_usage(body)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise not_an_answer() from None
        if found.error:
            raise failures.in_body(orjson.loads(body)) or not_an_answer()
        if not found.choices:
            raise not_an_answer()
        if sent.model and is_thinking(found.choices[0]):
            return translated(body, sent, stamp)
        return body, usage_of(found.usage)

    def scanner(self, sent: Sent, redact: Callable[[bytes], bytes], stamp: Stamp) -> Scanner:
        """Return a scanner for one streamed answer."""
        plain = ChatScanner(redact, keep_usage=sent.asked_usage)
        if not sent.model:
            return plain
        return ThinkingScanner(plain, lambda: TranslatingScanner(redact, sent, stamp))

    def failure(self, error: bytes) -> bytes:
        """Return the event of an error."""
        return b"data: %b\n\n" % error


def _undisputed(fields: Fields, options: Options) -> bool:
    """Whether the model takes every field as the client wrote it."""
    if "user" in fields and options.get("user_field", "user") != "user":
        return False
    if options.get("client_side_stop") and "stop" in fields:
        return False
    for option in _DISPUTES:
        for name in options.get(option) or ():
            if name in fields:
                return False
    return True


def _reshaped(bones: bytes, fields: Fields, options: Options) -> bool:
    """Whether the options ask for other messages than the client's."""
    if options.get("media_as_image_url") and any(mark in bones for mark in _MEDIA):
        return True
    return bool(options.get("think_tags")) and has_think_block(fields["messages"])


class ChatScanner(EventScanner):
    """Watches the events of one answer. What says that it is complete is kept back for `ending`."""

    __slots__ = ("_done", "_finished", "_keep_usage", "_last", "_usage")

    def __init__(self, redact: Callable[[bytes], bytes], *, keep_usage: bool) -> None:
        super().__init__(redact)
        self._keep_usage = keep_usage
        self._last = b""
        self._usage: Any = None
        self._finished = self._done = False

    def mark(self, data: bytes, at: int) -> int:
        """Return where usage, the end, or an error is told of: all are null in most events, or absent."""
        places = [data.find(b"[DONE]", at), *[not_null(data, name, at) for name in _TELLING]]
        return min((place for place in places if place >= 0), default=-1)

    def ending(self) -> bytes:
        """Return the end of the answer; `[DONE]` is added where the upstream left it out."""
        if not (self._finished or self._done or self.error):
            raise InvokeConnectionError("the provider's stream ended before the answer did")
        return b"" if self.error else self._last + b"data: [DONE]\n\n"

    def usage(self) -> LLMUsage | None:
        """Return what the upstream says was used."""
        return usage_of(self._usage)

    def event(self, event: bytes) -> bytes:
        """Return what of an event passes on now."""
        if b"[DONE]" in event and event.lstrip().startswith(b"data:") and b"{" not in event:
            self._done = True
            return b""
        if not_null(event, b'"finish_reason"', 0) >= 0:
            self._finished = True
        if b'"usage"' not in event and b'"error"' not in event:
            return event
        return self._told(event)

    def _told(self, event: bytes) -> bytes:
        """Read an event that may tell the usage or an error."""
        if b'"error"' in event:
            event = self._redact(event)
        try:
            found = _read_usage(event.partition(b"data:")[2])
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return event
        if found.error:
            self.error = failures.in_body({"error": found.error}) or InvokeConnectionError(str(found.error))
            if not is_worded(found.error):
                raise self.error
            return event
        if not found.usage:
            return event
        self._usage = found.usage
        if found.choices:
            return event
        if self._keep_usage:
            self._last += event
        return b""


RELAYS: tuple[Relay, ...] = (ChatRelay(), EmbeddingRelay())
