"""Every surface answers in its dialect: status, body, content type, header names; errors too."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from tests.gateway.conftest import Serve
from tests.gateway.speakers import COMPLETIONS, EVERY, MESSAGES
from tests.upstreams.published import as_published

from modelbay.sdk.testing import faults

OPENAI, ANTHROPIC, COHERE = "openai.openapi.json", "anthropic.schemas.json", "cohere.schemas.json"
DOCS = ["rain in Oslo", "sun in Rome"]
# By name: the fake behind, path, body, published file, its schema, header of the id.
JSON_SURFACES: dict[str, tuple[str, str, dict[str, Any], str, str, str]] = {
    name: (
        "openai",
        speaker.path,
        speaker.ask("openai/gpt-4.1-mini", "Hi"),
        speaker.file,
        speaker.schema,
        "x-request-id",
    )
    for name, speaker in EVERY.items()
} | {
    "embeddings": (
        *("openai", "/v1/embeddings", {"model": "text-embedding-3-small", "input": ["a", "b"]}),
        *(OPENAI, "CreateEmbeddingResponse", "x-request-id"),
    ),
    "moderations": (
        *("openai", "/v1/moderations", {"model": "omni-moderation-latest", "input": "I hate you"}),
        *(OPENAI, "CreateModerationResponse", "x-request-id"),
    ),
    "count_tokens": (
        *("anthropic", "/v1/messages/count_tokens"),
        {"model": "anthropic/claude-sonnet-4-5", "messages": [{"role": "user", "content": "Hi"}]},
        *(ANTHROPIC, "MessageTokensCount", "request-id"),
    ),
    "embed": (
        *("cohere", "/v2/embed"),
        {
            "model": "embed-v4.0",
            "texts": ["a"],
            "input_type": "search_document",
            "embedding_types": ["float"],
        },
        *(COHERE, "EmbedByTypeResponse", "x-request-id"),
    ),
    "rerank v2": (
        *("cohere", "/v2/rerank", {"model": "rerank-v3.5", "query": "rain", "documents": DOCS}),
        *(COHERE, "V2RerankResponse", "x-request-id"),
    ),
    "rerank v1": (
        *("cohere", "/v1/rerank", {"model": "rerank-v3.5", "query": "rain", "documents": DOCS}),
        *(COHERE, "", "x-request-id"),
    ),
}
JSON_SURFACES["messages"] = (
    "anthropic",
    MESSAGES.path,
    MESSAGES.ask("anthropic/claude-sonnet-4-5", "Hi"),
    ANTHROPIC,
    "Message",
    "request-id",
)
EACH = pytest.mark.parametrize("surface", JSON_SURFACES)


def _fits(value: Any, file: str, schema: str) -> None:
    if schema:  # the first version of rerank is described nowhere
        as_published(file)(value, schema)


@EACH
async def test_a_good_answer(serve: Serve, surface: str) -> None:
    """Body as published; what the call was and cost in headers of ours."""
    family, path, body, file, schema, id_header = JSON_SURFACES[surface]
    served = await serve(family)

    answer = await served.post(path, body)

    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    _fits(answer.json, file, schema)
    [record] = await served.records()
    assert answer.headers[id_header] == record["id"]
    assert answer.headers["modelbay-model"] == f"{record['provider']}/{record['model']}"
    told, _, currency = answer.headers.get("modelbay-price", " ").partition(" ")
    if record["price"] is not None:
        assert (Decimal(told), currency) == (Decimal(record["price"]), record["currency"])
    assert (record["status"], record["error"], record["attempts"]) == (200, "", 1)


@EACH
async def test_an_answer_of_the_sandbox(serve: Serve, surface: str) -> None:
    """Everything works without a provider's key."""
    _, path, body, file, schema, _ = JSON_SURFACES[surface]
    served = await serve()
    kinds = {"embeddings": "embedding", "embed": "embedding", "moderations": "moderation"}
    kind = "rerank" if "rerank" in surface else kinds.get(surface, "chat")

    answer = await served.post(path, {**body, "model": f"sandbox-{kind}"})

    assert answer.status == 200, answer.body
    _fits(answer.json, file, schema)


def words_of(surface: str, answer: Any) -> str:
    """Return the message of an error, having checked its shape."""
    if JSON_SURFACES[surface][3] == ANTHROPIC:
        if answer.status != 413:  # of that one the published types know nothing
            as_published(ANTHROPIC)(answer.json, "ErrorResponse")
        assert answer.json["request_id"] == answer.headers["request-id"]
        return str(answer.json["error"]["message"])
    if JSON_SURFACES[surface][3] == COHERE:
        return str(answer.json["message"])
    as_published(OPENAI)(answer.json, "ErrorResponse")
    return str(answer.json["error"]["message"])


