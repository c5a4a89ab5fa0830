"""Several credentials share the calls of a model: turns, failures, rests, probes, and what is told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.gateway.conftest import EVERYWHERE, Serve
from tests.gateway.serving import Served
from tests.gateway.sharing import CHAT, MODEL, pool
from tests.gateway.test_audio import write_down

from modelbay.platform.credentials import named
from modelbay.runtime.balancing import Strategy
from modelbay.sdk.testing import Gate, faults

pytestmark = EVERYWHERE
LANES = pytest.mark.parametrize("lanes", [True, False], ids=["passed-on", "translated"])
STREAMED = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
ANOTHER_KEY_HELPS = {
    "rate-limit": faults.rate_limited(),
    "authorization": faults.status(401),
    "unavailable": faults.status(503),
    "connection": faults.reset(),
}


@LANES
@STREAMED
async def test_each_key_has_its_share(serve: Serve, lanes: bool, stream: bool) -> None:
    """By weight, exactly, whichever way the calls go."""
    async with pool(serve, lanes=lanes) as keys:
        await keys.balance(3, 1)

        answers = [await keys.ask(stream=stream) for _ in range(8)]

        assert {answer.status for answer in answers} == {200}
        assert keys.asked == [6, 2]
        used = [row["credential_name"] for row in await keys.served.records()]
        each = [used[number :: keys.servers] for number in range(keys.servers)]  # takes turns for itself
        assert each == [["key 0", "key 0", "key 1", "key 0"] * (2 // keys.servers)] * keys.servers


@LANES
@STREAMED
@pytest.mark.parametrize("kind", ANOTHER_KEY_HELPS)
async def test_another_key_answers_where_one_fails(
    serve: Serve, kind: str, stream: bool, lanes: bool
) -> None:
    """Before the first byte; the client sees an answer, the ledger and the headers see both."""
    async with pool(serve, lanes=lanes) as keys:
        await keys.balance(1, 1, strategy=Strategy.ROUND_ROBIN)
        keys.upstreams[0].will_fail(ANOTHER_KEY_HELPS[kind], times=None)

        first = await keys.ask(stream=stream)
        await keys.served.tell()
        second = await keys.ask(stream=stream)

        assert (first.status, second.status) == (200, 200)
        assert b"Hi" in first.body
        assert first.headers["modelbay-attempts"] == "2"
        assert first.headers["modelbay-tried"] == f"{MODEL} (key 0) {kind}, {MODEL} (key 1) ok"
        assert "modelbay-attempts" not in second.headers
        assert keys.asked == [1, 2]
        record = (await keys.served.records())[0]
        assert (record["attempts"], record["credential"]) == (2, keys.ids[1])
        assert (record["status"], record["error"]) == (200, "")


async def test_what_was_tried_is_in_the_ledger(serve: Serve) -> None:
    """With whom, why, and what came of it; also who was passed over."""
    async with pool(serve) as keys:
        await keys.balance(1, 1)
        keys.upstreams[0].will_fail(faults.rate_limited(30))

        await keys.ask()
        failed, answered = (await keys.record())["tried"]
        await keys.served.tell()
        keys.upstreams[1].will_fail(faults.status(401))
        refused = await keys.ask()

        assert {name: failed[name] for name in ("model", "credential", "name", "error", "status", "why")} == {
            "model": MODEL,
            "credential": keys.ids[0],
            "name": "key 0",
            "error": "rate-limit",
            "status": 429,
            "why": "the key's turn, by weight 1 of 2",
        }
        assert (answered["credential"], answered["error"], answered["status"]) == (keys.ids[1], "", 200)
        assert refused.status == 401
        passed, tried = (await keys.record())["tried"]
        assert (tried["credential"], tried["error"]) == (keys.ids[1], "authorization")
        assert (passed["credential"], passed["passed"]) == (keys.ids[0], "rate-limit")
        assert passed["left"] == pytest.approx(30, abs=0 if keys.servers == 1 else 10)  # their clocks go on


@LANES
async def test_what_the_client_did_wrong_is_told_at_once(serve: Serve, lanes: bool) -> None:
    """Another key would refuse it too, and no key rests for it."""
    async with pool(serve, lanes=lanes) as keys:
        await keys.balance(1, 1, strategy=Strategy.ROUND_ROBIN)
        keys.upstreams[0].will_fail(faults.status(400, "too long"))

        refused = await keys.ask()
        answers = [await keys.ask() for _ in range(2)]

        assert (refused.status, keys.asked) == (400, [2, 1])
        assert {answer.status for answer in answers} == {200}


@pytest.mark.one_process("its clock is the test's")
@LANES
async def test_a_key_rests_for_as_long_as_the_provider_says_and_one_call_probes(
    serve: Serve, lanes: bool
) -> None:
    """Of many calls at once, one finds out; its success brings the key back for all."""
    async with pool(serve, lanes=lanes) as keys:
        await keys.balance(1, 1, strategy=Strategy.LEAST_BUSY)
        keys.upstreams[0].will_fail(faults.rate_limited(7))
        await keys.ask()
        for _ in range(4):
            await keys.ask()
        assert keys.asked == [1, 5]

        keys.clock.now += 6.9
        await keys.ask()
        assert keys.asked == [1, 6]

        keys.clock.now += 0.2
        keys.upstreams[0].gate = gate = Gate()
        probing = [asyncio.create_task(keys.ask()) for _ in range(20)]
        await gate.reached(1)
        done = [task async for task in _first(probing, 19)]
        assert keys.asked == [2, 25]
        gate.open()
        answers = await asyncio.gather(*probing)
        assert len(done) == 19
        assert {answer.status for answer in answers} == {200}

        before = keys.asked
        await asyncio.gather(*(keys.ask() for _ in range(4)))
        assert keys.asked[0] > before[0]


@pytest.mark.one_process("its clock is the test's")
async def test_a_probe_that_fails_doubles_the_rest(serve: Serve) -> None:
    """What stays broken is asked less and less; its caller gets an answer from another key."""
    async with pool(serve) as keys:
        await keys.balance(1, 1, strategy=Strategy.ROUND_ROBIN)
        keys.upstreams[0].will_fail(faults.status(401), times=None)
        assert (await keys.ask()).status == 200
        keys.clock.now += 10
        assert (await keys.ask()).status == 200
        assert keys.asked == [2, 2]

        keys.clock.now += 19
        await keys.ask()
        assert keys.asked == [2, 3]
        keys.clock.now += 1
        await keys.ask()
        assert keys.asked == [3, 4]


@LANES
async def test_when_all_keys_rest_the_client_is_told_how_long(serve: Serve, lanes: bool) -> None:
    """The one that is ready soonest decides; nobody is asked in vain."""
    async with pool(serve, lanes=lanes) as keys:
        await keys.balance(1, 1)
        keys.upstreams[0].will_fail(faults.rate_limited(50))
        keys.upstreams[1].will_fail(faults.rate_limited(20))

        first = await keys.ask()
        await keys.served.tell()
        second = await keys.ask()

        assert (first.status, second.status) == (429, 429)
        for answer in (first, second):
            told = int(answer.headers["retry-after"])
            assert told == pytest.approx(20, abs=0 if keys.servers == 1 else 10)  # their clocks go on
        assert keys.asked == [1, 1]
        assert "cools down" in second.json["error"]["message"]


async def test_a_rest_after_an_outage_does_not_keep_a_call_from_its_only_chance(serve: Serve) -> None:
    """A connection may be back before its time; a rate limit is not."""
    async with pool(serve) as keys:
        await keys.balance(1, 1)
        for upstream in keys.upstreams:
            upstream.will_fail(faults.reset())
        failed = await keys.ask()
        await keys.served.tell()
        answered = await keys.ask()

        assert (failed.status, answered.status) == (502, 200)
        assert sum(keys.asked) == 3
        assert "before its cool-down is over" in (await keys.record())["tried"][-1]["why"]


@pytest.mark.one_process("its clock is the test's")
@LANES
async def test_a_stream_is_covered_until_its_first_byte_and_no_further(serve: Serve, lanes: bool) -> None:
    """Half an answer of one model and half of another would be neither's."""
    async with pool(serve, lanes=lanes) as keys:
        await keys.balance(1, 1, strategy=Strategy.ROUND_ROBIN)
        keys.upstreams[0].will_fail(faults.error_event(after=0))
        covered = await keys.ask(stream=True)
        assert (covered.status, covered.headers["modelbay-attempts"]) == (200, "2")
        assert covered.events[-1] == "[DONE]"

        keys.clock.now += 60
        keys.upstreams[0].will_fail(faults.error_event(after=2))
        before = keys.asked
        broken = await keys.ask(stream=True)
        assert keys.asked == [before[0] + 1, before[1]]
        assert broken.status == 200
        assert "error" in broken.events[-1]


