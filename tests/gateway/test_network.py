"""Network settings reach every call of their workspace and provider, and no other."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from tests.gateway.conftest import EVERYWHERE, Serve
from tests.gateway.neighbours import CHAT, HI, Neighbour
from tests.gateway.ways import Watched, until
from tests.upstreams.openai import OpenAIUpstream
from tests.wires.raw_proxy import proxy_server
from tests.wires.raw_upstream import always, answer_of, raw_upstream

from modelbay.sdk.testing import Gate, Reply

pytestmark = EVERYWHERE
TOKEN = "tok-abcdefghijklmnopqr"
SAID = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-4.1-mini",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}
WAV = (
    b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"
    b"\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data\x00\x00\x00\x00"
)
SPOKEN = (
    b'--b\r\ncontent-disposition: form-data; name="model"\r\n\r\nopenai/whisper-1\r\n'
    b'--b\r\ncontent-disposition: form-data; name="file"; filename="a.wav"\r\n\r\n' + WAV + b"\r\n--b--\r\n"
)
both = pytest.mark.parametrize("lanes", [True, False], ids=["passed-on", "translated"])


@both
async def test_base_url_and_headers_go_with_every_type_of_model(serve: Serve, lanes: bool) -> None:
    """The address where the credentials say none, the headers beside the provider's own."""
    served = await serve("openai", "jina", lanes=lanes)
    async with OpenAIUpstream() as upstream:
        team = Neighbour(served, "Team")
        await team.give("openai", openai_api_key="test-key", api_protocol="chat")
        await team.set(base_url=upstream.url, headers={"X-Team": TOKEN})
        jina = served.upstreams["jina"]
        await team.give("jina", api_key="test-key")
        await team.set("jina", base_url=f"{jina.url}/v1", headers={"X-Team": TOKEN})
        for path, body in (
            (CHAT, {"model": "openai/gpt-4.1-mini", "messages": HI}),
            (CHAT, {"model": "openai/gpt-4.1-mini", "messages": HI, "stream": True}),
            ("/v1/embeddings", {"model": "openai/text-embedding-3-small", "input": ["Hi"]}),
            ("/v1/moderations", {"model": "openai/omni-moderation-latest", "input": "Hi"}),
            ("/v1/audio/speech", {"model": "openai/tts-1", "input": "Hi", "voice": "alloy"}),
            (
                "/v1/rerank",
                {"model": "jina/jina-reranker-v2-base-multilingual", "query": "a", "documents": ["b"]},
            ),
        ):
            answer = await team.call(path, body)
            assert answer.status == 200, answer.body
        form = {"content-type": "multipart/form-data; boundary=b"}
        spoken = await served.call("POST", "/v1/audio/transcriptions", SPOKEN, form, key=team.key)
        assert spoken.status == 200, spoken.body

        asked = [*upstream.requests, *jina.requests]
        assert len(asked) == 7
        assert {request.headers.get("x-team") for request in asked} == {TOKEN}
        assert not served.upstreams["openai"].requests


@both
async def test_others_go_as_before(serve: Serve, lanes: bool) -> None:
    """Settings are of one provider of one workspace; the address in credentials counts more than theirs."""
    served = await serve("openai", "compatible", lanes=lanes)
    first, team = Neighbour(served), Neighbour(served, "Team")
    await team.set(headers={"X-Team": TOKEN})
    await first.set(base_url="http://127.0.0.1:9", headers={"X-First": "1"})
    assert (await first.ask()).status == 200
    assert (await first.ask("openai_api_compatible/some-model")).status == 200

    [own], [other] = (served.upstreams[name].requests for name in ("openai", "compatible"))
    assert own.headers["x-first"] == "1"
    assert not {"x-first", "x-team"} & other.headers.keys()
    assert "x-team" not in own.headers


async def test_a_change_is_seen_by_a_running_gateway(serve: Serve) -> None:
    """In the lane too, which is remembered from call to call."""
    served = await serve("openai")
    first = Neighbour(served)
    seen = []
    for given in ({}, {"headers": {"X-Team": "1"}}, {"headers": {"X-Team": "2"}}, {"headers": None}):
        await first.set(rpm=1000, **given)
        assert (await first.ask()).status == 200
        seen.append(served.upstreams["openai"].requests[-1].headers.get("x-team"))

    assert seen == [None, "1", "2", None]