UPSTREAM: dict[str, tuple[Any, int]] = {
    "bad request": (faults.status(400, "no such voice"), 400),
    "its key is refused": (faults.status(401, "who are you"), 401),
    "forbidden": (faults.status(403, "not for you"), 403),
    "not found": (faults.status(404, "no such model"), 404),
    "too large": (faults.status(413, "too much"), 413),
    "rate limited": (faults.rate_limited(retry_after=90), 429),
    "server error": (faults.status(501, "it broke"), 501),
}


@pytest.mark.parametrize("fault", UPSTREAM)
@pytest.mark.parametrize("surface", [each for each in JSON_SURFACES if each != "count_tokens"])
async def test_an_error_of_the_upstream(serve: Serve, surface: str, fault: str) -> None:
    """Its status and its words in the client's dialect, and when to come back."""
    family, path, body, *_ = JSON_SURFACES[surface]
    served = await serve(family)
    told, status = UPSTREAM[fault]
    served.upstreams[family].will_fail(told, times=None)

    answer = await served.post(path, body)

    assert (answer.status, answer.headers["content-type"]) == (status, "application/json")
    assert told.message in words_of(surface, answer)
    assert answer.headers.get("retry-after") == ("90" if fault == "rate limited" else None)
    [record] = await served.records()
    assert record["status"] == status
    assert record["error"].startswith("Invoke")


@EACH
@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"7", b'{"model": 7}', b'{"model": null}', b"\xff\xfe", b"{}"]
)
async def test_bodies_that_are_none(serve: Serve, surface: str, raw: bytes) -> None:
    """A client's mistake is a 400 in its dialect, whatever it sends."""
    served = await serve()

    answer = await served.call("POST", JSON_SURFACES[surface][1], raw)

    assert answer.status == 400
    assert words_of(surface, answer)
    [record] = await served.records()
    assert (record["status"], record["error"]) == (400, "InvokeBadRequestError")


@pytest.mark.parametrize("surface", EVERY)
async def test_a_model_of_another_type(serve: Serve, surface: str) -> None:
    """An embedding model cannot converse, and the error says what it is."""
    served = await serve("openai")

    answer = await served.post(EVERY[surface].path, EVERY[surface].ask("openai/text-embedding-3-small", "Hi"))

    assert answer.status == 400
    assert "text-embedding" in words_of(surface, answer)


@pytest.mark.parametrize("surface", EVERY)
async def test_headers_of_a_stream(serve: Serve, surface: str) -> None:
    """Nobody on the way may keep a stream back."""
    served = await serve("openai", "anthropic")
    model = "openai/gpt-4.1-mini"

    answer = await served.post(EVERY[surface].path, EVERY[surface].ask(model, "Hi", stream=True))

    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert (answer.headers["cache-control"], answer.headers["x-accel-buffering"]) == ("no-cache", "no")
    assert answer.headers["modelbay-model"] == model
    [record] = await served.records()
    assert answer.headers["request-id" if surface == "messages" else "x-request-id"] == record["id"]
    assert answer.complete


@pytest.mark.parametrize("surface", EVERY)
async def test_an_error_in_a_stream_is_an_event(serve: Serve, surface: str) -> None:
    """What was said before stays, the error comes in the dialect, and then nothing more."""
    served = await serve("cohere")
    served.upstreams["cohere"].will_fail(faults.error_event(4))
    body = EVERY[surface].ask("cohere/command-a-03-2025", "Hi you two there", stream=True)

    answer = await served.post(EVERY[surface].path, body)

    last = answer.events[-1]
    error = last["response"]["error"] if surface == "responses" else last["error"]
    assert "overloaded" in error["message"]
    assert answer.complete
    [record] = await served.records()
    assert (record["status"], record["error"], record["estimated"]) == (
        503,
        "InvokeServerUnavailableError",
        1,
    )
    assert record["completion_tokens"] > 0


async def test_rate_limits_of_the_upstream_are_told(serve: Serve) -> None:
    """Clients pace themselves by these headers."""
    for lanes in (True, False):
        served = await serve("openai", lanes=lanes)
        told = {"x-ratelimit-remaining-requests": "7", "x-ratelimit-reset-requests": "1s"}
        good = {
            "choices": [
                {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}
            ]
        }
        served.upstreams["openai"].will_answer({"model": "m", **good}, headers=told)

        answer = await served.post("/v1/chat/completions", EVERY["chat"].ask("openai/gpt-4.1-mini", "Hi"))

        assert told.items() <= dict(answer.headers).items(), lanes


async def test_a_call_has_a_deadline(serve: Serve) -> None:
    """The client says how long it waits; the upstream is let go then."""
    served = await serve("openai")
    served.upstreams["openai"].will_fail(faults.stall(), times=None)

    answer = await served.post(
        COMPLETIONS.path, COMPLETIONS.ask("openai/gpt-4.1-mini", "Hi"), modelbay_timeout="0.2"
    )
    wrong = await served.post(COMPLETIONS.path, {}, modelbay_timeout="soon")

    assert answer.status in (502, 504)
    assert (wrong.status, "modelbay-timeout" in wrong.json["error"]["message"]) == (400, True)
