"""Money and quotas at the gateway: held before the upstream is asked, settled by what was used."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.gateway.client import Answer
from tests.gateway.conftest import EVERYWHERE
from tests.gateway.installation import Installation
from tests.gateway.process import running
from tests.gateway.serving import KEY, Served, serving
from tests.gateway.ways import EITHER_LANE, WAYS, Watched, Way, asking, until
from tests.upstreams.openai import OpenAIUpstream

from modelbay.platform.limits.budgets import Budget, create_budget, list_budgets
from modelbay.platform.limits.quotas import Quota, list_quotas, prefer
from modelbay.runtime.accounts import CallRecord
from modelbay.sdk.testing import faults

pytestmark = EVERYWHERE
NOTHING = Decimal(0)
CHAT = "/v1/chat/completions"
MODEL = "openai/gpt-4o-mini"
either_lane = pytest.mark.parametrize("lanes", [True, False], ids=["passed-on", "translated"])


class Slow:
    """An accountant that writes a call down, and is still not done."""

    def __init__(self, served: Served) -> None:
        self.written = asyncio.Event()
        self._ledger = served.gateway.accountant
        served.gateway.accountant = self  # type: ignore[assignment]  # the port is what calls use

    async def record(self, record: CallRecord) -> None:
        """Write the call down, and wait for ever."""
        await self._ledger.record(record)
        self.written.set()
        await asyncio.Event().wait()


async def budget(served: Installation, amount: str, **facts: Any) -> None:
    """Make a budget of the workspace that the gateway knows of."""
    with served.database() as database:
        create_budget(database, "default", amount=amount, actor="cli", **facts)
    await served.look()


async def standing(served: Installation) -> Budget:
    """Return the one budget as it is once the ledger has everything."""
    await served.records()
    with served.database() as database:
        [found] = list_budgets(database, "default")
        return found


async def quota(served: Installation) -> Quota:
    """Return the one quota as it is once the ledger has everything."""
    await served.records()
    with served.database() as database:
        [found] = list_quotas(database, served.hosted, "default")
        return found


async def ask(served: Installation, model: str = MODEL, **more: Any) -> Answer:
    """Ask for a short answer."""
    body = {"model": model, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 50, **more}
    return await served.post(CHAT, body)


@asynccontextmanager
async def lending(
    folder: Path, limit: int, *families: str, unit: str = "times", **settings: Any
) -> AsyncIterator[tuple[Installation, OpenAIUpstream]]:
    """Run a gateway whose installation lends OpenAI's models; give out the upstream that it pays for."""
    async with OpenAIUpstream() as upstream:
        lend(folder, upstream, limit, unit)
        async with serving(folder, *families, **settings) as served:
            yield served, upstream


def lend(folder: Path, upstream: OpenAIUpstream, limit: int, unit: str = "times") -> None:
    """Write down what an installation lends."""
    (folder / "data").mkdir(mode=0o700)
    (folder / "data" / "key").write_text(KEY)
    (folder / "data" / "hosted.yaml").write_text(
        f"""
openai:
  credentials:
    openai_api_key: {{file: key}}
    openai_api_base: {upstream.url}
    api_protocol: chat
  quotas: [{{kind: trial, unit: {unit}, limit: {limit}, models: [gpt-4o-mini, text-embedding*]}}]
"""
    )


# budgets


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
async def test_a_call_that_a_budget_has_no_money_for_is_not_made(way: Way, tmp_path: Path) -> None:
    """The client is told in its own dialect, when it is worth trying again, and not to do so before."""
    async with way.serving(tmp_path) as served:
        await budget(served, "0.000001", period="day")
        for stream in (False, True):
            refused = await served.post(way.path, way.body(stream=stream))

            assert refused.status == 429
            assert way.is_error(refused.json)
            assert (
                "the workspace's daily budget has 0.000001 of 0.000001 USD left"
                in refused.json["error"]["message"]
            )
            assert way.path != CHAT or refused.json["error"]["code"] == "budget_exceeded"
            assert refused.headers["x-should-retry"] == "false"
            assert 0 < int(refused.headers["retry-after"]) <= 86_400
        assert not way.upstream(served).requests
        found = await standing(served)
        assert (found.used, found.held) == (NOTHING, NOTHING)
        assert {record["status"] for record in await served.records()} == {429}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
