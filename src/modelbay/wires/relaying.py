"""The fast lane: requests and answers of one dialect that pass through as bytes and are only looked at.

Where client and upstream speak the same dialect nothing has to be decoded and built again: the fields of a
request stay as they came but for the model's name, an answer's bytes are passed on, and of both only that is
read which has to be known: parameters, usage, the end, errors. It is the same call in all that can be
observed; see each dialect for when it has to be translated after all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

import msgspec

from modelbay.entities import EmbeddingUsage, LLMUsage
from modelbay.errors import InvokeError, InvokeServerUnavailableError
from modelbay.wires.family import Endpoint, Options

__all__ = ["Fields", "Relay", "Scanner", "Sent", "Stamp", "is_worded", "join", "split", "value_of"]

Fields = dict[str, msgspec.Raw]
"""The top-level fields of a JSON body, each still encoded."""

_decode = msgspec.json.Decoder(Fields).decode
_read_items = msgspec.json.Decoder(list[msgspec.Raw]).decode
_read_messages = msgspec.json.Decoder(list[Fields]).decode
_QUOTE = ord('"')


class Sent(NamedTuple):
    """A request as it goes on.

    Attributes:
        content: The body, with the upstream's name of the model.
        stream: Whether the answer is asked for in pieces.
        headers: Beyond those of the endpoint.
        asked_usage: Whether the client itself asked for the usage in a stream.
        inputs: How many texts are sent, where a request may hold only so many.
        model: The upstream's name of the model, where the answer may have to be translated after all.
    """

    content: bytes
    stream: bool = False
    headers: Mapping[str, str] = {}
    asked_usage: bool = True
    inputs: int = 1
    model: str = ""


class Stamp(NamedTuple):
    """What an answer that has to be translated is told as: the random part of its id, and when."""

    id: str
    created: int


class Scanner(Protocol):
    """Looks at a streamed answer while it passes. It may keep back its end, which `ending` gives out."""

    @property
    def error(self) -> InvokeError | None:
        """What the upstream said went wrong, once it has said so: it is part of what passes on."""
        ...

    def feed(self, data: bytes) -> bytes:
        """Return what may pass on now."""
        ...

    def ending(self) -> bytes:
        """Return what is left when the upstream has ended; InvokeConnectionError if it was cut off."""
        ...

    def usage(self) -> LLMUsage | None:
        """Return what the upstream says was used, unpriced; None if it has not said."""
        ...

    def pieces(self) -> int:
        """Return how many pieces of an answer have passed: for an estimate, where nothing says more."""
        ...


class Relay(Protocol):
    """One dialect in the fast lane."""

    dialect: str

    def address(self, endpoint: Endpoint, options: Options) -> tuple[str, Mapping[str, str]]:
        """Return where requests go, and with which headers."""
        ...

    def suits(self, options: Options) -> bool:
        """Whether the upstream of a model with these options can be spoken to without translation."""
        ...

    def rule_names(self) -> Mapping[str, str]:
        """Return Modelbay's name of each field that a model may have a rule for."""
        ...

    def to_sent(
        self, bones: bytes, fields: Fields, model: bytes, options: Options, headers: Mapping[str, str]
    ) -> Sent | None:
        """Return the request as it goes on; None if this one has to be translated.

        Args:
            bones: The body's `skeleton`.
            model: The upstream's name of the model, as JSON.
            headers: The client's own, some of which are part of the dialect.
        """
        ...

    def read_answer(
        self, body: bytes, sent: Sent, stamp: Stamp
    ) -> tuple[bytes, LLMUsage | EmbeddingUsage | None]:
        """Return a whole answer as it passes on, and what it says was used.

        Raises:
            InvokeError: It is an error in disguise.
        """
        ...

    def scanner(self, sent: Sent, redact: Callable[[bytes], bytes], stamp: Stamp) -> Scanner:
        """Return a scanner for one streamed answer; NotImplementedError if answers do not come in streams.

        Args:
            redact: Blanks the upstream's credentials, for events that tell of errors.
        """
        ...

    def failure(self, error: bytes) -> bytes:
        """Return what ends a stream that broke off, with the dialect's JSON of the error in it."""
        ...


def split(raw: bytes) -> Fields | None:
    """Return the fields of a body; None if it is no JSON object, or has a field whose name no dialect has."""
    try:
        fields = _decode(raw)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None
    return fields if all(map(str.isidentifier, fields)) else None


def skeleton(fields: Fields) -> bytes | None:
    """Return the body without its plain texts: what is nested, and all that can be state, is still in it.

    A prompt of 200 kB leaves a few bytes, in which a mark is found at no cost. None if `messages` is no list
    of objects.
    """
    pieces: list[bytes | msgspec.Raw] = [b"{"]
    try:
        messages = _read_messages(fields["messages"]) if "messages" in fields else ()
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None
    for name, value in fields.items():
        if name != "messages" and memoryview(value)[0] != _QUOTE:
            pieces += (b'"', name.encode(), b'":', value)
    pieces.append(b"[")
    for message in messages:
        pieces.append(b"{")
        for name, value in message.items():
            pieces += (b'"', name.encode(), b'":')
            if name != "content" or memoryview(value)[0] != _QUOTE:
                pieces.append(value)
        pieces.append(b"}")
    pieces.append(b"]}")
    return b"".join(pieces)


def join(fields: Mapping[str, bytes | msgspec.Raw]) -> bytes:
    """Return the body that has these fields; every name is one that `split` found or a dialect's own."""
    pieces: list[bytes | msgspec.Raw] = []
    for name, value in fields.items():
        pieces += (b',"', name.encode(), b'":', value)
    pieces[0] = b'{"'
    pieces.append(b"}")
    return b"".join(pieces)


def not_an_answer() -> InvokeError:
    """Return the error for a body that nobody can read."""
    return InvokeServerUnavailableError("the provider's answer is not the JSON of an answer")


def is_worded(error: Any) -> bool:
    """Whether an upstream's error is one that its dialect's clients can read as it is."""
    return isinstance(error, dict) and isinstance(error.get("message"), str)


def value_of(raw: msgspec.Raw | None) -> Any:
    """Return a field's value; None if it is absent or not JSON after all."""
    if raw is None:
        return None
    try:
        return msgspec.json.decode(raw)
    except (msgspec.MsgspecError, RecursionError):
        return None


def length_of(raw: msgspec.Raw | None) -> int:
    """Return how many items a list has, of which none is read; 0 for what is no list."""
    if raw is None:
        return 0
    try:
        return len(_read_items(raw))
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return 0
