"""One line a call: who, what, how much; in the ledger, in the metrics, in the log, and never a word of it."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from typing import Any

import pytest
from tests.gateway.behind import STREAMED, start
from tests.gateway.conftest import EVERYWHERE, Serve
from tests.gateway.speakers import CHAT, EVERY

from modelbay.gateway.access_log import AccessLog
from modelbay.sdk.testing import faults

pytestmark = EVERYWHERE
SECRET = "xylophone"  # a word of prompts that must be found nowhere
FIELDS = {
    "status": 200,
    "error": "",
    "attempts": 1,
    "workspace": "default",
    "currency": "USD",
    "estimated": 0,
    "tag": "a client/1.0",
}


@pytest.mark.one_process("a call is written down by the process that serves it")
@STREAMED
@pytest.mark.parametrize("client", EVERY)
@pytest.mark.parametrize("lanes", [True, False], ids=["fast", "translated"])
async def test_every_field_of_a_conversation(serve: Serve, lanes: bool, client: str, stream: bool) -> None:
    """What was counted has its own price: cached tokens cost less."""
    served = await serve("openai", lanes=lanes)
    served.upstreams["openai"].will_stream(
        "4", "2", usage={"in": 1000, "out": 100, "cached": 600, "reasoning": 30}
    )
    body = EVERY[client].ask("gpt-4.1-mini", "6 × 7?", stream=stream)

    answer = await served.post(EVERY[client].path, body, user_agent="a client/1.0")

    assert answer.status == 200
    [record] = await served.records()
    price = Decimal("0.0000004") * 400 + Decimal("0.0000001") * 600 + Decimal("0.0000016") * 100
    expected = FIELDS | {
        "surface": EVERY[client].surface,
        "model_type": "llm",
        "asked_model": "gpt-4.1-mini",
        "provider": "openai",
        "model": "gpt-4.1-mini",
        "stream": stream,
        "prompt_tokens": 1000,
        "completion_tokens": 100,
        "cached_tokens": 600,
        "cache_write_tokens": 0,
        "reasoning_tokens": 30,
        "quantity": None,
    }
    assert expected.items() <= record.items()
    assert Decimal(record["price"]) == price
    assert record["key_id"].startswith("key_")
    assert 0 < record["latency"] < 60
    assert (record["first_token"] is not None) == stream
    assert not stream or 0 < record["first_token"] <= record["latency"]


OTHERS: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    "embeddings": (
        *("openai", "/v1/embeddings", {"model": "text-embedding-3-small", "input": "word " * 50}),
        {"model_type": "text-embedding", "prompt_tokens": 50, "price": "0.000001"},
    ),
    "embed": (
        *("cohere", "/v2/embed"),
        {
            "model": "embed-v4.0",
            "texts": ["word " * 50],
            "input_type": "search_query",
            "embedding_types": ["float"],
        },
        {"model_type": "text-embedding", "prompt_tokens": 50, "price": "0.000006"},
    ),
    "rerank": (
        *("cohere", "/v2/rerank", {"model": "rerank-v3.5", "query": "q", "documents": ["a", "b"]}),
        {"model_type": "rerank", "quantity": "1", "meter": "search", "price": "0.002"},
    ),
    "moderations": (
        *("openai", "/v1/moderations", {"model": "omni-moderation-latest", "input": ["a", "b"]}),
        {"model_type": "moderation"},
    ),
    "speech": (
        *("openai", "/v1/audio/speech", {"model": "tts-1", "input": "Hello you", "voice": "alloy"}),
        {"model_type": "tts", "quantity": "9", "meter": "character", "price": "0.000135", "stream": 1},
    ),
}


@pytest.mark.parametrize("surface", OTHERS)
async def test_the_other_types_are_counted_as_they_are_sold(serve: Serve, surface: str) -> None:
    """By token, by search, by character."""
    family, path, body, expected = OTHERS[surface]
    served = await serve(family)

    answer = await served.post(path, body)

    assert answer.status == 200, answer.body
    [record] = await served.records()
    told = {name: record[name] for name in expected}
    for name in ("price", "quantity"):
        if name in expected:
            told[name], expected = Decimal(told[name]), {**expected, name: Decimal(expected[name])}
    assert told == expected
    assert record["surface"].endswith(f".{surface}")


@pytest.mark.parametrize("lanes", [True, False], ids=["fast", "translated"])
async def test_failures_are_written_down(serve: Serve, lanes: bool) -> None:
    """A call that failed is a call, and costs nothing."""
    served = await serve("openai", lanes=lanes)
    served.upstreams["openai"].will_fail(faults.status(500))

    await served.post(CHAT.path, CHAT.ask("gpt-4.1-mini", "Hi"))
    await served.post(CHAT.path, {"model": 1})

    failed, mistaken = await served.records()
    assert (failed["status"], failed["error"]) == (500, "InvokeServerUnavailableError")
    assert (failed["model"], failed["price"], failed["prompt_tokens"]) == ("gpt-4.1-mini", None, 0)
    assert (mistaken["status"], mistaken["error"]) == (400, "InvokeBadRequestError")


@pytest.mark.parametrize("lanes", [True, False], ids=["fast", "translated"])
async def test_a_call_without_credentials_says_which_model_it_was(serve: Serve, lanes: bool) -> None:
    """Somebody has to find out which key is missing."""
    served = await serve(lanes=lanes)
    answer = await served.post(CHAT.path, CHAT.ask("openai/gpt-4.1-mini", "Hi"))
    assert (answer.status, "openai" in answer.json["error"]["message"]) == (401, True)
    (record,) = await served.records()
    assert (record["asked_model"], record["provider"]) == ("openai/gpt-4.1-mini", "openai")
    assert (record["model"], record["status"]) == ("gpt-4.1-mini", 401)


async def test_what_calls_nothing_is_not_written_down(serve: Serve) -> None:
    """Lists and stored answers cost nothing; neither does what has no key."""
    served = await serve("openai")

    await served.call("GET", "/v1/models")
    await served.call("GET", "/v1/models/openai/gpt-4.1-mini")
    await served.call("POST", CHAT.path, CHAT.ask("gpt-4.1-mini", "Hi"), key="wrong")
    await served.call("GET", "/healthz")

    assert await served.records() == []


@pytest.mark.parametrize("lanes", [True, False], ids=["fast", "translated"])
async def test_the_record_is_durable_before_the_answer_ends(serve: Serve, lanes: bool) -> None:
    """Whoever has the answer has paid for it."""
    served = await serve("openai", lanes=lanes)

    answer = await served.post(CHAT.path, CHAT.ask("gpt-4.1-mini", "Hi", stream=True))

    journals = [path for folder in served.folders for path in (folder / "journal").iterdir()]
    written = b"".join(path.read_bytes() for path in journals if path.is_file())
    assert answer.headers["x-request-id"].encode() in written or await served.records()


@pytest.mark.one_process("metrics are of a process; who collects them adds them up")
async def test_metrics_add_up(serve: Serve) -> None:
    """Calls by status, tokens, money, time; names that clients made up are no labels."""
    served = await serve("openai")
    served.upstreams["openai"].will_stream("4", "2", usage={"in": 1000, "out": 100}, times=2)
    for _ in range(2):
        await served.post(CHAT.path, CHAT.ask("gpt-4.1-mini", "Hi"))
    await served.post(CHAT.path, CHAT.ask("openai/made-up-by-a-client", "Hi"))

    page = (await served.call("GET", "/metrics")).body.decode()

    labels = 'model="gpt-4.1-mini",provider="openai"'
    assert f'modelbay_calls_total{{{labels},status="200",surface="openai.chat"}} 2.0' in page
    assert f'modelbay_tokens_total{{kind="input",{labels},surface="openai.chat"}} 2000.0' in page
    assert f'modelbay_tokens_total{{kind="output",{labels},surface="openai.chat"}} 200.0' in page
    assert f'modelbay_call_seconds_count{{{labels},surface="openai.chat"}} 2.0' in page
    [spent] = [line for line in page.splitlines() if line.startswith("modelbay_price_total")]
    assert float(spent.split()[-1]) == pytest.approx(0.00112)
    assert "made-up" not in page
    assert served.key not in page


@pytest.mark.one_process("the log is of a process")
async def test_the_log_has_a_line_a_call_and_no_word_of_it(serve: Serve) -> None:
    """Prompts, answers and keys are nobody's business who reads logs."""
    served, upstream, model = await start(serve, "openai")
    reader, writer = os.pipe()
    served.gateway.log = AccessLog(writer)
    upstream.will_fail(faults.status(400, f"{SECRET} is refused"), after=2)
    for stream in (False, True, False):
        await served.post(CHAT.path, CHAT.ask(model, f"Play the {SECRET}", stream=stream))
    await served.call("POST", CHAT.path, CHAT.ask(SECRET, SECRET), key=f"mb-{SECRET}")
    await served.call("GET", "/nothing-here")
    served.gateway.log.close()
    served.gateway.log = None
    os.close(writer)

    with os.fdopen(reader) as file:
        text = file.read()

    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["status"] for line in lines] == [200, 200, 400, 401, 404]
    assert len({line["id"] for line in lines}) == 5
    assert [line.get("stream") for line in lines[:3]] == [False, True, False]
    assert lines[0]["input_tokens"] > 0
    assert lines[2]["error"] == "InvokeBadRequestError"
    assert all(line["peer"] == "127.0.0.1" for line in lines)
    assert SECRET not in text
    assert served.key not in text
    assert "test-key" not in text
