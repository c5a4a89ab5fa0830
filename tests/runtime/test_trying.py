"""The attempts of one call: which come after which error, and what is remembered for the calls after it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from modelbay.entities import Credentials, ModelType
from modelbay.errors import (
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeConnectionError,
    InvokeError,
    InvokeRateLimitError,
)
from modelbay.runtime.accounts import LimitReachedError, RateReachedError
from modelbay.runtime.balancing import Candidate, Candidates, Strategy
from modelbay.runtime.cooling import Alone, Cooling, ErrorClass
from modelbay.runtime.names import ModelName
from modelbay.runtime.ports import Using
from modelbay.runtime.routing import Planned, Step
from modelbay.runtime.trying import Attempt, Balancer, Trying
from modelbay.wires.allowance import OURS

LLM = ModelType.LLM
ONE, TWO = ModelName("acme", "one"), ModelName("acme", "two")


class Clock:
    """A clock that stands still until it is told."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Others(Alone):
    """Processes that answer a claim when `hold` is over."""

    hold: asyncio.Event | None = None

    async def claim(self, name: str, seconds: float) -> bool:
        if self.hold is not None:
            await self.hold.wait()
        return True


class World:
    """Models with credentials, and what one process remembers of them."""

    strategy = Strategy.ROUND_ROBIN

    def __init__(self, **keys: list[Candidate] | InvokeError) -> None:
        self.keys = keys
        self.clock = Clock()
        self.others = Others()
        self.balancer = Balancer(Cooling(self.others, clock=self.clock, chance=lambda: 0.0))

    def candidates(self, name: ModelName, model_type: ModelType) -> Candidates:
        found = self.keys[name.model]
        if isinstance(found, InvokeError):
            raise found
        return Candidates(found, self.strategy)

    def call(self, *models: ModelName, **step: Any) -> Trying:
        """Begin a call of these models."""
        planned = [Planned(name, Step(str(name), **step)) for name in models]
        return Trying("default", planned, LLM, self.candidates, self.balancer, clock=self.clock)


def key(name: str, *, shared: bool = True, hosted: str = "") -> Candidate:
    return Candidate(Using(Credentials({"key": name}), name, name, hosted), 1, shared)


async def used(call: Trying) -> str:
    """Return what is tried next: model and key."""
    attempt = await call.next()
    return shown(attempt)


def shown(attempt: Attempt | None) -> str:
    return "nothing" if attempt is None else f"{attempt.name.model} {attempt.using.id}".strip()


async def test_a_limit_of_ours_says_nothing_about_a_key() -> None:
    """A budget holds for all keys of a model alike: the next model may be cheaper, and no key rests."""
    world = World(one=[key("a"), key("b")], two=[key("c", shared=False)])
    call = world.call(ONE, TWO)

    assert await used(call) == "one a"
    call.failed(LimitReachedError(), blame=False)
    assert await used(call) == "two c"
    call.began()
    call.close()

    after = world.call(ONE, TWO)
    assert await used(after) == "one b"
    after.failed(InvokeConnectionError())
    assert await used(after) == "one a"


async def test_a_rate_of_the_model_leaves_the_model_and_one_of_the_caller_ends_the_call() -> None:
    """All keys of a model are under the same rate, and all models under the caller's; no key rests."""
    world = World(one=[key("a"), key("b"), key("own", shared=False)], two=[key("c"), key("d")])
    call = world.call(ONE, TWO)

    assert await used(call) == "one a"
    call.failed(RateReachedError(of_model=True, retry_after=30), blame=False)
    assert await used(call) == "two c"
    refused = RateReachedError(of_model=False, retry_after=20)
    call.failed(refused, blame=False)
    assert await used(call) == "nothing"
    assert call.error is refused
    assert refused.retry_after == 20
    assert [world.balancer.cooling.left(f"default/{each}/llm/acme/one") for each in "ab"] == [None, None]


async def test_a_rate_of_the_model_is_no_reason_to_go_on_where_a_route_says_so() -> None:
    """A route may go on after other errors only."""
    world = World(one=[key("a"), key("b")], two=[key("c")])
    call = world.call(ONE, TWO, goes_on=frozenset({ErrorClass.CONNECTION}))
    await call.next()
    call.failed(RateReachedError(of_model=True), blame=False)

    assert await used(call) == "nothing"