async def test_a_budget_is_charged_what_calls_did_cost(way: Way, tmp_path: Path) -> None:
    """To the last digit, whole and streamed; what was held beyond it is free at once."""
    async with way.serving(tmp_path) as served:
        await budget(served, "1")
        for stream in (False, True):
            assert (await served.post(way.path, way.body(stream=stream))).status == 200
        with served.database() as database:
            [before] = list_budgets(database, "default")
        records = await served.records()
        found = await standing(served)
        prices = [Decimal(record["price"]) for record in records]

        assert all(prices)
        assert before.used + before.held == sum(prices)
        assert (found.used, found.held) == (sum(prices, NOTHING), NOTHING)


@pytest.mark.parametrize("way", EITHER_LANE, ids=lambda way: way.name)
@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_a_call_that_fails_costs_nothing(way: Way, stream: bool, tmp_path: Path) -> None:
    """All that was held is there for the next."""
    async with way.serving(tmp_path) as served:
        await budget(served, "1")
        way.upstream(served).will_fail(faults.status(500))
        assert (await served.post(way.path, way.body(stream=stream))).status >= 500

        found = await standing(served)
        assert (found.used, found.held) == (NOTHING, NOTHING)


@pytest.mark.one_process("it looks into the process that serves")
@pytest.mark.parametrize("way", EITHER_LANE, ids=lambda way: way.name)
async def test_who_leaves_pays_for_what_was_sent_and_no_more(way: Way, tmp_path: Path) -> None:
    """The prompt had gone out; what the answer might have cost is given back."""
    async with way.serving(tmp_path) as served:
        await budget(served, "1")
        ledger = Watched(served.gateway)
        way.upstream(served).will_fail(faults.slow_headers())
        async with asking(served, way, stream=True):
            await way.upstream(served).received()
        record = await ledger.until(written=1)
        await until(lambda: not served.gateway.platform.holds._under_way)

        found = await standing(served)
        assert record.status == 499
        assert (found.used, found.held) == (record.price or NOTHING, NOTHING)


@pytest.mark.one_process("it looks into the process that serves")
@pytest.mark.parametrize("fails", [False, True], ids=["answered", "failed"])
async def test_who_leaves_while_the_call_is_written_down_holds_nothing(fails: bool, tmp_path: Path) -> None:
    """Nobody is left to be told, and nothing is left to be held; that it was made is counted."""
    way = EITHER_LANE[0]
    async with way.serving(tmp_path) as served:
        await budget(served, "1")
        if fails:
            way.upstream(served).will_fail(faults.status(400))
        ledger = Slow(served)
        async with asking(served, way):
            await ledger.written.wait()
        async with asyncio.timeout(30):
            await until(lambda: not served.gateway.platform.holds._under_way)

        found = await standing(served)
        [record] = await served.records()
        assert (found.used, found.held) == (Decimal(record["price"] or 0), NOTHING)
        assert (record["status"], bool(record["price"])) == ((400, False) if fails else (200, True))
        told = b'status="400"' if fails else b'status="200"'
        assert told in (await served.call("GET", "/metrics")).body


@either_lane
async def test_a_budget_that_warns_says_so_in_the_answer(lanes: bool, tmp_path: Path) -> None:
    """Programs go on, and who looks can see it."""
    async with serving(tmp_path, "openai", lanes=lanes) as served:
        await budget(served, "0", action="warn", period="total")
        for stream in (False, True):
            answer = await ask(served, stream=stream)

            assert answer.status == 200
            assert answer.headers["modelbay-warning"] == "the workspace budget is used up"
        assert (await standing(served)).used > 0


@either_lane
async def test_a_call_whose_cost_nobody_knows_is_refused_or_counts_what_the_budget_says(
    lanes: bool, tmp_path: Path
) -> None:
    """A model of one's own has no price."""
    async with serving(tmp_path, "compatible", lanes=lanes) as served:
        await budget(served, "1")
        refused = await ask(served, "openai_api_compatible/mine")
        assert (refused.status, refused.json["error"]["code"]) == (400, "price_unknown")
        assert not served.upstreams["compatible"].requests

        await budget(served, "1", period="day", unpriced="0.6")
        with served.database() as database:
            database.change("DELETE FROM budgets WHERE period = 'month'")
        await budget(served, "5", scope="model", target="none/*")
        statuses = [(await ask(served, "openai_api_compatible/mine")).status for _ in range(2)]
        assert statuses == [200, 429]


