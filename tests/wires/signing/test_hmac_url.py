"""Signatures in addresses."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay.errors import InvokeAuthorizationError
from modelbay.wires.request import Request
from modelbay.wires.signing import Bench, signer_of
from modelbay.wires.signing.bench import Tokens
from modelbay.wires.signing.hmac_url import HmacUrl, make

SETTINGS = {"key": "spark-key", "secret": "spark-secret"}
BEGIN = 1795219200.0  # 2026-11-21T00:00:00Z
SOCKET = "wss://spark-api.xf-yun.com/v3.5/chat"
# Made with `openssl dgst -sha256 -hmac spark-secret`.
AUTHORIZATION = (
    "YXBpX2tleT0ic3Bhcmsta2V5IiwgYWxnb3JpdGhtPSJobWFjLXNoYTI1NiIsIGhlYWRlcnM9Imhvc3QgZGF0ZSByZXF1ZXN0LWxpbmUi"
    "LCBzaWduYXR1cmU9ImdQb3dMUnJScVBWdmJaN3BGbjMycFQxano1Vy9ZbXR0TWNJbDRodHllbTQ9Ig=="
)
SIGNATURE_OF_A_POST = "Ux+rxh3eclf46W6dUw1X4CFJGrxEXXl5yKvzB8TxjU0="


def bench_at(seconds: float) -> Bench:
    async def no_requests(request: Request) -> object:
        raise AssertionError(f"a request was sent: {request}")

    return Bench(Tokens(), lambda: seconds, no_requests)


def query_of(url: str) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(urlsplit(url).query, strict_parsing=True).items()}


def said_in(url: str) -> str:
    return base64.b64decode(query_of(url)["authorization"]).decode()


async def test_a_signature_is_the_one_that_another_implementation_makes() -> None:
    """A signature has no near misses."""
    signer = signer_of("hmac_url", SETTINGS)

    request = await signer.sign(Request("GET", SOCKET, {"Accept": "*/*"}), b"", bench_at(BEGIN))

    assert request.url.partition("?")[0] == SOCKET
    assert request.headers == {"Accept": "*/*"}
    assert query_of(request.url) == {
        "authorization": AUTHORIZATION,
        "date": "Sat, 21 Nov 2026 00:00:00 GMT",
        "host": "spark-api.xf-yun.com",
    }


async def test_the_request_line_is_that_of_the_request() -> None:
    """The service for vectors is asked by POST at the root."""
    request = Request("POST", "https://emb-cn-huabei-1.xf-yun.com")

    signed = await make(SETTINGS).sign(request, b"{}", bench_at(BEGIN))

    assert f'signature="{SIGNATURE_OF_A_POST}"' in said_in(signed.url)


def test_everything_in_the_query_is_percent_encoded() -> None:
    """Base64 has signs and dates have spaces that mean something else in a query."""
    assert re.fullmatch(r"[\w.\-~%+&=]+", urlsplit(make(SETTINGS).signed("GET", SOCKET, BEGIN)).query)
    assert "%3D" in make(SETTINGS).signed("GET", SOCKET, BEGIN)


def test_a_query_that_is_there_stays_and_is_not_signed() -> None:
    """The line that is signed has the path alone."""
    plain, asked = (make(SETTINGS).signed("GET", url, BEGIN) for url in (SOCKET, f"{SOCKET}?a=b"))

    assert said_in(plain) == said_in(asked)
    assert query_of(asked)["a"] == "b"


async def test_a_clock_that_is_wrong_is_set_by_the_refusal() -> None:
    """The upstream bears some minutes; what time it is there its refusal says."""
    signer, bench = make(SETTINGS), bench_at(BEGIN - 3600)

    assert signer.refused(403, {"date": "Sat, 21 Nov 2026 00:00:00 GMT"}, bench)
    request = await signer.sign(Request("GET", SOCKET), b"", bench)

    assert query_of(request.url)["authorization"] == AUTHORIZATION


@pytest.mark.parametrize("status", [400, 401, 403, 500])
def test_a_refusal_at_the_right_time_is_final(status: int) -> None:
    """With a wrong key a second attempt is refused as well."""
    bench = bench_at(BEGIN)

    assert not make(SETTINGS).refused(status, {"date": "Sat, 21 Nov 2026 00:00:10 GMT"}, bench)
    assert not make(SETTINGS).refused(status, {}, bench)
    assert bench.skew == 0


@given(
    key=st.text(st.characters(min_codepoint=48, max_codepoint=122), min_size=1),
    secret=st.text(min_size=1).filter(str.strip),
    seconds=st.integers(0, 4_000_000_000),
    path=st.from_regex(r"/[a-z0-9./-]{0,20}", fullmatch=True),
)
def test_who_knows_the_secret_can_check_every_signature(
    key: str, secret: str, seconds: int, path: str
) -> None:
    """The address alone tells all that a check needs, whatever key, time and path."""
    query = query_of(HmacUrl(key, secret).signed("GET", f"wss://api.example:9000{path}", seconds))
    said = re.fullmatch(
        r'api_key="(.*)", algorithm="hmac-sha256", headers="host date request-line", signature="(.*)"',
        base64.b64decode(query["authorization"]).decode(),
        re.DOTALL,
    )
    lines = f"host: {query['host']}\ndate: {query['date']}\nGET {path} HTTP/1.1"

    assert said
    assert (said[1], query["host"]) == (key, "api.example")
    assert base64.b64decode(said[2]) == hmac.new(secret.encode(), lines.encode(), hashlib.sha256).digest()


@pytest.mark.parametrize("name", ["key", "secret"])
def test_a_missing_setting_is_named(name: str) -> None:
    """The form is what has to be filled in."""
    with pytest.raises(InvokeAuthorizationError, match=f"'{name}'"):
        make({**SETTINGS, name: ""})


def test_the_secret_does_not_show() -> None:
    """Signers end up in tracebacks."""
    assert "spark-" not in repr(make(SETTINGS))