async def test_what_the_network_settings_refuse_is_not_asked_again_for_each_key() -> None:
    """They hold for the workspace's own keys alike; what is lent goes another way."""
    world = World(
        one=[key("a"), key("b"), key("lent", shared=False, hosted="trial")],
        two=[key("c"), key("d", shared=False)],
    )
    call = world.call(ONE, TWO)

    assert await used(call) == "one a"
    call.failed(InvokeRateLimitError(code=OURS, retry_after=9))
    assert await used(call) == "one lent"
    call.failed(InvokeConnectionError())
    assert await used(call) == "two c"
    refused = InvokeRateLimitError(code=OURS, retry_after=8)
    call.failed(refused)
    assert await used(call) == "nothing"
    assert call.error is refused


async def test_what_is_lent_comes_before_those_that_share_or_behind() -> None:
    """As the workspace prefers; it takes no turns."""
    world = World(one=[key("lent", shared=False, hosted="trial"), key("a"), key("b")])

    for _ in range(2):
        call = world.call(ONE)
        assert await used(call) == "one lent"
        call.failed(LimitReachedError(), blame=False)
        first = await used(call)
        call.failed(InvokeRateLimitError(retry_after=0.5))
        assert {first, await used(call)} == {"one a", "one b"}
        call.close()
        world.clock.now += 60


@pytest.mark.parametrize(
    "error",
    [
        InvokeAuthorizationError("there are no credentials"),
        InvokeBadRequestError("the model is switched off", code="disabled"),
    ],
)
async def test_a_route_goes_on_where_a_model_cannot_be_called(error: InvokeError) -> None:
    """A model that is switched off, or has no key, must not switch off the route."""
    world = World(one=error, two=[key("c", shared=False)])
    call = world.call(ONE, TWO)

    refused = await call.next()
    assert refused is not None
    assert refused.refusal is error
    call.failed(error, blame=False)

    assert await used(call) == "two c"
    assert world.balancer.cooling.left("default//llm/acme/one") is None


async def test_a_call_without_a_choice_is_never_held_back() -> None:
    """Its key rests for nobody: there would be nothing else to try."""
    world = World(one=[key("a", shared=False)])
    for _ in range(3):
        call = world.call(ONE)
        assert await used(call) == "one a"
        call.failed(InvokeRateLimitError(retry_after=60))
        assert await used(call) == "nothing"
        call.close()
        assert call.notes == []


async def test_a_client_whose_time_is_up_blames_nobody() -> None:
    """The upstream had no chance: its key does not rest, and nothing else is tried."""
    world = World(one=[key("a"), key("b")])
    call = world.call(ONE)
    assert await used(call) == "one a"
    call.failed(InvokeConnectionError(), late=True)
    assert await used(call) == "nothing"
    call.close()

    assert [await used(world.call(ONE)) for _ in range(2)] == ["one b", "one a"]


async def test_a_call_that_ends_in_between_gives_its_probe_back() -> None:
    """Somebody has to find out whether the key is well again."""
    world = World(one=[key("a"), key("b")])
    first = world.call(ONE)
    await first.next()
    first.failed(InvokeConnectionError())
    world.clock.now += 10
    probing = world.call(ONE)
    assert await used(probing) == "one b"
    probing.failed(InvokeConnectionError())
    assert await used(probing) == "one a"
    assert not world.balancer.cooling.may_try("default/a/llm/acme/one")

    probing.close()

    assert world.balancer.cooling.may_try("default/a/llm/acme/one")


async def test_a_call_that_answers_does_not_give_back_the_probe_of_a_later_one() -> None:
    """It may go on for minutes: by its end the key may have failed again, and somebody else finds out."""
    world = World(one=[key("a"), key("b")])
    first = world.call(ONE)
    await first.next()
    first.failed(InvokeConnectionError())
    world.clock.now += 10
    probing, later = await probes(world), world.call(ONE)
    probing.began()
    await fails(later, "a")
    world.clock.now += 10
    await probes(world)

    probing.close()

    assert not world.balancer.cooling.may_try("default/a/llm/acme/one")


async def probes(world: World) -> Trying:
    """Return a call that probes key a."""
    while True:
        call = world.call(ONE)
        attempt = await call.next()
        assert attempt is not None
        if attempt.probe:
            assert attempt.using.id == "a"
            return call


async def fails(call: Trying, name: str) -> None:
    """Have a key fail in a call that tries until it comes to it."""
    while (attempt := await call.next()) is not None and attempt.using.id != name:
        call.failed(InvokeAuthorizationError(), blame=False)
    call.failed(InvokeConnectionError())


