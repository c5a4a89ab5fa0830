"""Keys in logs (LiteLLM, Portkey, spring 2026): nothing that holds a key shows it or can be dumped."""

from __future__ import annotations

import copy
import json
import logging
import pickle
from typing import Any

import pytest
from pydantic import TypeAdapter
from tests.security.conftest import KEY, openai, shown
from tests.upstreams.openai import OpenAIUpstream

from modelbay import AsyncModelbay, CredentialsValidateFailedError, InvokeError, Modelbay, TransportSettings
from modelbay.entities import Credentials, WireDeclaration
from modelbay.platform.environment import LocalCredentials
from modelbay.sdk.testing import faults
from modelbay.sdk.wired.endpoint import endpoint_of
from modelbay.wires.request import Part, Reply, Request

DIRECT = TransportSettings(trust_env=False, retries=0)
GIVEN: dict[str, Any] = {"openai": KEY, "acme": {"api_key": KEY, "extra": {"token": KEY}}}
PROXY = TransportSettings(proxy=f"http://user:{KEY}@127.0.0.1:1")
WIRE = WireDeclaration.model_validate(
    {"family": "openai", "address": "http://x.example", "headers": {"X-Key": "{api_key}"}}
)

HOLDERS = [
    Credentials({"api_key": KEY, "nested": {"token": KEY}}),
    LocalCredentials(GIVEN),
    AsyncModelbay(GIVEN, transport=PROXY),
    AsyncModelbay(GIVEN).engine,
    AsyncModelbay(GIVEN).llm("openai/gpt-4.1-mini"),
    AsyncModelbay(GIVEN).credentials,
    Modelbay(GIVEN),
    Modelbay(GIVEN).llm("openai/gpt-4.1-mini"),
    PROXY,
    Request("POST", f"http://u:{KEY}@x.example/?key={KEY}", {"Authorization": KEY}, {"key": KEY}),
    Part("file", KEY),
    Reply(200, {"set-cookie": KEY}, KEY.encode()),
    endpoint_of(WIRE, {"api_key": KEY}),
]


@pytest.mark.parametrize("holder", HOLDERS, ids=lambda holder: type(holder).__name__)
def test_what_holds_a_key_does_not_show_it(holder: object, caplog: pytest.LogCaptureFixture) -> None:
    """Printed, formatted, logged, or inside a list or a mapping."""
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("x").error("%s %r", holder, holder)

    assert KEY not in shown(holder)
    assert KEY not in caplog.text


@pytest.mark.parametrize(
    "holder",
    [
        Credentials({"api_key": KEY}),
        LocalCredentials(GIVEN),
        AsyncModelbay(GIVEN),
        Modelbay(GIVEN),
    ],
    ids=lambda holder: type(holder).__name__,
)
@pytest.mark.parametrize("dump", [pickle.dumps, json.dumps, copy.deepcopy, TypeAdapter(object).dump_json])
def test_what_holds_a_key_cannot_be_taken_along(holder: object, dump: Any) -> None:
    """A cache, a queue or a crash report would keep it."""
    with pytest.raises((TypeError, ValueError)) as caught:
        dump(holder)
    assert KEY not in shown(caught.value)


def test_credentials_are_revealed_only_on_request_and_as_a_copy() -> None:
    """What a plugin does to its copy stays there."""
    credentials = Credentials({"api_key": KEY, "nested": {"token": KEY}})
    credentials.reveal()["nested"]["token"] = "changed"

    assert credentials["nested"]["token"] == KEY
    assert list(credentials) == ["api_key", "nested"]


FAULTS = [
    faults.status(401, f"Incorrect API key provided: {KEY}"),
    faults.status(400, f"Bearer {KEY} is not allowed"),
    faults.status(500, f"panic at {KEY}"),
    faults.error_in_200(f"overloaded for {KEY}"),
    faults.html(502),
    faults.invalid_json(),
    faults.reset(),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
@pytest.mark.parametrize("streaming", [False, True])
async def test_an_error_never_shows_the_key(
    upstream: OpenAIUpstream, fault: Any, streaming: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in its words, its fields, its cause, its pickle or the log, whatever the upstream echoes."""
    upstream.will_fail(fault)
    with caplog.at_level(logging.DEBUG):
        async with AsyncModelbay(openai(upstream), environment=False, transport=DIRECT) as bay:
            llm = bay.llm("openai/gpt-4.1-mini")
            with pytest.raises(InvokeError) as caught:
                if streaming:
                    async for _ in llm.stream("Hi"):
                        pass
                else:
                    await llm.invoke("Hi")
        logging.getLogger("x").exception("failed", exc_info=caught.value)

    assert KEY not in shown(caught.value)
    assert KEY not in caplog.text
    assert KEY.encode() not in pickle.dumps(caught.value)


async def test_an_error_inside_a_stream_does_not_show_the_key(upstream: OpenAIUpstream) -> None:
    """After chunks have been passed on."""
    upstream.will_stream("a", "b", "c")
    upstream.will_fail(faults.error_event(2, f"account of {KEY} is closed"))
    async with AsyncModelbay(openai(upstream), environment=False, transport=DIRECT) as bay:
        with pytest.raises(InvokeError, match=r"account of \[redacted\]") as caught:
            async for _ in bay.llm("openai/gpt-4.1-mini").stream("Hi"):
                pass
    assert KEY not in shown(caught.value)


@pytest.mark.parametrize("model", [None, "gpt-4.1-mini"])
async def test_a_failed_proof_does_not_show_the_key(upstream: OpenAIUpstream, model: str | None) -> None:
    """The form's error goes to a page."""
    upstream.will_fail(faults.status(401, f"Incorrect API key provided: {KEY}"))
    async with AsyncModelbay(environment=False, transport=DIRECT) as bay:
        with pytest.raises(CredentialsValidateFailedError, match=r"\[redacted\]") as caught:
            await bay.validate_credentials("openai", openai(upstream)["openai"], model=model)
    assert KEY not in shown(caught.value)


async def test_a_key_in_the_address_is_not_shown() -> None:
    """People paste it there."""
    given = {"openai": {"openai_api_key": "k", "openai_api_base": f"http://user:{KEY}@127.0.0.1:1/v1"}}
    async with AsyncModelbay(given, environment=False, transport=DIRECT) as bay:
        with pytest.raises(InvokeError) as caught:
            await bay.llm("openai/gpt-4.1-mini").invoke("Hi")
    assert KEY not in shown(caught.value)


async def test_an_address_without_a_scheme_does_not_show_the_key_in_it() -> None:
    """The refusal quotes the address."""
    given = {"openai": {"openai_api_key": KEY, "openai_api_base": f"user:{KEY}@host/v1?key={KEY}"}}
    async with AsyncModelbay(given, environment=False, transport=DIRECT) as bay:
        with pytest.raises(InvokeError, match="openai_api_base") as caught:
            await bay.llm("openai/gpt-4.1-mini").invoke("Hi")
    assert KEY not in shown(caught.value)


async def test_a_password_in_an_address_without_a_scheme_is_not_shown() -> None:
    """A password that is no other credential's value, so that nobody else would blank it."""
    given = {"openai": {"openai_api_key": "k", "openai_api_base": f"user:{KEY}@host/v1"}}
    async with AsyncModelbay(given, environment=False, transport=DIRECT) as bay:
        with pytest.raises(InvokeError, match="openai_api_base") as caught:
            await bay.llm("openai/gpt-4.1-mini").invoke("Hi")
    assert KEY not in shown(caught.value)
