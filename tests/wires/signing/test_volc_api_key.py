"""Temporary keys of Volcengine Ark."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from modelbay.errors import InvokeAuthorizationError
from modelbay.wires.request import Request
from modelbay.wires.signing import Bench, Signer, signer_of
from modelbay.wires.signing.bench import Tokens
from modelbay.wires.signing.volc_api_key import make

ENDPOINT = "ep-20260101-abcde"
SETTINGS = {"access_key": "AKLTexample", "secret_key": "volc-secret", "region": "", "resource": ENDPOINT}
BEGIN = 1795219200.0  # 2026-11-21T00:00:00Z
# Made with `openssl dgst -sha256 -mac HMAC`, from the day's key to the signature.
SIGNATURE = "2520f6585373d9e0c0b9d15fb46f37d2db27a6ea1707148a27c2295023b33eab"
DIGEST = "958ee7ca72c415c4edcc39d0a54f365f3476533725482428f0ea28a5b1c0c493"


class ControlPlane:
    """Gives keys, numbered, and a clock that stands still until it is set."""

    def __init__(self) -> None:
        self.seconds = BEGIN
        self.requests: list[Request] = []
        self.answer: Any = None
        self.bench = Bench(Tokens(lambda: self.seconds), lambda: self.seconds, self._give)

    async def _give(self, request: Request) -> Any:
        self.requests.append(request)
        await asyncio.sleep(0)
        if self.answer is not None:
            return self.answer
        result = {"ApiKey": f"key-{len(self.requests)}", "ExpiredTime": int(self.seconds) + 604_800}
        return {"ResponseMetadata": {"Action": "GetApiKey"}, "Result": result}


async def key_of(signer: Signer, plane: ControlPlane) -> str:
    url = "https://ark.cn-beijing.volces.com/api/v3/chat/completions"
    request = await signer.sign(Request("POST", url), b"{}", plane.bench)
    return request.headers["Authorization"].removeprefix("Bearer ")


async def test_the_request_for_a_key_has_the_signature_that_another_implementation_makes() -> None:
    """A signature has no near misses."""
    plane = ControlPlane()

    key = await key_of(signer_of("volc_api_key", SETTINGS), plane)

    (request,) = plane.requests
    assert key == "key-1"
    assert request.url == "https://open.volcengineapi.com/?Action=GetApiKey&Version=2024-01-01"
    assert request.headers["X-Date"] == "20261121T000000Z"
    assert request.headers["X-Content-Sha256"] == DIGEST
    assert request.headers["Authorization"] == (
        "HMAC-SHA256 Credential=AKLTexample/20261121/cn-beijing/ark/request, "
        f"SignedHeaders=content-type;host;x-content-sha256;x-date, Signature={SIGNATURE}"
    )


@pytest.mark.parametrize(
    ("resource", "kind", "project"),
    [
        (ENDPOINT, "endpoint", None),
        ("bot-20260101-abcde", "bot", None),
        ("doubao-seed-2-1-pro-260915", "presetendpoint", "default"),
    ],
)
async def test_a_key_is_asked_for_what_it_is_to_open(resource: str, kind: str, project: str | None) -> None:
    """A model that is called by its own name belongs to a project, which has to be named."""
    plane = ControlPlane()

    await key_of(make({**SETTINGS, "resource": resource}), plane)

    asked = orjson.loads(plane.requests[0].content or b"")
    assert (asked["ResourceType"], asked["ResourceIds"]) == (kind, [resource])
    assert asked.get("ProjectName") == project


async def test_fifty_calls_at_once_ask_for_one_key() -> None:
    """Each would otherwise ask for its own."""
    plane, signer = ControlPlane(), make(SETTINGS)

    keys = await asyncio.gather(*(key_of(signer, plane) for _ in range(50)))

    assert set(keys) == {"key-1"}
    assert len(plane.requests) == 1


async def test_a_key_is_renewed_shortly_before_it_ends() -> None:
    """The answer says until when it is good."""
    plane, signer = ControlPlane(), make(SETTINGS)
    await key_of(signer, plane)
    plane.seconds += 604_800 - 301
    kept = await key_of(signer, plane)
    plane.seconds += 2

    assert kept == "key-1"
    assert await key_of(signer, plane) == "key-2"


async def test_a_key_that_is_refused_is_renewed_once() -> None:
    """It may have been withdrawn before its time."""
    plane, signer = ControlPlane(), make(SETTINGS)
    await key_of(signer, plane)

    assert signer.refused(401, {}, plane.bench)
    assert not signer.refused(403, {}, plane.bench)
    assert await key_of(signer, plane) == "key-2"


async def test_each_endpoint_has_a_key_of_its_own() -> None:
    """A key opens only what it was asked for."""
    plane = ControlPlane()
    first = await key_of(make(SETTINGS), plane)
    second = await key_of(make({**SETTINGS, "resource": "ep-another"}), plane)

    assert first != second


async def test_the_request_for_a_key_is_dated_by_the_clouds_clock() -> None:
    """A machine whose clock is wrong could sign nothing otherwise."""
    plane = ControlPlane()
    plane.bench.learn("Sat, 21 Nov 2026 01:00:00 GMT")

    await key_of(make(SETTINGS), plane)

    assert plane.requests[0].headers["X-Date"] == "20261121T010000Z"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            {"ResponseMetadata": {"Error": {"Code": "AccessDenied", "Message": "no such endpoint of yours"}}},
            "no such endpoint of yours",
        ),
        ({"Result": {"ApiKey": 7}}, "the answer has none"),
        ({"Result": []}, "the answer has none"),
        (["nothing"], "the answer has none"),
    ],
)
async def test_an_answer_without_a_key_is_told_in_the_clouds_words(answer: Any, told: str) -> None:
    """It may come with status 200."""
    plane = ControlPlane()
    plane.answer = answer

    with pytest.raises(InvokeAuthorizationError, match=told):
        await key_of(make(SETTINGS), plane)


@pytest.mark.parametrize("name", ["access_key", "secret_key", "resource"])
def test_a_missing_setting_is_named(name: str) -> None:
    """The form is what has to be filled in."""
    with pytest.raises(InvokeAuthorizationError, match=f"'{name}'"):
        make({**SETTINGS, name: ""})


def test_the_secrets_do_not_show() -> None:
    """Signers end up in tracebacks."""
    assert "volc-secret" not in repr(make(SETTINGS))
