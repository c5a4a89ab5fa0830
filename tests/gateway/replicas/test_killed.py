"""`kill -9` of one of two servers under load: the books balance, and nothing of a limit is lost."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import AsyncExitStack
from decimal import Decimal

import pytest
from tests.gateway.client import Answer
from tests.gateway.replicas.fleet import LIMIT, STORES, Books, Team, ids, kill, on, serving

from modelbay.sdk.testing import faults
from modelbay.wires.http1.errors import WireError

OPEN = 12
CLIENTS = 16
BEFORE = 80  # answers before the kill: less than the limit leaves when the open streams hold theirs


class Storm:
    """Clients that ask both servers by turns, and go on where one of them is no more."""

    def __init__(self, team: Team) -> None:
        self.answers: list[Answer] = []
        self._team = team
        self._over = False
        self._changed = asyncio.Condition()
        self._tasks = [asyncio.create_task(self._ask(number)) for number in range(CLIENTS)]

    async def answered(self, number: int) -> None:
        """Wait for so many answers."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.answers) >= number)

    async def stop(self) -> None:
        """Have every client finish with what it has asked already."""
        self._over = True
        await asyncio.gather(*self._tasks)

    async def _ask(self, number: int) -> None:
        for server in itertools.cycle((number % 2, 1 - number % 2)):
            if self._over:
                return
            try:
                answer = await self._team.ask(server, stream=bool(number % 3))
            except (OSError, WireError):  # nobody is there, or no more
                await asyncio.sleep(0.01)
                continue
            if answer.complete:
                async with self._changed:
                    self.answers.append(answer)
                    self._changed.notify_all()


async def hang(team: Team) -> list[asyncio.Task[Answer]]:
    """Begin streams at the second server that stop in the middle; return once all of them are under way."""
    upstream = team.replicas.upstreams[0]
    upstream.will_fail(faults.stall(150, counting="body"), times=OPEN)
    asked = len(upstream.requests)
    streams = [asyncio.create_task(team.ask(1, stream=True)) for _ in range(OPEN)]
    await upstream.received(asked + OPEN)
    return streams


async def rest_of(team: Team, servers: int) -> list[Answer]:
    """Ask so many servers until they refuse and nothing is held any more; return all answers."""
    answers: list[Answer] = []
    async with asyncio.timeout(120):
        while True:
            found = await team.ask_often([10] * servers, at_once=10)
            answers += found
            books = await asyncio.to_thread(team.books)
            assert books.ledger == books.used <= LIMIT
            if not books.holds and not ids(found):
                return answers
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("store", STORES)
async def test_a_server_that_is_killed_takes_nothing_of_a_limit_with_it(
    store: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> None:
    """What it wrote down is spent, what it held is free: at once, or when it is started again."""
    async with AsyncExitStack() as stack:
        replicas = stack.enter_context(on(store, tmp_path_factory.mktemp("killed"), request))
        await stack.enter_async_context(serving(replicas))
        team = await replicas.team()
        streams, storm = await hang(team), Storm(team)
        await storm.answered(BEFORE)
        await kill(replicas.servers[1])
        await storm.answered(len(storm.answers) + 10)
        await storm.stop()
        cut = await asyncio.gather(*streams, return_exceptions=True)
        assert not any(isinstance(each, Answer) and each.complete for each in cut)
        if store != "sqlite":  # what it wrote is in a directory that nobody else sees
            replicas.servers[1] = await stack.enter_async_context(replicas.started(1))
        rest = await rest_of(team, 1 if store == "sqlite" else 2)

        answered = ids([*storm.answers, *rest])
        assert {each.status for each in (*storm.answers, *rest)} <= {200, 429}
        assert await team.settled(answered) == Books(Decimal(LIMIT), Decimal(LIMIT), 0)
        # What a killed server had written down and not yet answered is spent too, and no client has got it.
        assert LIMIT - CLIENTS <= len(answered) <= LIMIT
