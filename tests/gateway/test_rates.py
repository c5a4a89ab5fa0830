"""Rates hold for calls: so many a minute, so many tokens, so many at once, of whoever has them."""

from __future__ import annotations

import asyncio

import pytest
from tests.gateway.conftest import EVERYWHERE, Serve
from tests.gateway.installation import Installation

from modelbay.platform.limits.rates import set_rate
from modelbay.platform.limits.scopes import Limits, Scope
from modelbay.sdk.testing import Gate, Reply

pytestmark = EVERYWHERE
CHAT = "/v1/chat/completions"
MODEL = "openai/gpt-4.1-mini"


def limit(served: Installation, scope: Scope, scope_id: str, **limits: int) -> None:
    """Set a rate, as another process does before the first call."""
    with served.database() as database:
        set_rate(database, "default", scope, scope_id, Limits(**limits), actor="cli")


def asked(model: str = MODEL, **more: object) -> dict[str, object]:
    """Return what is asked."""
    return {"model": model, "messages": [{"role": "user", "content": "Hi"}], **more}


@pytest.mark.parametrize("lanes", [True, False], ids=["passed-on", "translated"])
async def test_calls_beyond_a_rate_are_told_when_to_come_again(serve: Serve, lanes: bool) -> None:
    """In the client's dialect, without the provider having been asked; and it is in the ledger."""
    served = await serve("openai", lanes=lanes)
    limit(served, Scope.KEY, "*", requests=2)
    answers = [await served.post(CHAT, asked()) for _ in range(3)]

    assert [answer.status for answer in answers] == [200, 200, 429]
    assert 1 <= int(answers[2].headers["retry-after"]) <= 61
    assert answers[2].json["error"]["code"] == "rate_limit_exceeded"
    assert len(served.upstreams["openai"].requests) == 2
    assert [row["error"] for row in await served.records()] == ["", "", "InvokeRateLimitError"]


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
