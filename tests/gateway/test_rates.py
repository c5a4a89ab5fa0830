"""Rates hold for calls: so many a minute, so many tokens, so many at once, of whoever has them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from tests.gateway.conftest import EVERYWHERE, Serve
from tests.gateway.installation import Installation
from tests.gateway.serving import Served
from tests.gateway.sharing import pool

from modelbay.platform.limits.rates import set_rate
from modelbay.platform.limits.scopes import Limits, Scope
from modelbay.platform.shared import Ask, Refused, Shared, Ticket
from modelbay.sdk.testing import Gate, Reply, faults

pytestmark = EVERYWHERE
CHAT = "/v1/chat/completions"
MODEL = "openai/gpt-4.1-mini"
LANES = pytest.mark.parametrize("lanes", [True, False], ids=["passed-on", "translated"])


class Counted:
    """What processes share, and how often calls have asked it."""

    def __init__(self, behind: Shared) -> None:
        self.takes: list[list[str]] = []
        self._behind = behind

    async def take(self, asks: Sequence[Ask]) -> Ticket | Refused:
        """Take from all limits at once, or from none."""
        self.takes.append([ask.name for ask in asks])
        return await self._behind.take(asks)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._behind, name)


def counted(served: Installation) -> Counted:
    """Have the gateway's rates ask something that counts."""
    assert isinstance(served, Served)
    platform = served.gateway.platform
    platform.shared = found = Counted(platform.shared)
    return found


def limit(served: Installation, scope: Scope, scope_id: str, **limits: int) -> None:
    """Set a rate, as another process does before the first call."""
    with served.database() as database:
        set_rate(database, "default", scope, scope_id, Limits(**limits), actor="cli")


def asked(model: str = MODEL, **more: object) -> dict[str, object]:
    """Return what is asked."""
    return {"model": model, "messages": [{"role": "user", "content": "Hi"}], **more}


@LANES
async def test_calls_beyond_a_rate_are_told_when_to_come_again(serve: Serve, lanes: bool) -> None:
    """In the client's dialect, without the provider having been asked; and it is in the ledger."""
    served = await serve("openai", lanes=lanes)
    limit(served, Scope.KEY, "*", requests=2)
    answers = [await served.post(CHAT, asked()) for _ in range(3)]

    assert [answer.status for answer in answers] == [200, 200, 429]
    assert 1 <= int(answers[2].headers["retry-after"]) <= 61
    assert answers[2].json["error"]["code"] == "rate_limit_exceeded"
    assert len(served.upstreams["openai"].requests) == 2
    assert [row["error"] for row in await served.records()] == ["", "", "RateReachedError"]


async def test_tokens_are_reserved_by_the_worst_case_and_counted_by_the_truth(serve: Serve) -> None:
    """A call that said less than it might have leaves the rest to others."""
    served = await serve("openai")
    served.upstreams["openai"].reply = Reply(("Hello.",), usage={"in": 20, "out": 30})
    limit(served, Scope.WORKSPACE, "", tokens=5000)
    first = await served.post(CHAT, asked(max_tokens=4000))
    await served.tell()
    second = await served.post(CHAT, asked(max_tokens=4000))
    large = await served.post(CHAT, asked(max_tokens=5000))

    assert [first.status, second.status, large.status] == [200, 200, 429]
    assert large.json["error"]["code"] == "request_exceeds_rate"


async def test_no_more_calls_are_under_way_than_a_model_may_have(serve: Serve) -> None:
    """A slot is free again when its call has ended, also one that has failed."""
    served = await serve("openai")
    limit(served, Scope.MODEL, MODEL, parallel=1)
    gate = served.upstreams["openai"].gate = Gate()
    waiting = asyncio.ensure_future(served.post(CHAT, asked()))
    await gate.reached(1)
    refused = await served.post(CHAT, asked())
    gate.open()

    assert ((await waiting).status, refused.status) == (200, 429)
    await served.tell()
    assert (await served.post(CHAT, asked())).status == 200


async def test_a_route_goes_on_to_a_model_whose_rate_allows_it(serve: Serve) -> None:
    """The caller is counted once, however many models are tried."""
    served = await serve("openai", routes={"any": [MODEL, "openai/gpt-4.1"]})
    limit(served, Scope.MODEL, MODEL, requests=1)
    answers = [await served.post(CHAT, asked("any")) for _ in range(2)]

    assert [answer.headers["modelbay-model"] for answer in answers] == [MODEL, "openai/gpt-4.1"]