@pytest.mark.parametrize("kind", ["chat", "stream"])
async def test_a_headers_value_is_in_no_error(serve: Serve, kind: str) -> None:
    """Upstreams quote what they were sent; the ledger and the client must not learn it."""
    served = await serve("openai")
    first = Neighbour(served)
    await first.set(headers={"X-Team-Pass": TOKEN})
    error = {"error": {"message": f"you sent {TOKEN}", "type": "invalid_request_error", "code": None}}
    served.upstreams["openai"].will_answer(error, status=400)
    answer = await first.ask(stream=kind == "stream")

    assert answer.status == 400
    assert TOKEN.encode() not in answer.body
    assert b"you sent" in answer.body


@asynccontextmanager
async def secured() -> AsyncIterator[tuple[Any, str, ssl.SSLContext]]:
    """Serve one answer over TLS, with a certificate of a private authority; give upstream and authority."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    async with raw_upstream(always(answer_of(body=SAID)), tls=context) as upstream:
        yield upstream, authority.cert_pem.bytes().decode(), context


@pytest.mark.one_process("connections are of a process")
@both
async def test_a_call_goes_through_the_proxy_and_trusts_the_authority(serve: Serve, lanes: bool) -> None:
    """The proxy gets its password and learns the host; nothing goes to whom the authority did not sign."""
    served = await serve("openai", lanes=lanes)
    async with secured() as (upstream, pem, _), proxy_server() as (proxy, asked):
        team = Neighbour(served, "Team")
        await team.give_openai(upstream.url)
        unknown = await team.ask()
        await team.set(ca_bundle=pem, proxy=proxy.replace("//", "//team:pass%20word@"))
        answers = [await team.ask() for _ in range(2)]

        assert b"certificate" in unknown.body
        assert [answer.status for answer in answers] == [200, 200]
        assert [each.line for each in asked] == [f"CONNECT 127.0.0.1:{upstream.port} HTTP/1.1"]
        assert "proxy-authorization" in asked[0].headers
        assert upstream.connections == 1  # but for one that ended at the certificate
        await served.gateway.ways.aclose()  # before the proxy ends


@pytest.mark.one_process("connections are of a process")
async def test_workspaces_with_the_same_settings_share_connections(serve: Serve) -> None:
    """A pool is made for settings, not for a workspace; and a call never goes by another's settings."""
    served = await serve("openai")
    async with secured() as (upstream, pem, _):
        teams = [Neighbour(served, name) for name in ("One", "Two", "Three")]
        for each in teams:
            await each.give_openai(upstream.url)
        for each in teams[:2]:
            await each.set(ca_bundle=pem)
        answers = [await each.ask() for each in teams]

        assert [answer.status for answer in answers] == [200, 200, 502]
        assert (len(upstream.requests), upstream.connections) == (2, 1)


async def test_settings_whose_secret_is_lost_stop_the_call(serve: Serve, tmp_path: Path) -> None:
    """Without its proxy a call must not find another way."""
    served = await serve("openai")
    first = Neighbour(served)
    await first.set(proxy="http://team:password@127.0.0.1:9")
    with first.database() as database:
        database.change("UPDATE network_secrets SET sealed = 'mb1.x'")
    await first.set("jina", rpm=1)  # whatever raises the mark
    answer = await first.ask()

    assert answer.status == 401
    assert "the network settings cannot be used: proxy: " in json.loads(answer.body)["error"]["message"]
    assert not served.upstreams["openai"].requests


@pytest.mark.one_process("connections are of a process")
async def test_many_settings_make_a_bounded_number_of_pools(serve: Serve) -> None:
    """Whoever changes settings all day long must not fill the process with connections."""
    served = await serve("openai")
    first = Neighbour(served)
    transports = served.gateway.ways._others
    for number in range(3):
        await first.set(private_hosts=[f"10.0.0.{number}"])
        answers = await asyncio.gather(*(first.ask() for _ in range(3)))
        assert {answer.status for answer in answers} == {200}

    assert len(transports) == 3


@both
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_a_deadline_of_the_settings_ends_a_call_and_is_named(
    serve: Serve, lanes: bool, stream: bool
) -> None:
    """A stream by its first token, a whole answer by the time for all of it; the ledger has the call."""
    served = await serve("openai", lanes=lanes)
    first, upstream = Neighbour(served), served.upstreams["openai"]
    setting = "first_token_timeout" if stream else "total_timeout"
    await first.set(**dict[str, Any]({setting: 0.3}))
    upstream.gate = gate = Gate()
    answer = await first.ask(stream=stream)
    gate.open()

    assert answer.status == 502
    assert f"(network settings, {setting})" in answer.json["error"]["message"]
    [record] = await served.records()
    assert (record["status"], record["error"]) == (502, "InvokeConnectionError")


