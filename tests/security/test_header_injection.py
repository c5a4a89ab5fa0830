"""Nothing that a caller or a credential says can begin a new line of a request."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.security.conftest import KEY, openai
from tests.upstreams.openai import OpenAIUpstream

from modelbay import AsyncModelbay, InvokeAuthorizationError, InvokeBadRequestError, InvokeError
from modelbay.entities import WireDeclaration
from modelbay.sdk.wired.endpoint import endpoint_of
from modelbay.wires.http1.encode import encode_body, encode_head
from modelbay.wires.http1.target import target_of
from modelbay.wires.request import Part, Request
from modelbay.wires.settings import TransportSettings

DIRECT = TransportSettings(trust_env=False, retries=0)
BREAKS = ["\r\nX-Evil: 1", "\nX-Evil: 1", "\r\n\r\nGET / HTTP/1.1", "\x00", "\x0bX-Evil: 1"]


@pytest.mark.parametrize("broken", BREAKS)
async def test_a_key_with_a_line_break_is_refused(upstream: OpenAIUpstream, broken: str) -> None:
    """And the error does not show the key."""
    given_keys = openai(upstream, openai_api_key=KEY + broken)
    async with AsyncModelbay(given_keys, environment=False, transport=DIRECT) as bay:
        with pytest.raises(InvokeAuthorizationError, match="'openai_api_key' has characters") as caught:
            await bay.llm("openai/gpt-4.1-mini").invoke("Hi")

    assert not upstream.requests
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("broken", BREAKS)
@pytest.mark.parametrize("name", ["openai_organization", "extra_headers"])
async def test_other_credentials_in_headers_are_refused_too(
    upstream: OpenAIUpstream, name: str, broken: str
) -> None:
    """Every header goes through the same gate."""
    value: Any = {"X-Team": "a" + broken} if name == "extra_headers" else "org" + broken
    async with AsyncModelbay(openai(upstream, **{name: value}), environment=False, transport=DIRECT) as bay:
        with pytest.raises(InvokeBadRequestError, match="does not allow"):
            await bay.llm("openai/gpt-4.1-mini").invoke("Hi")
    assert not upstream.requests


@pytest.mark.parametrize("name", ["X Evil", "X:Evil", "X-Evil\r\nY", "", "Ünïcode"])
async def test_a_name_that_is_no_header_name_is_refused(upstream: OpenAIUpstream, name: str) -> None:
    """Names as well as values."""
    given_keys = openai(upstream, extra_headers={name: "1"})
    async with AsyncModelbay(given_keys, environment=False, transport=DIRECT) as bay:
        with pytest.raises(InvokeBadRequestError, match="not a valid header name"):
            await bay.llm("openai/gpt-4.1-mini").invoke("Hi")
    assert not upstream.requests


@pytest.mark.parametrize("broken", BREAKS)
async def test_what_a_caller_says_stays_in_the_body(upstream: OpenAIUpstream, broken: str) -> None:
    """User, stop sequences, tool names and texts are data."""
    text = f"Hi{broken}"
    async with AsyncModelbay(openai(upstream), environment=False, transport=DIRECT) as bay:
        try:
            await bay.llm("openai/gpt-4.1-mini").invoke(text, user=text, stop=[text])
        except InvokeError as error:
            assert KEY not in str(error)

    assert [request.path for request in upstream.requests] == ["/v1/chat/completions"]
    assert "x-evil" not in upstream.requests[0].headers
    assert upstream.requests[0].body["messages"][0]["content"] == text


@given(values=st.lists(st.text(max_size=20), min_size=1, max_size=3))
def test_no_header_value_makes_another_line(values: list[str]) -> None:
    """Any text: it is one line of the head, or it is refused."""
    headers = {f"X-{place}": value for place, value in enumerate(values)}
    request = Request("POST", "http://x.example/", headers)
    try:
        head = encode_head(request, target_of(request.url), b"", None)
    except InvokeBadRequestError:
        return
    lines = head.decode("latin-1").split("\r\n")
    assert [line.split(":")[0] for line in lines if line.startswith("X-")] == list(headers)
    assert "\n" not in head.decode("latin-1").replace("\r\n", "")
    assert lines[-2:] == ["", ""]


@given(url=st.text(max_size=30))
def test_no_address_makes_another_line(url: str) -> None:
    """The path and the host come from the credentials; neither may break the request line."""
    wire = WireDeclaration.model_validate({"family": "openai", "address": {"credential": "url"}})
    try:
        endpoint = endpoint_of(wire, {"url": f"http://x.example/{url}"})
        request = Request("POST", endpoint.url("v1/chat"), endpoint.headers)
        head = encode_head(request, target_of(request.url), b"", None)
    except InvokeBadRequestError:
        return
    line, host, *_ = head.decode("latin-1").split("\r\n")
    assert len(line.split(" ")) == 3
    assert host.startswith("Host: ")


@given(name=st.text(max_size=20), text=st.text(max_size=40))
def test_no_form_field_makes_another_part(name: str, text: str) -> None:
    """The boundary cannot be guessed, and names are escaped."""
    form = (Part("model", text), Part("file", b"x", filename=name, content_type="audio/wav"))
    body, content_type = encode_body(Request("POST", "http://x.example/", form=form))
    assert content_type is not None
    parts = body.split(b"--" + content_type.partition("boundary=")[2].encode())

    assert len(parts) == 4
    assert parts[2].split(b"\r\n\r\n")[0].count(b"\r\n") == 2