@pytest.mark.one_process("it counts what the process asks")
@LANES
async def test_a_rate_of_a_model_holds_for_all_its_keys(serve: Serve, lanes: bool) -> None:
    """Asking it again for each key would take a round trip for each, of a call that is refused anyway."""
    async with pool(serve, 4, lanes=lanes) as keys:
        await keys.balance(1, 1, 1, 1)
        limit(keys.served, Scope.MODEL, MODEL, requests=1)
        shared = counted(keys.served)
        answers = [await keys.ask() for _ in range(2)]

        assert [answer.status for answer in answers] == [200, 429]
        assert shared.takes == [[f"default/model/{MODEL}:requests"]] * 2
        assert [note["error"] for note in (await keys.record())["tried"]] == ["rate-limit"]
        assert sum(keys.asked) == 1


@pytest.mark.one_process("it counts what the process asks")
@LANES
async def test_a_route_leaves_a_model_whose_rate_is_reached_and_not_its_keys_one_by_one(
    serve: Serve, lanes: bool
) -> None:
    """The next model may be let through, with the first of its keys."""
    async with pool(serve, 3, lanes=lanes) as keys:
        await keys.balance(1, 1, 1)
        await keys.route("any", MODEL, "openai/gpt-4.1")
        limit(keys.served, Scope.MODEL, MODEL, requests=1)
        limit(keys.served, Scope.MODEL, "openai/gpt-4.1", requests=1)
        shared = counted(keys.served)
        answers = [await keys.ask(model="any") for _ in range(3)]

        assert [answer.status for answer in answers] == [200, 200, 429]
        assert [takes[0].split("/")[-1] for takes in shared.takes] == [
            *("gpt-4.1-mini:requests",),
            *("gpt-4.1-mini:requests", "gpt-4.1:requests"),
            *("gpt-4.1-mini:requests", "gpt-4.1:requests"),
        ]


@pytest.mark.one_process("it counts what the process asks")
@LANES
@pytest.mark.parametrize(
    ("scope", "scope_id", "limits", "asks"),
    [
        (Scope.WORKSPACE, "", {"requests": 1}, {}),
        (Scope.KEY, "*", {"requests": 1}, {}),
        (Scope.KEY, "*", {"tokens": 5000}, {"max_tokens": 4000}),
        (Scope.WORKSPACE, "", {"parallel": 1}, {}),
    ],
    ids=["workspace", "key", "tokens", "at-once"],
)
async def test_a_rate_of_the_caller_ends_the_call(
    serve: Serve, lanes: bool, scope: Scope, scope_id: str, limits: dict[str, int], asks: dict[str, Any]
) -> None:
    """No key and no model of a route can help; the shared limits are asked once."""
    async with pool(serve, lanes=lanes) as keys:
        await keys.balance(1, 1)
        await keys.route("any", MODEL, "openai/gpt-4.1")
        limit(keys.served, scope, scope_id, **limits)
        shared = counted(keys.served)
        gates = [Gate() for _ in keys.upstreams]
        for upstream, gate in zip(keys.upstreams, gates, strict=True):
            upstream.gate = gate
        first = asyncio.ensure_future(keys.ask(model="any", **asks))
        await gates[0].reached(1)
        refused = await keys.ask(model="any", **asks)
        for gate in gates:
            gate.open()

        assert ((await first).status, refused.status) == (200, 429)
        assert refused.json["error"]["code"] == "rate_limit_exceeded"
        assert len(shared.takes) == 2


@LANES
async def test_a_limit_of_ours_does_not_tell_when_a_key_will_be_well_again(serve: Serve, lanes: bool) -> None:
    """Who comes again when the key is well is refused by the same limit."""
    async with pool(serve, lanes=lanes) as keys:
        await keys.balance(1, 1)
        limit(keys.served, Scope.KEY, "*", requests=1)
        keys.upstreams[0].will_fail(faults.rate_limited(3))
        answered, refused = await keys.ask(), await keys.ask()
        limit(keys.served, Scope.KEY, "*", tokens=100)
        await keys.served.look()
        never = await keys.ask(max_tokens=1000)

        assert (answered.status, refused.status, never.status) == (200, 429, 429)
        assert int(refused.headers["retry-after"]) > 3
        assert never.json["error"]["code"] == "request_exceeds_rate"
        assert "retry-after" not in never.headers
