"""Routes of a workspace over a real gateway: their order, when they go on, and who may use them."""

from __future__ import annotations

import asyncio
import json
import os

import pytest
from tests.cli.commands import modelbay
from tests.gateway.conftest import EVERYWHERE, Serve
from tests.gateway.sharing import CHAT, MODEL, pool

from modelbay.platform.keys import create_key
from modelbay.platform.routes import delete_route
from modelbay.sdk.testing import faults
from modelbay.store.credentials import changing
from modelbay.store.database import VARIABLE
from modelbay.store.models import ModelPlace, put_default

pytestmark = EVERYWHERE
CLAUDE = "anthropic/claude-sonnet-4-5"
LANES = pytest.mark.parametrize("lanes", [True, False], ids=["passed-on", "translated"])
STREAMED = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
BOTH = ("openai", "anthropic")


@LANES
@STREAMED
async def test_a_route_goes_on_over_keys_and_then_over_models(
    serve: Serve, lanes: bool, stream: bool
) -> None:
    """First what else the same model has, then the next model; passed on or translated as each allows."""
    async with pool(serve, lanes=lanes, families=BOTH) as keys:
        await keys.balance(1, 1)
        await keys.route("best", MODEL, CLAUDE)
        for upstream in keys.upstreams:
            upstream.will_fail(faults.status(503), times=None)

        answer = await keys.ask(model="best", stream=stream)

        assert (answer.status, answer.headers["modelbay-model"]) == (200, CLAUDE)
        assert b"Hi" in answer.body
        assert answer.headers["modelbay-attempts"] == "3"
        record = await keys.record()
        assert (record["route"], record["asked_model"], record["attempts"]) == ("best", "best", 3)
        assert [each["error"] for each in record["tried"]] == ["unavailable", "unavailable", ""]
        assert record["tried"][2]["why"] == "no. 2 of the route's order"


@pytest.mark.one_process("its clock is the test's")
async def test_a_model_that_has_failed_is_passed_over_for_a_while(serve: Serve) -> None:
    """Every call would otherwise wait for the same outage before it goes on."""
    async with pool(serve, 1, families=BOTH) as keys:
        await keys.route("best", MODEL, CLAUDE)
        keys.upstreams[0].will_fail(faults.status(503))

        first, second = await keys.ask(model="best"), await keys.ask(model="best")
        keys.clock.now += 5
        third = await keys.ask(model="best")

        models = [answer.headers["modelbay-model"] for answer in (first, second, third)]
        assert models == [CLAUDE, CLAUDE, MODEL]
        assert keys.asked == [2]


@pytest.mark.one_process("its clock is the test's")
@LANES
async def test_a_step_goes_on_only_after_the_errors_it_names(serve: Serve, lanes: bool) -> None:
    """Who pays for the second model may want it for outages, and not for rate limits."""
    async with pool(serve, 1, lanes=lanes, families=BOTH) as keys:
        await keys.route("strict", f"{MODEL},on=unavailable", CLAUDE)
        await keys.route("longer", f"{MODEL},on=bad-request", CLAUDE)
        keys.upstreams[0].will_fail(faults.rate_limited(3))
        limited = await keys.ask(model="strict")
        keys.clock.now += 60
        keys.upstreams[0].will_fail(faults.status(400, "the prompt is too long"))
        longer = await keys.ask(model="longer")

        assert (limited.status, limited.headers["retry-after"]) == (429, "3")
        assert (longer.status, longer.headers["modelbay-model"]) == (200, CLAUDE)


@LANES
@STREAMED
async def test_an_attempt_has_a_time_of_its_own(serve: Serve, lanes: bool, stream: bool) -> None:
    """A model that hangs is left for the next one long before the call's own deadline."""
    async with pool(serve, 1, lanes=lanes, families=BOTH) as keys:
        await keys.route("quick", f"{MODEL},timeout=0.05", CLAUDE)
        keys.upstreams[0].will_fail(faults.stall())

        answer = await keys.ask(model="quick", stream=stream)

        assert (answer.status, answer.headers["modelbay-model"]) == (200, CLAUDE)
        assert (await keys.record())["tried"][0]["error"] == "connection"


@LANES
async def test_the_calls_own_deadline_ends_all_attempts(serve: Serve, lanes: bool) -> None:
    """One deadline for the whole, and the provider is not blamed for a client in a hurry."""
    async with pool(serve, 1, lanes=lanes, families=BOTH) as keys:
        await keys.route("best", MODEL, CLAUDE)
        keys.upstreams[0].will_fail(faults.stall(), times=None)

        late = await keys.served.post(
            CHAT,
            {"model": "best", "messages": [{"role": "user", "content": "Hi"}]},
            modelbay_timeout="0.1",
        )
        keys.upstreams[0].forget_script()
        after = await keys.ask(model="best")

        assert late.status == 502
        assert (after.status, after.headers["modelbay-model"]) == (200, MODEL)


async def test_the_cheapest_model_is_first(serve: Serve) -> None:
    """By the prices in force, whatever the order in which they were written down."""
    async with pool(serve, 1) as keys:
        await keys.route("cheap", "openai/gpt-4o", MODEL, strategy="cheapest")

        answer = await keys.ask(model="cheap")
        keys.upstreams[0].will_fail(faults.status(503))
        dearer = await keys.ask(model="cheap")

        assert answer.headers["modelbay-model"] == MODEL
        assert dearer.headers["modelbay-model"] == "openai/gpt-4o"
        why = (await keys.record())["tried"][0]["why"]
        assert why.startswith("cheapest: ")


