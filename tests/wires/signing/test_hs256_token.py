"""Tokens that are made of a key's two halves."""

from __future__ import annotations

import asyncio
import base64

import orjson
import pytest

from modelbay.errors import InvokeAuthorizationError
from modelbay.wires.request import Request
from modelbay.wires.signing import Bench, Signer, signer_of
from modelbay.wires.signing.bench import Tokens
from modelbay.wires.signing.hs256_token import make

KEY = "1234567890abcdef.topsecretvalue"
BEGIN = 1795219200.0  # 2026-11-21T00:00:00Z
# Made with `openssl dgst -sha256 -hmac topsecretvalue`.
VECTOR = (
    "eyJhbGciOiJIUzI1NiIsInNpZ25fdHlwZSI6IlNJR04ifQ."
    "eyJhcGlfa2V5IjoiMTIzNDU2Nzg5MGFiY2RlZiIsImV4cCI6MTc5NTIxOTQxMDAwMCwidGltZXN0YW1wIjoxNzk1MjE5MjAwMDAwfQ."
    "UKgWSKFntte3-XJi3A6nK7eW1xOcCsvKgwuvgCVnsrY"
)


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.seconds = BEGIN

    def __call__(self) -> float:
        return self.seconds


async def no_requests(request: Request) -> object:
    """Fail: a token that is made here needs nobody."""
    raise AssertionError(f"a request was sent: {request}")


def bench_at(clock: Clock) -> Bench:
    return Bench(Tokens(clock), clock, no_requests)


async def token_of(signer: Signer, bench: Bench) -> str:
    request = await signer.sign(Request("POST", "https://open.bigmodel.cn/x", {"Accept": "*/*"}), b"", bench)
    assert request.headers["Accept"] == "*/*"
    return request.headers["Authorization"].removeprefix("Bearer ")


def told_in(token: str) -> dict[str, int]:
    part = token.split(".")[1]
    told: dict[str, int] = orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return told


async def test_a_token_is_the_one_that_another_implementation_makes() -> None:
    """A signature has no near misses."""
    assert await token_of(signer_of("hs256_token", {"key": KEY}), bench_at(Clock())) == VECTOR


async def test_a_token_serves_until_it_is_half_over() -> None:
    """Making one for each call is waste; one that ends on the way is a failed call."""
    clock = Clock()
    signer, bench = make({"key": KEY}), bench_at(clock)
    first = await token_of(signer, bench)
    clock.seconds += 100
    second = await token_of(signer, bench)
    clock.seconds += 6
    third = await token_of(signer, bench)

    assert first == second
    assert told_in(third)["timestamp"] == (BEGIN + 106) * 1000
    assert told_in(third)["exp"] - told_in(third)["timestamp"] == 210_000


async def test_fifty_calls_at_once_share_one_token() -> None:
    """Each would otherwise sign for itself."""
    signer, bench = make({"key": KEY}), bench_at(Clock())

    tokens = await asyncio.gather(*(token_of(signer, bench) for _ in range(50)))

    assert set(tokens) == {VECTOR}


async def test_a_clock_that_is_wrong_is_set_by_the_refusal() -> None:
    """The times in the token are in the upstream's time, which the refusal tells."""
    signer, bench = make({"key": KEY}), bench_at(Clock())
    await token_of(signer, bench)

    assert signer.refused(401, {"date": "Sat, 21 Nov 2026 00:10:00 GMT"}, bench)
    assert told_in(await token_of(signer, bench))["timestamp"] == (BEGIN + 600) * 1000


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (401, {}),
        (401, {"date": "Sat, 21 Nov 2026 00:00:02 GMT"}),
        (429, {"date": "Sat, 21 Nov 2026 01:00:00 GMT"}),
    ],
)
async def test_a_refusal_for_another_reason_is_final(status: int, headers: dict[str, str]) -> None:
    """With a wrong key a second attempt is refused as well."""
    signer, bench = make({"key": KEY}), bench_at(Clock())
    await token_of(signer, bench)

    assert not signer.refused(status, headers, bench)
    assert bench.skew == 0


@pytest.mark.parametrize("key", ["no-dot-in-it", ".half-a-key", "half-a-key."])
def test_a_key_that_cannot_be_halved_is_refused_without_showing_it(key: str) -> None:
    """Keys of other providers are pasted here."""
    with pytest.raises(InvokeAuthorizationError, match=r"of the form id\.secret") as caught:
        make({"key": key})

    assert key not in str(caught.value)


def test_a_missing_key_is_named() -> None:
    """The form is what has to be filled in."""
    with pytest.raises(InvokeAuthorizationError, match="'key'"):
        make({"key": ""})


def test_the_secret_does_not_show() -> None:
    """Signers end up in tracebacks."""
    assert "topsecretvalue" not in repr(make({"key": KEY}))
