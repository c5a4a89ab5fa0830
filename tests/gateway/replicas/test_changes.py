"""What one server is told, all of the other know within a second; what one learns, the other heeds."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Coroutine, Sequence

import pytest
import pytest_asyncio
from tests.gateway.client import Answer
from tests.gateway.replicas.fleet import OWN, ROUND, Replicas, Team

from modelbay.catalog import Catalog
from modelbay.platform.balances import set_balance
from modelbay.platform.credentials.target import Target
from modelbay.platform.routes import create_route, edit_route, step_of
from modelbay.runtime.balancing import Strategy
from modelbay.sdk.testing import faults
from modelbay.store.balances import BalanceEntryRow

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROUTE = "best"
OTHER = "openai/gpt-4.1"
Change = Callable[[], Coroutine[None, None, None]]


def said(answer: Answer) -> str:
    """Return the model of an answer and its words; "" if it is none."""
    return f"{answer.headers['modelbay-model']} {words(answer)}" if answer.status == 200 else ""


def words(answer: Answer) -> str:
    """Return the words of an answer: they tell which upstream was asked."""
    return str(answer.json["choices"][0]["message"]["content"])


async def seen(team: Team, change: Change, is_new: Callable[[Answer], bool], model: str) -> Sequence[float]:
    """Make a change, and ask until all processes of both servers show it.

    Returns how long after the change the last call began, at each server, that did not see it yet.
    """
    await team.until(lambda answer: answer.status == 200, model)
    assert not any(map(is_new, await team.ask_often([ROUND, ROUND], model)))
    await change()
    begun = time.monotonic()

    async def watch(server: int) -> float:
        last, rounds = 0.0, 0
        while rounds < 2 or time.monotonic() < begun + 1:  # also long after the first that has seen it
            at = time.monotonic()
            answers = await asyncio.gather(*(team.ask(server, model) for _ in range(ROUND)))
            rounds = rounds + 1 if all(map(is_new, answers)) else 0
            last = last if rounds else at - begun
        return last

    async with asyncio.timeout(30):
        found = await asyncio.gather(watch(0), watch(1))
    sys.stdout.write(f"{change.__name__} was seen by both after {max(found):.2f} s\n")  # -rP shows it
    return found


@pytest_asyncio.fixture(loop_scope="session")
async def team(replicas: Replicas) -> Team:
    """A workspace with two credentials; those that say "one" are the active ones."""
    made = await replicas.team()
    made.credentials = [await made.add_credentials(each) for each in replicas.upstreams]
    return made


async def test_a_key_that_is_revoked_opens_nothing_a_second_later(team: Team) -> None:
    """However slow the machine is: what is remembered for longer is compared before it lets anybody in."""

    async def revoke() -> None:
        await team.manage(0, "DELETE", f"/keys/{team.key_id}")

    last = await seen(team, revoke, lambda answer: answer.status == 401, OWN)

    assert max(last) < 1


async def test_switched_credentials_are_used_by_both(team: Team) -> None:
    """A key that was given up is asked by nobody any more."""

    async def switch() -> None:
        body = {"provider": "openai", "credential": team.credentials[1]}
        await team.manage(0, "POST", "/credentials/switch", body)

    await seen(team, switch, lambda answer: said(answer) == f"{OWN} two", OWN)


async def test_a_new_budget_holds_at_both(team: Team) -> None:
    """Also in processes that had nothing to count before."""

    async def limit() -> None:
        await team.manage(0, "POST", "/budgets", {"amount": "0.000001"})

    await seen(team, limit, lambda answer: answer.status == 429, OWN)


async def test_a_new_rate_holds_at_both_a_second_later(team: Team) -> None:
    """As keys do: a call that finds the last look too long ago looks itself."""

    async def limit() -> None:
        await team.manage(0, "PUT", "/rates", {"scope": "workspace", "tokens": 1})

    last = await seen(team, limit, lambda answer: answer.status == 429, OWN)

    assert max(last) < 1


async def test_a_changed_route_is_taken_by_both(replicas: Replicas, team: Team) -> None:
    """As somebody changes it on the command line, on a machine that serves nothing."""
    with replicas.now as database:
        create_route(database, Catalog(), team.workspace, ROUTE, [step_of(OWN)], actor="cli")

    async def change() -> None:
        with replicas.now as database:
            edit_route(database, Catalog(), team.workspace, ROUTE, steps=[step_of(OTHER)], actor="cli")

    await seen(team, change, lambda answer: said(answer) == f"{OTHER} one", ROUTE)


async def test_a_key_that_one_was_refused_with_is_left_alone_by_the_other(
    replicas: Replicas, team: Team
) -> None:
    """For as long as the provider said; without Redis the servers of two machines find out by themselves."""
    target = Target(team.workspace, Catalog().provider("openai").provider)
    unused, *both = [await team.add_credentials(replicas.upstreams[0]), *team.credentials]
    await team.manage(0, "POST", "/credentials/switch", {"provider": "openai", "credential": unused})
    await team.manage(0, "DELETE", f"/credentials/{unused}")
    await team.until(lambda answer: answer.status != 200, OWN)
    with replicas.now as database:
        entries = [BalanceEntryRow(each, "", 1) for each in both]
        set_balance(database, target, entries, strategy=Strategy.ROUND_ROBIN, actor="cli")
    await team.until(lambda answer: answer.status == 200, OWN)  # now each process knows of the balance
    replicas.upstreams[0].will_fail(faults.rate_limited(300))
    answers = [await team.ask(0, OWN) for _ in range(ROUND)]

    assert {answer.status for answer in answers} == {200}
    assert sum("modelbay-tried" in answer.headers for answer in answers) == 1
    if replicas.store == "postgresql":
        assert {words(answer) for answer in await team.ask_often([0, 2 * ROUND], OWN)} == {"one", "two"}
    else:
        await team.until(lambda answer: words(answer) == "two", OWN)