async def test_a_weighted_route_gives_each_model_its_share(serve: Serve) -> None:
    """As a new model is given a tenth of the calls before it is given all."""
    async with pool(serve, 1) as keys:
        await keys.route("trial", f"{MODEL},weight=3", "openai/gpt-4o,weight=1", strategy="weighted")

        answers = [await keys.ask(model="trial") for _ in range(8)]

        models = [answer.headers["modelbay-model"] for answer in answers]
        assert (models.count(MODEL), models.count("openai/gpt-4o")) == (6, 2)


@pytest.mark.one_process("a process reads figures for itself, beside its calls")
async def test_the_fastest_model_of_the_last_hour_is_first(serve: Serve) -> None:
    """What the ledger says is read beside the calls; until then the order is the written one."""
    async with pool(serve, 1) as keys:
        await keys.route("quick", "openai/gpt-4o", MODEL, strategy="fastest")
        await keys.ask()
        await keys.served.records()  # moves the call into the table
        unknown = await keys.ask(model="quick")
        await keys.served.reckon()
        explored, known = await keys.ask(model="quick"), await keys.ask(model="quick")

        assert unknown.headers["modelbay-model"] == "openai/gpt-4o"
        assert known.headers["modelbay-model"] == MODEL
        assert explored.status == 200
        assert "the median of" in (await keys.record())["tried"][0]["why"]


async def test_a_route_is_for_one_type_and_for_keys_that_open_it(serve: Serve) -> None:
    """Its name is a model's name to a key: `--models best` opens the route and what is behind it."""
    async with pool(serve, 1, families=BOTH) as keys:
        await keys.route("best", MODEL, CLAUDE)
        with keys.served.database() as database:
            opens_route = create_key(database, name="a", models=["best"]).secret
            opens_one = create_key(database, name="b", models=["anthropic/*"]).secret
            opens_none = create_key(database, name="c", models=["ollama/*"]).secret
        body = {"model": "best", "messages": [{"role": "user", "content": "Hi"}]}

        answers = [
            await keys.served.call("POST", CHAT, body, key=key)
            for key in (opens_route, opens_one, opens_none)
        ]
        vectors = await keys.served.post("/v1/embeddings", {"model": "best", "input": "Hi"})
        listed = await keys.served.call("GET", "/v1/models", key=opens_route)

        assert [answer.status for answer in answers] == [200, 200, 404]
        assert [answer.headers.get("modelbay-model") for answer in answers[:2]] == [MODEL, CLAUDE]
        assert vectors.status == 404
        assert "models of type llm" in vectors.json["error"]["message"]
        assert "best" in {model["id"] for model in listed.json["data"]}


async def test_a_workspaces_route_comes_before_the_installations_and_goes_at_once(serve: Serve) -> None:
    """gateway.yaml names for all; a workspace may mean something else by a name."""
    async with pool(serve, 1, families=BOTH, routes={"best": [CLAUDE]}) as keys:
        before = await keys.ask(model="best")
        await keys.route("best", MODEL)
        own = await keys.ask(model="best")
        with keys.served.database() as database:
            delete_route(database, "default", "best", actor="cli")
        await keys.served.look()
        after = await keys.ask(model="best")

        models = [answer.headers["modelbay-model"] for answer in (before, own, after)]
        assert models == [CLAUDE, MODEL, CLAUDE]


async def test_a_workspaces_default_comes_before_the_installations(serve: Serve) -> None:
    """Who has chosen a default in a workspace is not served another model by that name."""
    async with pool(serve, 1, families=BOTH, defaults={"llm": CLAUDE}) as keys:
        before = await keys.ask(model="default")
        with keys.served.database() as database, changing(database, "default"):
            put_default(database, ModelPlace("default", "openai", "gpt-4.1-mini", "llm"), 1.0)
        await keys.served.look()
        after = await keys.ask(model="default")

        models = [answer.headers["modelbay-model"] for answer in (before, after)]
        assert models == [CLAUDE, MODEL]


async def test_a_call_is_explained_by_its_request_id(serve: Serve) -> None:
    """Why this model and this key: in words for people, and as JSON for programs."""
    async with pool(serve, families=BOTH) as keys:
        await keys.balance(1, 1)
        await keys.route("best", MODEL, CLAUDE)
        keys.upstreams[0].will_fail(faults.rate_limited(30))
        answer = await keys.ask(model="best")
        await keys.served.tell()
        again = await keys.ask(model="best")
        await keys.served.records()  # moves the calls into the table
        database = {name: os.environ[name] for name in (VARIABLE,) if name in os.environ}

        def explained(*options: str) -> str:
            done = modelbay("explain", *options, "--data-dir", str(keys.folder), stdin=b"", **database)
            assert (done.code, done.err) == (0, "")
            return done.out

        told = await asyncio.to_thread(explained, answer.headers["x-request-id"])
        rested = await asyncio.to_thread(explained, again.headers["x-request-id"])
        facts = json.loads(await asyncio.to_thread(explained, answer.headers["x-request-id"], "--json"))

        assert "'best' is a route." in told
        assert f"{MODEL} with credentials 'key 0' ({keys.ids[0]}) (no. 1 of the route's order; " in told
        assert ": rate-limit, HTTP 429." in told
        assert f"{MODEL} with credentials 'key 1' ({keys.ids[1]})" in told
        assert "USD" in told
        assert (
            f"credentials 'key 0' ({keys.ids[0]}) was passed over: it cooled down after rate-limit" in rested
        )
        assert "(no. 1 of the route's order; the key's turn, by weight 1 of 2) answered after" in rested
        assert [each["error"] for each in facts["tried"]] == ["rate-limit", ""]
        assert facts["route"] == "best"
