"""Embeddings in the fast lane."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import orjson

from modelbay.entities import EmbeddingUsage
from modelbay.wires import failures
from modelbay.wires.extras import REDIRECTING
from modelbay.wires.family import Endpoint, Options
from modelbay.wires.openai.posting import address
from modelbay.wires.openai.reading import usage_of
from modelbay.wires.relaying import Fields, Scanner, Sent, Stamp, join, not_an_answer, value_of
from modelbay.wires.usage import embedding_usage

_HARMLESS = frozenset({"user_field", "encoding_format", "api", "only_api", "store", "images"})
_OF_CHAT = frozenset(
    {"think_tags", "media_as_image_url", "tool_style", "max_tokens_field", "stream_usage", "check_tokens"}
)
_REFUSED_BESIDE_INPUT = REDIRECTING - {"model"} | {"messages"}


class _Vectors(msgspec.Struct):
    usage: Any = None
    error: Any = None


_read_input = msgspec.json.Decoder(str | list[msgspec.Raw]).decode
_read_vectors = msgspec.json.Decoder(_Vectors).decode


class EmbeddingRelay:
    """`POST /embeddings`, passed on: no number of a vector is read."""

    dialect = "openai.embeddings"

    def address(self, endpoint: Endpoint, options: Options) -> tuple[str, Mapping[str, str]]:
        """Return where requests go, and the headers of the endpoint."""
        return address(endpoint, "embeddings", options), endpoint.headers

    def suits(self, options: Options) -> bool:
        """Whether nothing of the options asks for translation."""
        return all(
            name in _HARMLESS or name in _OF_CHAT or value in (None, False, "", [], {})
            for name, value in options.items()
        )

    def rule_names(self) -> Mapping[str, str]:
        """Return nothing: embedding models have no rules for parameters."""
        return {}

    def to_sent(
        self, bones: bytes, fields: Fields, model: bytes, options: Options, headers: Mapping[str, str]
    ) -> Sent | None:
        """Return the request as it goes on; None if the input is not what one request may hold."""
        inputs = _inputs(fields.get("input"))
        if not inputs or not _REFUSED_BESIDE_INPUT.isdisjoint(fields):
            return None
        sent: dict[str, bytes | msgspec.Raw] = {**fields, "model": model}
        if options.get("user_field", "none") != "user":
            sent.pop("user", None)
        if options.get("encoding_format") == "none":
            if value_of(fields.get("encoding_format")) == "base64":
                return None  # the upstream gives numbers, which have to be written as asked
            sent.pop("encoding_format", None)
        return Sent(join(sent), inputs=inputs)

    def read_answer(self, body: bytes, sent: Sent, stamp: Stamp) -> tuple[bytes, EmbeddingUsage]:
        """Return the answer and what was used."""
        try:
            found = _read_vectors(body)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise not_an_answer() from None
        if found.error:
            raise failures.in_body(orjson.loads(body)) or not_an_answer()
        counted = usage_of(found.usage)
        if counted is None:
            return body, embedding_usage(0, estimated=True)
        return body, embedding_usage(counted.prompt_tokens or counted.total_tokens)

    def scanner(self, sent: Sent, redact: Callable[[bytes], bytes], stamp: Stamp) -> Scanner:
        """Vectors do not come in streams."""
        raise NotImplementedError("vectors do not come in streams")

    def failure(self, error: bytes) -> bytes:
        """Vectors do not come in streams."""
        raise NotImplementedError("vectors do not come in streams")


def _inputs(raw: msgspec.Raw | None) -> int:
    """Return how many texts an input has; 0 if it has to be looked at closer."""
    if raw is None:
        return 0
    try:
        found = _read_input(raw)
    except msgspec.MsgspecError:
        return 0
    if isinstance(found, str):
        return 1 if found else 0
    return 0 if any(value in (b'""', b"[]") for value in map(bytes, found)) else len(found)
