"""Bearer tokens of Baidu AI Cloud."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from modelbay.errors import InvokeAuthorizationError
from modelbay.wires.request import Request
from modelbay.wires.signing import Bench, Signer, signer_of
from modelbay.wires.signing.bce_token import TOKEN_URL, make
from modelbay.wires.signing.bench import Tokens

SETTINGS = {"access_key": "ALTAKexample", "secret_key": "bce-secret"}
BEGIN = 1795219200.0  # 2026-11-21T00:00:00Z
ASKED = f"{TOKEN_URL}?expireInSeconds=43200"
# Made with `openssl dgst -sha256 -hmac`, the signing key of the prefix first.
SIGNATURE = "12cdfa3e683ba0e16f27c8c5c38599ee42746ccf0265bbfdb2b7c00b7f153398"


class Iam:
    """Gives tokens, numbered, and a clock that stands still until it is set."""

    def __init__(self) -> None:
        self.seconds = BEGIN
        self.requests: list[Request] = []
        self.answer: dict[str, Any] = {"status": "enable"}
        self.bench = Bench(Tokens(lambda: self.seconds), lambda: self.seconds, self._give)

    async def _give(self, request: Request) -> Any:
        self.requests.append(request)
        await asyncio.sleep(0)
        return {"token": f"bce-v3/temporary-{len(self.requests)}", **self.answer}


async def token_of(signer: Signer, iam: Iam) -> str:
    request = await signer.sign(Request("POST", "https://qianfan.baidubce.com/v2/x"), b"{}", iam.bench)
    return request.headers["Authorization"].removeprefix("Bearer ")


async def test_the_request_for_a_token_has_the_signature_that_another_implementation_makes() -> None:
    """A signature has no near misses."""
    iam = Iam()

    token = await token_of(signer_of("bce_token", SETTINGS), iam)

    assert token == "bce-v3/temporary-1"
    (request,) = iam.requests
    assert (request.method, request.url) == ("GET", ASKED)
    assert request.headers == {
        "x-bce-date": "2026-11-21T00:00:00Z",
        "Authorization": f"bce-auth-v1/ALTAKexample/2026-11-21T00:00:00Z/1800/host;x-bce-date/{SIGNATURE}",
    }


def test_a_query_is_signed_in_order_and_encoded() -> None:
    """Another order of the same query is the same request."""
    signer = make(SETTINGS)
    one, other = (signer.headers_at(f"https://h/p?{query}", BEGIN) for query in ("b=2&a=%2F", "a=%2F&b=2"))

    assert one == other
    assert one != signer.headers_at("https://h/p?a=x&b=2", BEGIN)


async def test_fifty_calls_at_once_ask_for_one_token() -> None:
    """Each would otherwise ask for its own."""
    iam, signer = Iam(), make(SETTINGS)

    tokens = await asyncio.gather(*(token_of(signer, iam) for _ in range(50)))

    assert set(tokens) == {"bce-v3/temporary-1"}
    assert len(iam.requests) == 1


async def test_a_token_is_renewed_shortly_before_it_ends() -> None:
    """Twelve hours are asked for; a token that ends on the way is a failed call."""
    iam, signer = Iam(), make(SETTINGS)
    await token_of(signer, iam)
    iam.seconds += 43_200 - 301
    kept = await token_of(signer, iam)
    iam.seconds += 2

    assert kept == "bce-v3/temporary-1"
    assert await token_of(signer, iam) == "bce-v3/temporary-2"


async def test_a_token_that_is_refused_is_renewed_once() -> None:
    """It may have been withdrawn before its time; a second refusal is the caller's to see."""
    iam, signer = Iam(), make(SETTINGS)
    await token_of(signer, iam)

    assert signer.refused(401, {}, iam.bench)
    assert not signer.refused(403, {}, iam.bench)
    assert await token_of(signer, iam) == "bce-v3/temporary-2"


async def test_the_request_for_a_token_is_dated_by_the_clouds_clock() -> None:
    """What the bench has learned of the clock counts here too."""
    iam = Iam()
    iam.bench.learn("Sat, 21 Nov 2026 01:00:00 GMT")

    await token_of(make(SETTINGS), iam)

    assert iam.requests[0].headers["x-bce-date"] == "2026-11-21T01:00:00Z"


async def test_a_refusal_in_place_of_a_token_is_told_in_the_clouds_words() -> None:
    """The answer has another shape then."""
    iam = Iam()
    iam.answer = {"token": None, "code": "AccessDenied", "message": "the access key is not active"}

    with pytest.raises(InvokeAuthorizationError, match="the access key is not active"):
        await token_of(make(SETTINGS), iam)


async def test_other_keys_have_other_tokens() -> None:
    """Two sets of credentials share a transport."""
    iam = Iam()
    first = await token_of(make(SETTINGS), iam)
    second = await token_of(make({**SETTINGS, "access_key": "ALTAKother"}), iam)

    assert first != second


@pytest.mark.parametrize("name", ["access_key", "secret_key"])
def test_a_missing_setting_is_named(name: str) -> None:
    """The form is what has to be filled in."""
    with pytest.raises(InvokeAuthorizationError, match=f"'{name}'"):
        make({**SETTINGS, name: ""})


def test_the_secrets_do_not_show() -> None:
    """Signers end up in tracebacks."""
    assert "bce-secret" not in repr(make(SETTINGS))