async def test_a_probe_that_ends_without_a_verdict_is_given_back() -> None:
    """An error of a class that rests no key says nothing about it, also where it may be retried."""
    world = World(one=[key("a"), key("b")])
    first = world.call(ONE)
    await first.next()
    first.failed(InvokeConnectionError())
    world.clock.now += 10
    probing = await probes(world)
    probing.failed(InvokeBadRequestError("a token has expired", retryable=True))

    assert world.balancer.cooling.may_try("default/a/llm/acme/one")


@pytest.mark.parametrize("strategy", list(Strategy))
async def test_keys_that_share_take_turns_without_those_that_rest_whoever_stands_behind(
    strategy: Strategy,
) -> None:
    """What is lent, behind them, takes no turn for a key that rests."""
    world = World(one=[key("a"), key("b"), key("lent", shared=False, hosted="trial")])
    world.strategy = strategy
    tried = []
    for _ in range(3):
        call = world.call(ONE)
        tried.append(await used(call))
        call.failed(InvokeRateLimitError(retry_after=600))
        tried.append(await used(call))
        call.began()
        call.close()

    assert tried == ["one a", "one b", "one b", "one lent", "one lent", "nothing"]


async def test_a_key_that_is_taken_out_while_it_is_claimed_is_used_all_the_same() -> None:
    """Other calls know of the change already; this one goes on as it began."""
    world = World(one=[key("a"), key("b")])
    first = world.call(ONE)
    await first.next()
    first.failed(InvokeConnectionError())
    world.clock.now += 10
    others = world.others
    others.hold = asyncio.Event()
    calls = [asyncio.ensure_future(world.call(ONE).next()) for _ in range(2)]
    await asyncio.sleep(0)
    world.keys["one"] = [key("b"), key("c")]
    changed = world.call(ONE)
    await changed.next()
    others.hold.set()

    tried = [attempt.using.id for call in calls if (attempt := await call) is not None]
    assert sorted(tried) == ["a", "b"]


async def test_who_shares_and_is_passed_over_is_noted_once() -> None:
    """A key that rests is one key, however often it is looked at."""
    world = World(one=[key("a"), key("b")], two=[key("c", shared=False)])
    first = world.call(ONE, TWO)
    for error in (InvokeRateLimitError(retry_after=5), InvokeRateLimitError(retry_after=9)):
        await first.next()
        first.failed(error)
    assert await used(first) == "two c"
    first.close()

    call = world.call(ONE, TWO)
    assert await used(call) == "two c"
    call.failed(InvokeConnectionError("down"))
    assert await used(call) == "nothing"

    assert [(note["credential"], note.get("left")) for note in call.notes] == [
        ("a", 5.0),
        ("b", 9.0),
        ("c", None),
    ]
    assert call.error is not None
    assert call.error.retry_after == 5


async def test_keys_that_rest_while_another_takes_their_turn_are_noted() -> None:
    """Who asks why a key was used wants to know why not the other one."""
    world = World(one=[key("a"), key("b"), key("c", shared=False)])
    failing = world.call(ONE, TWO)
    await failing.next()
    failing.failed(InvokeRateLimitError(retry_after=5))
    failing.close()

    call = world.call(ONE, TWO)
    assert await used(call) == "one b"
    call.failed(InvokeConnectionError("down"))
    assert await used(call) == "one c"
    call.began()

    assert [(note["credential"], note.get("passed"), note.get("error")) for note in call.notes] == [
        ("a", "rate-limit", None),
        ("b", None, "connection"),
        ("c", None, ""),
    ]


async def test_a_key_that_rests_is_not_noted_where_it_would_not_have_been_chosen() -> None:
    """The one that is there for bad days says nothing of a good one."""
    world = World(one=[key("own", shared=False), key("spare", shared=False)])
    world.balancer.cooling.failed(f"default/spare/llm/{ONE}", ErrorClass.CONNECTION)

    call = world.call(ONE, TWO)
    assert await used(call) == "one own"
    call.began()

    assert [note["credential"] for note in call.notes] == ["own"]


async def test_every_attempt_is_noted_however_many_keys_rest() -> None:
    """A row of the ledger has room for some of those that rest; of the others it says how many."""
    world = World(one=[key(f"k{number}") for number in range(20)], two=[key("last", shared=False)])
    for number in range(20):
        world.balancer.cooling.failed(f"default/k{number}/llm/{ONE}", ErrorClass.RATE_LIMIT)

    call = world.call(ONE, TWO)
    assert await used(call) == "two last"
    call.began()

    assert [(note["credential"], note.get("more")) for note in call.notes] == [
        ("k0", None),
        ("k1", None),
        ("k2", None),
        ("k3", 16),
        ("last", None),
    ]
