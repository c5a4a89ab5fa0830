"""CVE-2024-6587 and new-api's redirects: where a key goes and which key it is are one decision."""

from __future__ import annotations

from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck
from hypothesis import strategies as st
from tests.security.conftest import KEY, openai
from tests.upstreams.openai import OpenAIUpstream

from modelbay import AsyncModelbay, InvokeBadRequestError, InvokeError
from modelbay.wires.request import Request
from modelbay.wires.settings import TransportSettings
from modelbay.wires.transport import Transport

NAMES = ["api_base", "base_url", "openai_api_base", "endpoint_url", "url", "host", "extra_headers", "api_key"]
MODEL = "openai/gpt-4.1-mini"
DIRECT = TransportSettings(trust_env=False, retries=0)


@pytest.mark.parametrize("name", NAMES)
async def test_a_parameter_cannot_name_another_destination(
    upstream: OpenAIUpstream, thief: OpenAIUpstream, name: str
) -> None:
    """Refused by name, or dropped where the caller wants that; the key goes where its owner said."""
    given: dict[str, Any] = {name: thief.url}
    async with AsyncModelbay(openai(upstream), environment=False, transport=DIRECT) as bay:
        with pytest.raises(InvokeBadRequestError, match=f"no parameter '{name}'"):
            await bay.llm(MODEL).invoke("Hi", **given)
    assert not upstream.requests

    options: Any = {"environment": False, "transport": DIRECT, "drop_unknown": True}
    async with AsyncModelbay(openai(upstream), **options) as bay:
        await bay.llm(MODEL).invoke("Hi", **given)
    assert name not in upstream.requests[-1].body


@pytest.mark.parametrize(
    "model", ["{url}/v1/x", "@{url}", "../../{url}", "//{host}/x", "x?url={url}#y", "\\\\{host}"]
)
async def test_a_models_name_cannot_name_another_destination(
    upstream: OpenAIUpstream, thief: OpenAIUpstream, model: str
) -> None:
    """It is a word in the body, whatever it says."""
    name = model.format(url=thief.url, host=thief.url.removeprefix("http://"))
    async with AsyncModelbay(openai(upstream), environment=False, transport=DIRECT) as bay:
        try:
            await bay.llm(f"openai/{name}").invoke("Hi")
        except InvokeError as error:
            assert KEY not in str(error)

    assert upstream.requests
    assert {request.path for request in upstream.requests} == {"/v1/chat/completions"}
    assert upstream.requests[-1].body["model"] == name


@hypothesis.given(model=st.text(min_size=1, max_size=20))
@hypothesis.settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_models_name_changes_the_path(model: str) -> None:
    """Any text at all: dots, slashes, percent signs, line breaks, other scripts."""
    async with OpenAIUpstream(key=KEY) as upstream:
        async with AsyncModelbay(openai(upstream), environment=False, transport=DIRECT) as bay:
            try:
                await bay.llm(f"openai/{model}").invoke("Hi")
            except InvokeError as error:
                assert KEY not in str(error)
        assert {request.path for request in upstream.requests} <= {"/v1/chat/completions"}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("streaming", [False, True])
async def test_a_redirect_is_an_error_and_carries_the_key_nowhere(
    upstream: OpenAIUpstream, thief: OpenAIUpstream, status: int, streaming: bool
) -> None:
    """A check of the address before the request is worth nothing if the answer may change it."""
    upstream.will_answer({}, status=status, headers={"location": f"{thief.url}/v1/chat/completions"})
    async with AsyncModelbay(openai(upstream), environment=False, transport=DIRECT) as bay:
        with pytest.raises(InvokeError, match=r"[Rr]edirect") as caught:
            if streaming:
                await anext(bay.llm(MODEL).stream("Hi"))
            else:
                await bay.llm(MODEL).invoke("Hi")

    assert len(upstream.requests) == 1
    assert KEY not in repr(vars(caught.value))


async def test_a_redirect_to_the_same_host_is_refused_too(upstream: OpenAIUpstream) -> None:
    """There is no second decision to get wrong."""
    upstream.will_answer({}, status=307, headers={"location": "/v1/other"})
    async with Transport(DIRECT) as transport:
        with pytest.raises(InvokeError):
            await transport.json(
                Request("POST", f"{upstream.url}/v1/chat/completions", {"Authorization": f"Bearer {KEY}"})
            )
    assert [request.path for request in upstream.requests] == ["/v1/chat/completions"]


async def test_a_message_cannot_make_us_fetch_an_address(
    upstream: OpenAIUpstream, thief: OpenAIUpstream
) -> None:
    """An image's address is passed on (one-api 2388): the upstream may fetch it, this program does not."""
    image = {"type": "image", "url": f"{thief.url}/secret.png", "mime_type": "image/png", "format": "png"}
    async with AsyncModelbay(openai(upstream), environment=False, transport=DIRECT) as bay:
        await bay.llm(MODEL).invoke([{"role": "user", "content": [image]}])

    assert upstream.requests[-1].body["messages"][0]["content"][0]["image_url"]["url"].startswith(thief.url)


async def test_a_key_of_one_provider_never_goes_to_another(
    upstream: OpenAIUpstream, thief: OpenAIUpstream
) -> None:
    """Not even to one that speaks the same dialect and was given no key."""
    given = openai(upstream) | {"openai_api_compatible": {"endpoint_url": f"{upstream.url}/v1"}}
    async with AsyncModelbay(given, environment=False, transport=DIRECT) as bay:
        with pytest.raises(InvokeError):
            await bay.llm("openai_api_compatible/any").invoke("Hi")
    assert "authorization" not in upstream.requests[-1].headers


async def test_a_host_header_cannot_be_chosen(upstream: OpenAIUpstream, thief: OpenAIUpstream) -> None:
    """Even headers that the credentials add do not replace what frames the request (BadHost)."""
    headers = {"Host": "evil.example", "Content-Length": "1", "Transfer-Encoding": "chunked", "X-Team": "a"}
    given = openai(upstream, extra_headers=headers)
    async with AsyncModelbay(given, environment=False, transport=DIRECT) as bay:
        await bay.llm(MODEL).invoke("Hi")
    sent = upstream.requests[-1].headers

    assert sent["host"] == f"127.0.0.1:{upstream.port}"
    assert "transfer-encoding" not in sent
    assert sent["x-team"] == "a"
