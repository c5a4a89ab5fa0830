"""Takes, slots, announcements and claims, as two processes see them in each place."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from tests.platform.shared.conftest import Place

from modelbay.platform.shared import Ask, Kind, Refused, Shared, Ticket
from modelbay.platform.shared.port import LEASE
from modelbay.platform.shared.stores import News

FEW = Ask("few", Kind.REQUESTS, 2)
TOKENS = Ask("tokens", Kind.TOKENS, 1000, 600)
SLOTS = Ask("slots", Kind.PARALLEL, 1)


async def taken(shared: Shared, *asks: Ask) -> Ticket:
    """Take what must be allowed."""
    ticket = await shared.take(asks)
    assert isinstance(ticket, Ticket)
    return ticket


async def refused(shared: Shared, *asks: Ask) -> Refused:
    """Take what must be refused."""
    answer = await shared.take(asks)
    assert isinstance(answer, Refused)
    return answer


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what another process has to learn."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - nobody tells when another process has looked
            await asyncio.sleep(0.005)


async def test_all_limits_are_taken_or_none(place: Place) -> None:
    """A call that one limit refuses must not use up another."""
    shared = place.process()
    await taken(shared, TOKENS)
    for _ in range(5):
        answer = await refused(shared, FEW, SLOTS, TOKENS)
        assert answer.ask == TOKENS

    await taken(shared, FEW, SLOTS)
    await taken(shared, FEW)


async def test_the_limit_that_holds_for_longest_is_named(place: Place) -> None:
    """Whoever waits for another would be refused again."""
    shared = place.process()
    await taken(shared, SLOTS, TOKENS)

    assert (await refused(shared, SLOTS)) == Refused(SLOTS, 1.0)
    longer = await refused(shared, SLOTS, TOKENS)
    never = await refused(shared, SLOTS, TOKENS, FEW._replace(amount=3))
    assert longer.ask == TOKENS
    assert longer.retry_after is not None
    assert 1.0 < longer.retry_after <= 61.0
    assert never == Refused(FEW._replace(amount=3), None)


async def test_what_one_process_takes_another_lacks(place: Place) -> None:
    """And has again when it is settled: slots, and what was reserved in vain."""
    one, other = place.process(), place.process()
    ticket = await taken(one, SLOTS, TOKENS)
    assert (await refused(other, SLOTS)).ask == SLOTS
    assert (await refused(other, TOKENS)).ask == TOKENS

    one.settle(ticket, 400)
    await one.flush()

    await taken(other, SLOTS, TOKENS)


async def test_a_ticket_is_settled_once(place: Place) -> None:
    """Whoever says it twice must not give back what others hold."""
    shared = place.process()
    first = await taken(shared, TOKENS)
    shared.settle(first, 100)
    await shared.flush()
    await taken(shared, TOKENS._replace(amount=900))
    shared.settle(first, 0)
    first.settle(0)
    await shared.flush()

    assert (await refused(shared, TOKENS._replace(amount=1))).ask.name == "tokens"


async def test_slots_are_held_for_as_long_as_a_call_runs(place: Place) -> None:
    """An hour's stream is one call under way; its process renews the lease beside it."""
    one, other = place.process(renewal=0.0), place.process()
    ticket = await taken(one, SLOTS)
    for _ in range(5):
        place.ahead += LEASE - 1
        await one.flush()
        await refused(other, SLOTS)

    ticket.settle()
    await one.flush()
    place.ahead += 1
    await one.flush()
    await taken(other, SLOTS)


async def test_a_call_that_is_given_up_holds_nothing(place: Place) -> None:
    """The client went away while its call was asking."""
    shared = place.process()
    for _ in range(20):
        asking = asyncio.create_task(shared.take([SLOTS, TOKENS]))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    await until(lambda: not shared._waiting)
    await shared.close()

    await taken(place.process(), SLOTS, TOKENS._replace(amount=1000))


async def test_an_announcement_reaches_every_process(place: Place) -> None:
    """Without any of them asking for it at a call."""
    one, other = place.process(), place.process()
    assert other.cooling() == {}
    one.cool("acme/key-1", 30)
    assert "acme/key-1" in one.cooling()
    await until(lambda: "acme/key-1" in other.cooling())

    assert 25 < other.cooling()["acme/key-1"] - time.monotonic() <= 30.5


async def test_the_longest_announcement_counts_until_it_is_lifted(place: Place) -> None:
    """A provider's own Retry-After is not cut short by a guess of another process."""
    one, other = place.process(), place.process()
    one.cool("acme", 60)
    await one.flush()
    other.cool("acme", 5)
    await other.flush()
    await until(lambda: other.cooling().get("acme", 0.0) - time.monotonic() > 50)
    assert one.cooling()["acme"] - time.monotonic() > 50

    other.cool("acme", 0)
    assert "acme" not in other.cooling()
    await until(lambda: "acme" not in one.cooling())


async def test_of_too_many_announcements_the_longest_stay(place: Place) -> None:
    """A fleet of broken upstreams must not fill anybody's memory."""
    store = place.store()
    for start in range(0, 12_000, 1000):
        await store.exchange(News(cooled=[(str(n), 60 + n) for n in range(start, start + 1000)]))
    await store.close()
    again = place.store()
    known = await again.exchange(News())
    await again.close()

    assert known is not None
    assert sorted(map(int, known)) == [*range(2_000, 12_000)]


async def test_one_process_gets_the_right_to_probe(place: Place) -> None:
    """Of all that see the end of a cool-down at once; the next after it has had its time."""
    processes = [place.process() for _ in range(4)]
    claims = [each.claim("acme", 30) for each in processes for _ in range(5)]
    assert sum(await asyncio.gather(*claims)) == 1
    assert await processes[0].claim("other", 0.001)
    assert not await processes[0].claim("acme", 30)
    async with asyncio.timeout(30):
        while not await processes[1].claim("other", 30):
            pass


async def test_a_part_of_what_was_taken_is_given_back(place: Place) -> None:
    """A call that goes on with another model leaves the first, and is still its caller's."""
    shared = place.process()
    first = Ask("model", Kind.PARALLEL, 1)
    ticket = await taken(shared, SLOTS, TOKENS, first)
    ticket.settle(0, asks=[first])
    await shared.flush()

    await taken(shared, first)
    assert (await refused(shared, SLOTS)).ask == SLOTS
    assert (await refused(shared, TOKENS)).ask == TOKENS
    ticket.settle(400)
    ticket.settle(0)
    await shared.flush()
    await taken(shared, SLOTS, TOKENS)
