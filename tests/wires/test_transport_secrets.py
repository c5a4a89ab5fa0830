"""No error holds a credential, wherever the upstream, a proxy or a mistake may put it."""

from __future__ import annotations

import traceback
from typing import Any

import pytest
from tests.wires.raw_upstream import always, answer_of, chunk, raw_upstream, stream_head

from modelbay.errors import InvokeError
from modelbay.wires.request import Request
from modelbay.wires.settings import TransportSettings
from modelbay.wires.transport import Transport

KEY = "sk-live-0123456789abcdef"
DIRECT = TransportSettings(trust_env=False, retries=0)


def everything(error: BaseException) -> str:
    """Return all that a log or a crash dump would show of an error, and of what it came from."""
    shown = "".join(traceback.format_exception(error)) + repr(vars(error)) + repr(error.args)
    context = error.__context__
    return shown + (repr(vars(context)) + repr(context) + str(context) if context else "")


async def failure_of(said: bytes, url_end: str = "/", face: str = "json", **headers: str) -> InvokeError:
    async with raw_upstream(always(said)) as upstream, Transport(DIRECT) as transport:
        request = Request(
            "POST", upstream.url + url_end, {k.replace("_", "-"): v for k, v in headers.items()}
        )
        with pytest.raises(InvokeError) as caught:
            await (transport.json(request) if face == "json" else anext(getattr(transport, face)(request)))
    return caught.value


@pytest.mark.parametrize(
    "header",
    ["Authorization", "x-api-key", "api-key", "x-goog-api-key", "Ocp_Apim_Subscription_Key", "Cookie"],
)
@pytest.mark.parametrize("value", [KEY, f"Bearer {KEY}"])
async def test_a_key_that_the_upstream_echoes_is_blanked(header: str, value: str) -> None:
    """Several upstreams answer "Incorrect API key provided: sk-…", some with the whole of it."""
    said = answer_of(401, {"error": {"message": f"bad key {KEY}.", "code": KEY}}, {"x-request-id": KEY})
    error = await failure_of(said, **{header: value})
    assert "bad key [redacted]" in str(error)
    assert KEY not in everything(error)


@pytest.mark.parametrize("face", ["json", "events", "chunks"])
@pytest.mark.parametrize("content_type", ["application/json", "text/html"])
async def test_a_key_echoed_by_a_success_is_blanked(face: str, content_type: str) -> None:
    """The same inside a 200, which reaches the error on another way."""
    body = b'{"error": "key %s"}' if "json" in content_type else b"<html><title>%s</title></html>"
    body %= KEY.encode()
    said = answer_of(
        200, {"error": f"key {KEY}"} if "json" in content_type else body, content_type=content_type
    )
    assert KEY not in everything(await failure_of(said, face=face, Authorization=f"Bearer {KEY}"))


async def test_a_key_in_a_body_that_is_not_json_is_blanked() -> None:
    """A parser's error holds the whole document: it must not hang on to ours."""
    error = await failure_of(answer_of(200, f"not json {KEY}".encode()), Authorization=f"Bearer {KEY}")
    assert KEY not in everything(error)


async def test_a_key_is_blanked_before_a_long_message_is_cut() -> None:
    """Cut first, and the beginning of a key would stay at the end of the message."""
    said = answer_of(500, {"message": "x" * 1990 + KEY})
    error = await failure_of(said, Authorization=f"Bearer {KEY}")
    assert "sk-live" not in str(error)


@pytest.mark.parametrize("face", ["events", "lines"])
async def test_an_error_inside_a_stream_comes_without_the_key(face: str) -> None:
    """Dialects turn such events into errors, and quote their words."""
    said = stream_head() + chunk(b'data: {"error": "bad key %s"}\n\n' % KEY.encode()) + chunk(b"")
    async with raw_upstream(always(said)) as upstream, Transport(DIRECT) as transport:
        request = Request("POST", upstream.url, {"Authorization": f"Bearer {KEY}"})
        found: list[Any] = [each async for each in getattr(transport, face)(request)]
    assert KEY.encode() not in repr(found).encode()
    assert "redacted" in repr(found)


@pytest.mark.parametrize("url_end", [f"/?key={KEY}", f"/?access_token={KEY}&x=1", f"/?X-Amz-Signature={KEY}"])
async def test_a_key_in_the_query_is_blanked(url_end: str) -> None:
    """Gemini takes its key there, signed URLs their signature."""
    error = await failure_of(answer_of(400, {"message": f"no access to {url_end}"}), url_end)
    assert KEY not in everything(error)


async def test_user_and_password_in_the_url_are_blanked() -> None:
    """In clear and as Basic authorisation writes them; also where no connection was made."""
    async with Transport(DIRECT) as transport:
        with pytest.raises(InvokeError) as refused:
            await transport.json(Request("GET", f"http://user:{KEY}@127.0.0.1:1/"))
        with pytest.raises(InvokeError) as invalid:
            await transport.json(Request("GET", f"http://user:{KEY}@[::1/"))
    assert KEY not in everything(refused.value) + everything(invalid.value)


async def test_the_proxys_password_is_blanked() -> None:
    """It is a credential like the others, and a proxy's page may show it."""
    said = answer_of(407, f"<html>user {KEY} unknown</html>".encode(), content_type="text/html")
    async with raw_upstream(always(said)) as proxy:
        settings = TransportSettings(proxy=proxy.url.replace("//", f"//user:{KEY}@"), retries=0)
        async with Transport(settings) as transport:
            for url in ("http://example.invalid/", "https://example.invalid/"):
                with pytest.raises(InvokeError) as caught:
                    await transport.json(Request("GET", url))
                assert KEY not in everything(caught.value)
