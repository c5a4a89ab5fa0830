"""Nothing is dropped in silence: what cannot be told is refused by name, or dropped and listed if allowed."""

from __future__ import annotations

from typing import Any

import pytest
from tests.gateway.behind import BEHIND, start
from tests.gateway.conftest import Serve
from tests.gateway.speakers import CHAT, EVERY, SPEAKERS

OTHERS = {
    "chat": ["anthropic", "cohere", "ollama", "openai responses"],
    "messages": ["openai", "cohere", "openai responses"],
    "responses": ["openai", "anthropic", "cohere"],
    "completions": ["openai", "anthropic", "cohere"],
}
PAIRS = pytest.mark.parametrize(
    ("client", "behind"), [(client, each) for client, behinds in OTHERS.items() for each in behinds]
)


@pytest.mark.parametrize(
    ("client", "behind"),
    [
        ("chat", "compatible"),
        ("chat", "openai"),
        ("messages", "anthropic"),
        ("responses", "openai responses"),
    ],
)
@pytest.mark.parametrize("lanes", [True, False], ids=["fast", "translated"])
async def test_the_same_dialect_takes_any_field(serve: Serve, lanes: bool, client: str, behind: str) -> None:
    """What we do not know the upstream may: it is for it to judge."""
    family, settings, model = BEHIND[behind]
    served = await serve(family, lanes=lanes, **settings)
    upstream = served.upstreams[family]
    upstream.extensions |= {"x_new"}
    speaker = EVERY[client]

    answer = await served.post(speaker.path, speaker.ask(model, "Hi") | {"x_new": {"deep": [1]}})

    assert answer.status == 200, answer.body
    assert upstream.requests[-1].body["x_new"] == {"deep": [1]}
    assert "modelbay-dropped" not in answer.headers


@PAIRS
async def test_another_dialect_refuses_it_by_name(serve: Serve, client: str, behind: str) -> None:
    """The error names the field and what may be done; nothing is sent."""
    served, upstream, model = await start(serve, behind)
    speaker = EVERY[client]

    answer = await served.post(speaker.path, speaker.ask(model, "Hi") | {"x_new": 1})

    assert answer.status == 400
    message = answer.json["error"]["message"]
    assert message.startswith("x_new: ")
    assert "modelbay-drop: params" in message
    assert not upstream.requests


@PAIRS
async def test_it_is_dropped_and_listed_if_allowed(serve: Serve, client: str, behind: str) -> None:
    """A client that says so gets its answer, and is told what was left out."""
    served, upstream, model = await start(serve, behind)
    speaker = EVERY[client]
    body = speaker.ask(model, "Hi") | {"x_new": 1, "x_other": {"a": 1}}

    answer = await served.post(speaker.path, body, modelbay_drop="params")

    assert answer.status == 200
    assert set(answer.headers["modelbay-dropped"].split(", ")) == {"x_new", "x_other"}
    assert not {"x_new", "x_other"} & upstream.requests[-1].body.keys()


NEUTRAL: dict[str, dict[str, Any]] = {
    "chat": {"n": 1, "logprobs": False, "presence_penalty": 0, "store": False, "logit_bias": {}},
    "messages": {"service_tier": "auto", "thinking": {"type": "disabled"}},
    "responses": {"top_logprobs": 0, "background": False, "truncation": "disabled", "store": False},
    "completions": {"n": 1, "best_of": 1, "echo": False, "suffix": ""},
}


@PAIRS
async def test_what_asks_for_nothing_passes(serve: Serve, client: str, behind: str) -> None:
    """Many clients send every field with its default; that must not make them refused."""
    served, _, model = await start(serve, behind)
    speaker = EVERY[client]

    answer = await served.post(speaker.path, speaker.ask(model, "Hi") | NEUTRAL[client])

    assert answer.status == 200, answer.body
    assert "modelbay-dropped" not in answer.headers


async def test_a_parameter_that_a_model_lacks(serve: Serve) -> None:
    """Claude has no seed: whoever relies on one has to know."""
    served, _, model = await start(serve, "anthropic")
    body = CHAT.ask(model, "Hi") | {"seed": 7, "frequency_penalty": 0.5}

    refused = await served.post(CHAT.path, body)
    answer = await served.post(CHAT.path, body, modelbay_drop="params")

    assert (refused.status, refused.json["error"]["param"]) in [(400, "seed"), (400, "frequency_penalty")]
    assert set(answer.headers["modelbay-dropped"].split(", ")) == {"seed", "frequency_penalty"}


async def test_several_answers_are_refused_where_there_is_one(serve: Serve) -> None:
    """`n` asks for more of what is paid: half of it would be a wrong answer."""
    served, upstream, model = await start(serve, "anthropic")

    answer = await served.post(CHAT.path, CHAT.ask(model, "Hi") | {"n": 3})

    assert (answer.status, answer.json["error"]["param"]) == (400, "n")
    assert not upstream.requests


@pytest.mark.parametrize("lanes", [True, False], ids=["fast", "translated"])
async def test_several_answers_of_the_same_dialect(serve: Serve, lanes: bool) -> None:
    """They all arrive, or the wish is refused; it is never one instead of three."""
    served = await serve("openai", lanes=lanes)

    answer = await served.post(CHAT.path, CHAT.ask("openai/gpt-4.1-mini", "Hi") | {"n": 3})

    if answer.status == 200:
        assert len(answer.json["choices"]) == 3
    else:
        assert (answer.status, answer.json["error"]["param"]) == (400, "n")


@pytest.mark.parametrize("client", SPEAKERS)
async def test_stop_sequences(serve: Serve, client: str) -> None:
    """Dialects that have none take them all the same; the model stops there, whatever its upstream can."""
    for behind in ("openai", "openai responses", "anthropic", "cohere", "ollama", "compatible"):
        served, _, model = await start(serve, behind)
        speaker = SPEAKERS[client]

        answer = await served.post(speaker.path, speaker.ask(model, "one two STOP three", stop=["STOP"]))

        if answer.status == 400:
            assert "stop" in answer.json["error"]["message"], behind
        else:
            assert speaker.read(answer.json).text.strip() == "one two", behind


@pytest.mark.parametrize("lanes", [True, False], ids=["fast", "translated"])
@pytest.mark.parametrize("value", ["x", [1], 7, True])
async def test_stream_options_that_are_none(serve: Serve, lanes: bool, value: Any) -> None:
    """The gateway adds a wish of its own to them, and has to look first."""
    served = await serve("openai", lanes=lanes)
    body = CHAT.ask("openai/gpt-4.1-mini", "Hi", stream=True) | {"stream_options": value}

    answer = await served.post(CHAT.path, body)

    assert (answer.status, answer.json["error"]["param"]) == (400, "stream_options")
    assert not served.upstreams["openai"].requests
