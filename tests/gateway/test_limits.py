"""Limits hold before anything is parsed or kept, and are told in the caller's dialect."""

from __future__ import annotations

from typing import Any

import pytest
from tests.gateway.conftest import Serve
from tests.gateway.speakers import CHAT, EVERY, MESSAGES

from modelbay.gateway.settings import Limits

PATHS = [
    "/v1/chat/completions",
    "/v1/responses",
    "/v1/completions",
    "/v1/messages",
    "/v1/embeddings",
    "/v2/embed",
]
PATHS += ["/v1/rerank", "/v2/rerank", "/v1/moderations", "/v1/audio/speech", "/v1/messages/count_tokens"]
EACH = pytest.mark.parametrize("path", PATHS)


def message_of(path: str, answer: Any) -> str:
    """Return the words of an error in the dialect of a path."""
    body = answer.json
    if path in ("/v1/rerank", "/v2/rerank", "/v2/embed"):
        return str(body["message"])
    if path.startswith("/v1/messages"):
        assert body["type"] == "error"
    return str(body["error"]["message"])


@EACH
async def test_a_body_has_a_limit(serve: Serve, path: str) -> None:
    """413, by what the client announces."""
    served = await serve("openai", limits=Limits(body=1000))

    answer = await served.post(path, {"model": "gpt-4.1-mini", "input": "x" * 2000})

    assert answer.status == 413
    assert "1000" in message_of(path, answer).replace(",", "")


@EACH
async def test_a_body_without_a_length_has_the_same_limit(serve: Serve, path: str) -> None:
    """It is counted while it comes."""
    served = await serve("openai", limits=Limits(body=1000))
    chunk = b"3e8\r\n" + b"x" * 1000 + b"\r\n"

    answer = await served.call(
        "POST", path, chunk * 3 + b"0\r\n\r\n", {"transfer-encoding": "chunked", "content-length": ""}
    )

    assert answer.status in (400, 413)


@EACH
@pytest.mark.parametrize("opening", ['{"a":', "["])
async def test_nesting_has_a_limit(serve: Serve, path: str, opening: str) -> None:
    """Deep bodies cost a parser its stack."""
    served = await serve("openai")

    answer = await served.call("POST", path, b'{"model": "gpt-4.1-mini", "x": ' + opening.encode() * 100_000)

    assert answer.status == 400
    assert "nested" in message_of(path, answer)


async def test_nesting_within_the_limit_passes(serve: Serve) -> None:
    """Brackets inside texts are no nesting."""
    for lanes in (True, False):
        served = await serve("openai", limits=Limits(depth=12), lanes=lanes)
        text = '{"[' * 500 + '\\"'

        answer = await served.post(CHAT.path, CHAT.ask("gpt-4.1-mini", text))

        assert answer.status == 200


@pytest.mark.parametrize("lanes", [True, False], ids=["fast", "translated"])
@pytest.mark.parametrize("client", EVERY)
async def test_the_number_of_items_has_a_limit(serve: Serve, client: str, lanes: bool) -> None:
    """The error names the field and the limit."""
    served = await serve("openai", "anthropic", limits=Limits(items=5), lanes=lanes)
    family, model = (
        ("anthropic", "anthropic/claude-sonnet-4-5")
        if client == "messages"
        else ("openai", "openai/gpt-4.1-mini")
    )
    body = EVERY[client].ask(model, "Hi")
    name = next(name for name in ("messages", "input", "prompt") if name in body)
    body[name] = [body[name][0] if isinstance(body[name], list) else "Hi"] * 6

    answer = await served.post(EVERY[client].path, body)

    assert answer.status == 400
    assert message_of(EVERY[client].path, answer) == f"{name}: 6 items; send 5 at most"
    assert not served.upstreams[family].requests


@pytest.mark.parametrize("lanes", [True, False], ids=["fast", "translated"])
async def test_the_number_of_texts_has_a_limit(serve: Serve, lanes: bool) -> None:
    """Also of those to embed and to rank."""
    served = await serve("openai", "cohere", limits=Limits(items=5), lanes=lanes)

    vectors = await served.post("/v1/embeddings", {"model": "text-embedding-3-small", "input": ["x"] * 6})
    ranks = await served.post("/v2/rerank", {"model": "rerank-v3.5", "query": "q", "documents": ["x"] * 6})

    assert (vectors.status, ranks.status) == (400, 400)
    assert vectors.json["error"]["param"] == "input"
    assert ranks.json["message"].startswith("documents: 6 items")


async def test_a_refused_call_leaves_the_connection_usable_or_closed(serve: Serve) -> None:
    """A client that sends too much gets its answer, not a reset."""
    served = await serve("openai", limits=Limits(body=100_000))

    answer = await served.post(MESSAGES.path, {"model": "gpt-4.1-mini", "messages": "x" * 3_000_000})

    assert answer.status == 413
    assert answer.json["error"]["type"] in ("request_too_large", "invalid_request_error")
    assert answer.complete