async def test_a_price_that_does_not_fit_what_the_upstream_counts_is_what_was_held(tmp_path: Path) -> None:
    """It is declared by token and counted by search: a budget must not take that for nothing."""
    path, body = "/v2/rerank", {"model": "cohere/rerank-v5.0-pro", "query": "a", "documents": ["b", "c"]}
    async with serving(tmp_path, "cohere") as served:
        assert (await served.post(path, body)).status == 200
        await budget(served, "1", period="day")
        assert (await served.post(path, body)).status == 200
        free, charged = await served.records()
        before = await standing(served)

        assert (free["price"], bool(free["estimated"])) == (None, False)
        assert Decimal(charged["price"]) > 0
        assert charged["estimated"]
        assert (before.used, before.held) == (Decimal(charged["price"]), NOTHING)


async def test_counting_tokens_is_free(tmp_path: Path) -> None:
    """Whoever has no money left may still ask how much something would be."""
    async with serving(tmp_path, "anthropic") as served:
        await budget(served, "0")
        body = {"model": "anthropic/claude-haiku-4-5", "messages": [{"role": "user", "content": "Hi"}]}
        counted = await served.post("/v1/messages/count_tokens", body)

        assert counted.status == 200
        assert (await standing(served)).used == 0


SPOKEN = (
    b'--b\r\ncontent-disposition: form-data; name="model"\r\n\r\nopenai/whisper-1\r\n'
    b'--b\r\ncontent-disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    + bytes(3000)
    + b"\r\n--b--\r\n"
)
TYPES = [
    (CHAT, {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 9}),
    ("/v1/embeddings", {"model": "openai/text-embedding-3-small", "input": ["a", "b"]}),
    ("/v1/audio/speech", {"model": "openai/tts-1", "input": "Hello", "voice": "alloy"}),
    ("/v1/audio/transcriptions", SPOKEN),
    ("/v2/rerank", {"model": "cohere/rerank-v5.0-pro", "query": "a", "documents": ["b", "c"]}),
    ("/v1/responses", {"model": MODEL, "input": "Hi", "max_output_tokens": 20}),
    ("/v1/completions", {"model": MODEL, "prompt": "Hi", "max_tokens": 9}),
]


async def test_all_types_of_models_are_bounded_by_a_budget(tmp_path: Path) -> None:
    """Each is refused without money, and charged no more than was held with it; what is free, is free."""
    async with serving(tmp_path, "openai", "cohere") as served:
        await budget(served, "0", period="day")
        form = {"content-type": "multipart/form-data; boundary=b"}
        for path, body in TYPES:
            refused = await served.call("POST", path, body, form if body is SPOKEN else None)
            assert (path, refused.status) == (path, 429)
        assert not any(upstream.requests for upstream in served.upstreams.values())
        free = await served.post("/v1/moderations", {"model": "openai/omni-moderation-latest", "input": "Hi"})
        assert free.status == 200

        with served.database() as database:
            database.change("UPDATE budgets SET amount = '1'")
            database.change("UPDATE marks SET number = number + 1 WHERE name LIKE 'credentials%'")
        await served.look()
        for path, body in TYPES:
            answer = await served.call("POST", path, body, form if body is SPOKEN else None)
            assert (path, answer.status) == (path, 200)
        records = [record for record in await served.records() if record["status"] == 200]
        found = await standing(served)
        assert found.used == sum(Decimal(record["price"]) for record in records)
        assert found.used > 0
        assert found.held == 0


# hosted quotas


@either_lane
async def test_exactly_as_many_calls_as_were_lent_are_served(lanes: bool, tmp_path: Path) -> None:
    """However many come at once; the ledger says who paid."""
    async with lending(tmp_path, 5, lanes=lanes) as (served, upstream):
        answers = await asyncio.gather(*(ask(served, stream=bool(number % 2)) for number in range(12)))
        refused = [answer for answer in answers if answer.status != 200]

        assert len(refused) == 7
        assert {answer.json["error"]["code"] for answer in refused} == {"quota_exceeded"}
        assert {answer.headers["x-should-retry"] for answer in refused} == {"false"}
        assert len(upstream.requests) == 5
        found = await quota(served)
        assert (found.used, found.held, found.valid) == (Decimal(5), NOTHING, False)
        for record in await served.records():
            assert (record["credential"], record["credential_name"]) == ("hosted:trial", "hosted")
            assert record["hosted"] == "trial"
            assert Decimal(record["units"]) == (record["status"] == 200)