@both
async def test_texts_go_out_in_batches_of_the_settings_size(serve: Serve, lanes: bool) -> None:
    """Smaller than the model takes if the settings say so, never larger."""
    served = await serve("openai", lanes=lanes)
    first, upstream = Neighbour(served), served.upstreams["openai"]
    sizes = []
    for size in (3, 10_000):
        await first.set(batch_size=size)
        upstream.requests.clear()
        body = {"model": "openai/text-embedding-3-small", "input": [f"text {place}" for place in range(8)]}
        answer = await first.call("/v1/embeddings", body)
        assert [each["index"] for each in answer.json["data"]] == list(range(8))
        sizes.append(sorted(len(json.loads(request.raw)["input"]) for request in upstream.requests))

    assert sizes == [[2, 3, 3], [8]]


@pytest.mark.one_process("what goes out is counted by each process")
@both
async def test_only_so_many_requests_go_out_at_once_and_none_is_lost(serve: Serve, lanes: bool) -> None:
    """They wait their turn, streams and batches of vectors too."""
    served = await serve("openai", lanes=lanes)
    first, upstream = Neighbour(served), served.upstreams["openai"]
    await first.set(parallelism=2, batch_size=1)
    upstream.gate = gate = Gate()
    vectors = {"model": "openai/text-embedding-3-small", "input": ["a", "b", "c"]}
    calls = [asyncio.create_task(first.ask(stream=stream)) for stream in (False, True) for _ in range(2)] + [
        asyncio.create_task(first.call("/v1/embeddings", vectors))
    ]
    await gate.reached(2)
    assert len(upstream.requests) == 2
    gate.open()
    answers = await asyncio.gather(*calls)

    assert [answer.status for answer in answers] == [200] * 5
    assert len(upstream.requests) == 7
    assert (await first.ask()).status == 200


@pytest.mark.one_process("what goes out is counted by each process")
@both
async def test_who_has_no_turn_in_time_is_told_when_to_come_again(serve: Serve, lanes: bool) -> None:
    """As a provider's own limit would tell; the upstream is not asked."""
    served = await serve("openai", "compatible", lanes=lanes)
    first, upstream = Neighbour(served), served.upstreams["openai"]
    await first.set(rpm=2)
    for stream in (False, True):
        assert (await first.ask(stream=stream)).status == 200
    for stream in (False, True):
        body = {"model": "openai/gpt-4.1-mini", "messages": HI, "stream": stream}
        refused = await served.call("POST", CHAT, body, {"modelbay-timeout": "5"})
        assert refused.status == 429
        assert 50 <= float(refused.headers["retry-after"]) <= 60
        assert "2 requests a minute (network settings, rpm)" in refused.json["error"]["message"]
    other = await first.ask("openai_api_compatible/some-model")

    assert other.status == 200
    assert len(upstream.requests) == 2


@pytest.mark.one_process("what goes out is counted by each process")
@both
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_the_tokens_that_were_used_count_not_those_that_were_guessed(
    serve: Serve, lanes: bool, stream: bool
) -> None:
    """The provider counts its answer too, of which nothing is known beforehand."""
    served = await serve("openai", lanes=lanes)
    first, upstream = Neighbour(served), served.upstreams["openai"]
    await first.set(tpm=5000)
    upstream.reply = Reply(("Hi",), usage={"in": 10, "out": 4980})
    assert (await first.ask(stream=stream)).status == 200
    body = {"model": "openai/gpt-4.1-mini", "messages": HI}
    refused = await served.call("POST", CHAT, body, {"modelbay-timeout": "5"})

    assert refused.status == 429
    assert "5000 tokens a minute (network settings, tpm)" in refused.json["error"]["message"]
    await first.set(tpm=6000)
    assert (await first.ask(stream=stream)).status == 200


@pytest.mark.one_process("what goes out is counted by each process")
async def test_who_goes_away_while_waiting_gives_its_turn_up(serve: Serve) -> None:
    """And is written down as every call is."""
    served = await serve("openai")
    first, upstream, ledger = Neighbour(served), served.upstreams["openai"], Watched(served.gateway)
    await first.set(parallelism=1)
    upstream.gate = gate = Gate()
    running = asyncio.create_task(first.ask())
    await gate.reached(1)
    waiting = asyncio.create_task(first.ask())
    await until(lambda: served.gateway.active == 2)
    waiting.cancel()
    await until(lambda: served.gateway.active == 1)
    gate.open()

    assert (await running).status == 200
    assert (await first.ask()).status == 200
    assert len(upstream.requests) == 2
    await ledger.until(written=3)
    assert sorted(record.status for record in ledger.written) == [200, 200, 499]