async def test_a_call_has_so_many_attempts_and_no_more(serve: Serve) -> None:
    """A hundred keys of a provider that is down must not be a hundred calls of it."""
    async with pool(serve, 10) as keys:
        await keys.balance(*[1] * 10)
        for upstream in keys.upstreams:
            upstream.will_fail(faults.status(503), times=None)

        failed = await keys.ask()

        assert (failed.status, failed.headers["modelbay-attempts"]) == (503, "8")
        assert sum(keys.asked) == 8
        assert len((await keys.record())["tried"]) == 8


@pytest.mark.one_process("a process counts its own calls, and takes turns for itself")
@LANES
async def test_the_least_busy_key_gets_the_next_call(serve: Serve, lanes: bool) -> None:
    """Calls that take long count for as long as they take, streams included."""
    async with pool(serve, 3, lanes=lanes) as keys:
        await keys.balance(1, 1, 2, strategy=Strategy.LEAST_BUSY)
        gates = [Gate() for _ in keys.upstreams]
        for upstream, gate in zip(keys.upstreams, gates, strict=True):
            upstream.gate = gate
        calls = []
        for number, turn in enumerate(order := [2, 0, 1, 2, 2, 0, 1, 2]):
            calls.append(asyncio.create_task(keys.ask(stream=bool(number % 2))))
            await keys.upstreams[turn].received(order[: number + 1].count(turn))
        assert keys.asked == [2, 2, 4]

        gates[1].open()
        await asyncio.gather(calls[2], calls[6])
        await asyncio.gather(*(keys.ask() for _ in range(2)))
        assert keys.asked == [2, 4, 4]
        for gate in gates:
            gate.open()
        assert {call.status for call in await asyncio.gather(*calls)} == {200}