async def test_a_call_that_fails_is_given_back_to_the_quota(tmp_path: Path) -> None:
    """Two hundred calls are two hundred answers."""
    async with lending(tmp_path, 1) as (served, upstream):
        upstream.will_fail(faults.status(500), times=3)
        statuses = [(await ask(served)).status for _ in range(5)]

        assert [status >= 500 for status in statuses[:3]] == [True] * 3
        assert statuses[3:] == [200, 429]


async def test_a_quota_of_tokens_is_charged_what_was_used(tmp_path: Path) -> None:
    """The worst case is held, the truth is counted."""
    async with lending(tmp_path, 100_000, unit="tokens") as (served, _):
        assert (await ask(served)).status == 200
        [record] = await served.records()
        found = await quota(served)

        assert found.used == record["prompt_tokens"] + record["completion_tokens"] > 0
        assert found.held == 0


@either_lane
async def test_own_credentials_take_over_when_the_quota_is_used_up(lanes: bool, tmp_path: Path) -> None:
    """Where the workspace wants to use what is lent first."""
    async with lending(tmp_path, 2, "openai", lanes=lanes) as (served, hosted):
        own = served.upstreams["openai"]
        assert (await ask(served)).status == 200
        assert (len(own.requests), len(hosted.requests)) == (1, 0)
        await prefer_hosted(served)
        statuses = [(await ask(served)).status for _ in range(4)]

        assert statuses == [200] * 4
        assert (len(own.requests), len(hosted.requests)) == (3, 2)
        records = await served.records()
        assert [record["hosted"] for record in records] == ["", "trial", "trial", "", ""]
        assert [record["units"] is None for record in records] == [True, False, False, True, True]
        assert [record["credential_name"] == "hosted" for record in records] == [
            False,
            True,
            True,
            False,
            False,
        ]
        assert (await quota(served)).used == 2


@either_lane
async def test_own_credentials_take_over_when_the_lent_ones_fail(lanes: bool, tmp_path: Path) -> None:
    """Whether the call is passed on or translated; the quota gets back what it held."""
    async with lending(tmp_path, 2, "openai", lanes=lanes) as (served, hosted):
        await prefer_hosted(served)
        hosted.will_fail(faults.status(500))
        statuses = []
        for stream in (False, True):
            statuses.append((await ask(served, stream=stream)).status)
            await served.tell()

        assert statuses == [200, 200]
        found = await quota(served)
        assert (found.used, found.held) == (NOTHING, NOTHING)
        records = await served.records()
        assert {record["hosted"] for record in records} == {""}
        assert [record["attempts"] for record in records] == [2, 1]  # the lent ones rest for a while


async def prefer_hosted(served: Installation) -> None:
    """Use what is lent before the workspace's own credentials."""
    with served.database() as database:
        prefer(database, served.hosted, "default", "openai", "hosted", actor="cli")
    await served.look()


async def test_models_outside_the_quota_are_not_lent(tmp_path: Path) -> None:
    """They are neither listed nor called."""
    async with lending(tmp_path, 5) as (served, upstream):
        refused = await ask(served, "openai/gpt-4.1-mini")
        listed = {model["id"] for model in (await served.call("GET", "/v1/models")).json["data"]}

        assert refused.status == 401
        assert "what is lent of openai does not cover this model" in refused.json["error"]["message"]
        assert MODEL in listed
        assert "openai/gpt-4.1-mini" not in listed
        assert not upstream.requests


@pytest.mark.one_process("its two processes share a directory; replicas has two servers")
async def test_two_gateways_on_one_directory_serve_exactly_what_was_lent(tmp_path: Path) -> None:
    """As any number of processes do: what one has taken the other cannot have."""
    async with OpenAIUpstream() as upstream:
        lend(tmp_path, upstream, 20)
        async with running(tmp_path, {}) as one, running(tmp_path, {}) as two:
            two.key = one.key
            body = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 9}
            answers = await asyncio.gather(
                *([one, two][number % 2].call("POST", CHAT, body) for number in range(50))
            )
            served = [answer.status for answer in answers]

            assert (served.count(200), served.count(429)) == (20, 30)
            assert len(upstream.requests) == 20


@pytest.mark.one_process("it looks for what a process does not do")
async def test_a_call_that_nothing_limits_asks_nobody(tmp_path: Path) -> None:
    """Who has no budgets does not pay for those of others."""
    async with serving(tmp_path, "openai") as served:
        assert (await ask(served)).status == 200
        assert not (served.folder / "holders").exists()
        await budget(served, "1")
        assert (await ask(served)).status == 200
        assert (served.folder / "holders").exists()
