"""Limits are the installation's: four processes of two servers take from them, never more than there is."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest
from tests.gateway.replicas.fleet import LENT, LIMIT, OWN, Books, Replicas, ids

from modelbay.platform.limits.budgets import create_budget
from modelbay.platform.limits.rates import set_rate
from modelbay.platform.limits.scopes import Limits, Scope

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_of_500_calls_at_once_exactly_200_are_served(replicas: Replicas) -> None:
    """However they fall on four processes; the provider is not asked for any other, and the books say 200."""
    team, upstream = await replicas.team(), replicas.upstreams[0]
    asked = len(upstream.requests)
    answers = await team.ask_often([250, 250])

    assert Counter(answer.status for answer in answers) == {200: LIMIT, 429: 500 - LIMIT}
    assert {each.json["error"]["code"] for each in answers if each.status == 429} == {"quota_exceeded"}
    assert len(upstream.requests) - asked == LIMIT
    assert await team.settled(ids(answers)) == Books(Decimal(LIMIT), Decimal(LIMIT), 0)


async def test_calls_never_cost_more_than_a_budget_has(replicas: Replicas) -> None:
    """What each may cost at most is held before it is made; what is over is there for the next ones."""
    team, amount = await replicas.team(), Decimal("0.02")
    with replicas.now as database:
        create_budget(database, team.workspace, amount=amount, actor="cli")
    await team.add_credentials(replicas.upstreams[0])
    known = await team.until(lambda answer: answer.status == 200, OWN)
    answers = await team.ask_often([150, 150], OWN)
    while (last := await team.ask(len(answers) % 2, OWN)).status == 200:
        answers.append(last)

    refused = [answer for answer in (*answers, last) if answer.status != 200]
    assert {answer.json["error"]["code"] for answer in refused} == {"budget_exceeded"}
    books = await team.settled(ids([*known, *answers]))
    assert books.ledger == books.used <= amount
    assert books.ledger > amount * Decimal("0.9")


async def test_a_rate_is_shared_as_far_as_it_is_documented_to_be(replicas: Replicas) -> None:
    """By all processes of a machine's data directory; by those of all machines where there is a Redis."""
    team, limit = await replicas.team(), 30
    with replicas.now as database:
        limits = Limits(requests=limit)
        set_rate(database, team.workspace, Scope.WORKSPACE, "", limits, actor="cli")
    servers = {"postgresql": 2}.get(replicas.store, 1)
    answers = await team.ask_often([50, 50], LENT, at_once=8)

    served = [answer for answer in answers if answer.status == 200]
    assert len(served) == limit * servers
    refused = {each.json["error"]["code"] for each in answers if each.status == 429}
    assert (len(answers), refused) == (100, {"rate_limit_exceeded"})