async def test_deleted_credentials_leave_the_others_and_too_few_leave_the_active_ones(serve: Serve) -> None:
    """A balance of one is none: the plain choice stands."""
    async with pool(serve, 3) as keys:
        await keys.balance(1, 1, 1)
        for number in (2, 1):
            with keys.served.database() as database:
                named.delete(database, keys.target, keys.ids[number], actor="cli")
            await keys.served.look()
            before = sum(keys.asked)
            answers = [await keys.ask() for _ in range(4)]
            assert {answer.status for answer in answers} == {200}
            assert sum(keys.asked) == before + 4
            assert keys.asked[2] == 0
        assert keys.asked == [6, 2, 0]
        assert (await keys.record())["credential"] == keys.ids[0]


ASKS: dict[str, tuple[str, dict[str, Any]]] = {
    "llm": (CHAT, {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]}),
    "text-embedding": ("/v1/embeddings", {"model": "openai/text-embedding-3-small", "input": "Hi"}),
    "moderation": ("/v1/moderations", {"model": "openai/omni-moderation-latest", "input": "Hi"}),
    "tts": ("/v1/audio/speech", {"model": "openai/tts-1", "input": "Hi", "voice": "alloy"}),
}


@pytest.mark.parametrize("kind", [*ASKS, "speech2text"])
async def test_every_type_of_model_is_balanced_and_covered(serve: Serve, kind: str) -> None:
    """Not only conversations meet rate limits. (Rerank is the same path; OpenAI has none.)"""
    async with pool(serve) as keys:
        await keys.balance(1, 1, strategy=Strategy.ROUND_ROBIN)
        keys.upstreams[0].will_fail(faults.rate_limited(60))

        for _ in range(2):
            await keys.served.tell()
            if kind == "speech2text":
                answer = await write_down(keys.served, {"model": "openai/whisper-1"})
            else:
                path, body = ASKS[kind]
                answer = await keys.served.post(path, body)
            assert answer.status == 200, answer.body

        assert keys.asked == [1, 2]
        assert (await keys.served.records())[0]["attempts"] == 2


@LANES
async def test_whose_credentials_were_used_is_known_without_balancing_too(serve: Serve, lanes: bool) -> None:
    """A key that leaks, or costs, has to be found."""
    async with pool(serve, 1, lanes=lanes) as keys:
        await keys.ask()
        record = await keys.record()

        assert (record["credential"], record["credential_name"]) == (keys.ids[0], "key 0")
        assert record["tried"] == []


@LANES
async def test_credentials_of_the_environment_are_named_as_that(serve: Serve, lanes: bool) -> None:
    """They have neither an id nor a name."""
    served = await serve("openai", lanes=lanes)
    await served.post(CHAT, {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]})
    [record] = await served.records()
    assert record["credential"] == "environment"


@pytest.mark.one_process("a process counts its own calls, and takes turns for itself")
async def test_a_client_that_goes_away_gives_its_turn_back(serve: Serve) -> None:
    """A call that nobody waits for any more must not count as busy, nor keep a probe."""
    async with pool(serve) as keys:
        await keys.balance(1, 1, strategy=Strategy.LEAST_BUSY)
        keys.upstreams[0].gate = gate = Gate()
        call = asyncio.create_task(keys.ask())
        await gate.reached(1)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        assert isinstance(keys.served, Served)
        assert keys.served.gateway.balancer
        turns = keys.served.gateway.balancer.turns
        group = ("default", "llm", "openai", "gpt-4.1-mini")

        async with asyncio.timeout(5):
            while turns.busy(group, keys.ids[0]):  # noqa: ASYNC110 - a client that left is told nothing
                await asyncio.sleep(0)
        assert turns.busy(group, keys.ids[0]) == 0
        assert (await keys.served.call("GET", "/healthz")).status == 200


async def _first(tasks: list[asyncio.Task[Any]], count: int) -> Any:
    """Yield the first so many tasks that are done."""
    for done in asyncio.as_completed(tasks):
        yield await done
        count -= 1
        if not count:
            return
