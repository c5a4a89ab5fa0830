"""What the tests of dialects share: published descriptions as judges, streams cut anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import orjson
from tests.upstreams.described import DescribedUpstream

from modelbay.entities import LLMResult, LLMResultChunk, fold
from modelbay.sdk.testing import Request as Sent
from modelbay.wires.decode import LineDecoder, SSEDecoder
from modelbay.wires.family import ChunkReader, Endpoint
from modelbay.wires.request import Request

ENDPOINT = Endpoint("http://upstream.example", {"authorization": "Bearer secret-key"})


def refusal_of(upstream: DescribedUpstream, request: Request) -> str | None:
    """Return why the fake would refuse the request by its published description and sheet, or None."""
    path = "/" + request.url.split("/", 3)[3]
    headers = {name.lower(): value for name, value in request.headers.items()}
    complaint = upstream.complain(Sent(request.method, path, headers, orjson.dumps(request.json)))
    return None if complaint is None else complaint.message


def sse(event: dict[str, Any]) -> bytes:
    """Write one server-sent event."""
    return b"event: %b\ndata: %b\n\n" % (str(event["type"]).encode(), orjson.dumps(event))


def read(
    reader: ChunkReader, stream: bytes, cuts: Iterable[int] = (), *, lines: bool = False
) -> list[LLMResultChunk]:
    """Read a stream that arrives cut at the given places."""
    decoder: SSEDecoder | LineDecoder = LineDecoder() if lines else SSEDecoder()
    frames: list[Any] = [frame for piece in pieces(stream, cuts) for frame in decoder.feed(piece)]
    frames += decoder.close()
    return [chunk for frame in frames for chunk in reader.read(frame)] + list(reader.close())


def folded(reader: ChunkReader, stream: bytes, cuts: Iterable[int] = (), *, lines: bool = False) -> LLMResult:
    """Read a stream to its whole answer."""
    return fold(read(reader, stream, cuts, lines=lines))


def pieces(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    """Return the bytes cut at the given places."""
    places = [0, *sorted({cut % (len(data) + 1) for cut in cuts}), len(data)]
    return [data[start:end] for start, end in pairwise(places)]


def comparable(result: LLMResult) -> dict[str, Any]:
    """Return a result as values, tool arguments as JSON rather than as text."""
    value = result.model_dump()
    for call in value["message"]["tool_calls"]:
        call["function"]["arguments"] = orjson.loads(call["function"]["arguments"])
    return value


def cut_text(text: str, cuts: Sequence[int]) -> list[str]:
    """Return the text in pieces, none of them empty."""
    places = [0, *sorted({cut % (len(text) + 1) for cut in cuts}), len(text)]
    return [text[start:end] for start, end in pairwise(places) if end > start]
