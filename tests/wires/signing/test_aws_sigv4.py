"""AWS signatures: AWS's published vectors, AWS's own library, clocks that differ, roles that expire."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.upstreams.bedrock import ACCESS_KEY, BedrockUpstream

from modelbay.errors import InvokeAuthorizationError
from modelbay.sdk.testing import FakeUpstream, faults
from modelbay.wires.request import Request
from modelbay.wires.settings import TransportSettings
from modelbay.wires.signing.aws_role import AwsKeys
from modelbay.wires.signing.aws_sigv4 import SigV4, authorization, make
from modelbay.wires.signing.bench import Bench, Tokens
from modelbay.wires.transport import Transport

# The key, host and time of AWS's own test suite (aws-c-auth, folder v4).
KEYS = AwsKeys("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
STAMP = "20150830T123600Z"
VANILLA = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"


def signature(method: str, path: str, body: bytes = b"") -> str:
    """Return the signature of a request of the suite."""
    request = Request(method, f"https://example.amazonaws.com{path}", {"X-Amz-Date": STAMP})
    told = authorization(request, body, KEYS, service="service", region="us-east-1")
    head, _, signed = told.partition(", Signature=")
    scope = "20150830/us-east-1/service/aws4_request"
    assert head == f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{scope}, SignedHeaders=host;x-amz-date"
    return signed


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/", VANILLA),
        ("POST", "/", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        (
            "GET",
            "/?Param2=value2&Param1=value1",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        ("GET", "//", VANILLA),
        ("GET", "/example/..", VANILLA),
        ("GET", "/./", VANILLA),
        ("GET", "/example1/example2/../..", VANILLA),
    ],
)
def test_the_published_vectors_come_out(method: str, path: str, expected: str) -> None:
    """Anything else than AWS's own result is refused by AWS."""
    assert signature(method, path) == expected


names = st.from_regex(r"[a-z0-9]{1,9}\.[a-z0-9:.-]{1,20}", fullmatch=True)
tokens = st.sampled_from(["", "a/session+token=="])


@given(names, st.binary(max_size=50), st.sampled_from(["us-east-1", "us-gov-west-1"]), tokens)
def test_it_signs_as_the_library_of_aws_does(name: str, body: bytes, region: str, token: str) -> None:
    """Ids of models have colons, whose double encoding is the usual mistake."""
    auth = pytest.importorskip("botocore.auth")
    url = f"https://bedrock-runtime.{region}.amazonaws.com/model/{name.replace(':', '%3A')}/converse?b=2&a=1"
    asked = pytest.importorskip("botocore.awsrequest").AWSRequest("POST", url, data=body)
    credentials = pytest.importorskip("botocore.credentials").Credentials(
        KEYS.access_key, KEYS.secret_key, token or None
    )
    auth.SigV4Auth(credentials, "bedrock", region).add_auth(asked)
    theirs = dict(asked.headers.items())
    told = theirs.pop("Authorization")

    ours = Request("POST", url, theirs)

    assert authorization(ours, body, KEYS, service="bedrock", region=region) == told


def test_a_key_that_is_empty_is_a_mistake_and_no_reason_to_use_the_role() -> None:
    """Who leaves his key out must not call with the rights of the machine."""
    settings = {"service": "bedrock", "region": "us-east-1", "access_key": "", "secret_key": "x"}
    with pytest.raises(InvokeAuthorizationError, match="access_key"):
        make(settings)
    assert "secret-0123" not in repr(make({**settings, "access_key": "a", "secret_key": "secret-0123"}))


def transport(clock: Any = time.time) -> Transport:
    """Return a transport that waits for nothing."""
    return Transport(TransportSettings(retries=0, trust_env=False), clock=clock)


def signed(upstream: FakeUpstream, signer: SigV4) -> Request:
    """Return a signed request for the catalogue."""
    return Request("GET", f"{upstream.url}/foundation-models", signer=signer, idempotent=True)


async def test_a_clock_that_is_wrong_is_set_by_the_answer_and_stays_set() -> None:
    """A laptop that slept is minutes off; AWS refuses what is five minutes old, and says what time it is."""
    signer = SigV4("bedrock", "us-east-1", AwsKeys(ACCESS_KEY, "test-key"))
    async with BedrockUpstream() as upstream, transport() as late:
        upstream.clock = lambda: time.time() + 3600
        await late.json(signed(upstream, signer))
        await late.json(signed(upstream, signer))

        assert len(upstream.requests) == 3  # the refused one, the same with the right time, the next


async def test_a_wrong_key_is_refused_once() -> None:
    """The clock was right: nothing was mended, and another attempt would be refused too."""
    signer = SigV4("bedrock", "us-east-1", AwsKeys(ACCESS_KEY, "wrong-key-0123456789"))
    async with BedrockUpstream() as upstream, transport() as sender:
        with pytest.raises(InvokeAuthorizationError) as caught:
            await sender.json(signed(upstream, signer))

        assert len(upstream.requests) == 1
        assert "wrong-key" not in str(caught.value)


async def test_a_session_token_goes_along_and_is_signed() -> None:
    """Temporary keys are worth nothing without it."""
    keys = AwsKeys(ACCESS_KEY, "test-key", "the-session-token")
    async with BedrockUpstream() as upstream, transport() as sender:
        upstream.session_token = keys.session_token
        await sender.json(signed(upstream, SigV4("bedrock", "us-east-1", keys)))

        told = upstream.requests[0].headers["authorization"]
        assert "SignedHeaders=host;x-amz-date;x-amz-security-token" in told


async def test_a_body_is_signed_as_it_goes_over_the_wire() -> None:
    """A signature over other bytes than those sent is refused."""
    signer = SigV4("bedrock", "us-east-1", AwsKeys(ACCESS_KEY, "test-key"))
    body = {"inputText": "Grüße 你好"}
    async with BedrockUpstream() as upstream, transport() as sender:
        url = f"{upstream.url}/model/amazon.titan-embed-text-v2%3A0/invoke"
        answer = await sender.json(Request("POST", url, json=body, signer=signer))

        assert len(answer["embedding"]) == 1024


# roles


@pytest.fixture
def role(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[pytest.MonkeyPatch]:
    """Leave no way to credentials but those that a test opens."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield monkeypatch


def container(token: str, lives: timedelta) -> dict[str, str]:
    """Return what a container's credential service answers."""
    return {
        "AccessKeyId": ACCESS_KEY,
        "SecretAccessKey": "test-key",
        "Token": token,
        "Expiration": (datetime.now(UTC) + lives).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


ROLE = SigV4("bedrock", "us-east-1")


async def test_fifty_calls_at_once_ask_for_the_roles_keys_once(role: pytest.MonkeyPatch) -> None:
    """The credential services of AWS answer slowly, and throttle."""
    pytest.importorskip("botocore")
    async with FakeUpstream(key=None) as service, BedrockUpstream() as upstream, transport() as sender:
        role.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{service.url}/creds")
        service.will_answer(container("token-1", timedelta(hours=6)), times=None)
        upstream.session_token = "token-1"

        await asyncio.gather(*(sender.json(signed(upstream, ROLE)) for _ in range(50)))

        assert len(service.requests) == 1
        assert len(upstream.requests) == 50


async def test_keys_that_expired_before_their_time_are_asked_for_again(role: pytest.MonkeyPatch) -> None:
    """A session can be revoked; the answer names it, and the next keys are good."""
    pytest.importorskip("botocore")
    async with FakeUpstream(key=None) as service, BedrockUpstream() as upstream, transport() as sender:
        role.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{service.url}/creds")
        service.will_answer(container("token-1", timedelta(hours=6)))
        service.will_answer(container("token-2", timedelta(hours=6)), times=None)
        upstream.session_token = "token-2"

        await sender.json(signed(upstream, ROLE))

        assert len(service.requests) == 2


async def test_keys_are_asked_for_again_before_they_expire(role: pytest.MonkeyPatch) -> None:
    """What is signed with a key that ends while the request travels is refused."""
    pytest.importorskip("botocore")
    ticks = [0.0]
    bench = Bench(Tokens(lambda: ticks[0]), time.time, _nothing)
    async with FakeUpstream(key=None) as service:
        role.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{service.url}/creds")
        service.will_answer(container("token", timedelta(minutes=20)), times=None)
        for ticks[0] in (0.0, 400.0, 700.0, 800.0):
            request = await ROLE.sign(Request("GET", "https://example.com/"), b"", bench)

        assert request.headers["X-Amz-Security-Token"] == "token"
        assert len(service.requests) == 2


async def test_a_credential_service_that_fails_is_told_without_a_traceback(role: pytest.MonkeyPatch) -> None:
    """Whoever set the role up has to know that it is the role, not Bedrock."""
    pytest.importorskip("botocore")
    role.setattr("botocore.utils.ContainerMetadataFetcher.SLEEP_TIME", 0)
    async with FakeUpstream(key=None) as service:
        role.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{service.url}/creds")
        service.will_fail(faults.status(500), times=None)
        with pytest.raises(InvokeAuthorizationError, match="role"):
            await ROLE.sign(Request("GET", "https://example.com/"), b"", Bench(Tokens(), time.time, _nothing))


async def test_a_machine_without_a_role_says_so(role: pytest.MonkeyPatch) -> None:
    """The form's default is the role: the message has to lead to the other ways."""
    pytest.importorskip("botocore")
    with pytest.raises(InvokeAuthorizationError, match=r"no IAM role was found.*give access keys"):
        await ROLE.sign(Request("GET", "https://example.com/"), b"", Bench(Tokens(), time.time, _nothing))


async def test_without_the_extra_the_message_names_it(role: pytest.MonkeyPatch) -> None:
    """AWS's library is large: only those whose role signs install it."""
    role.setitem(sys.modules, "botocore.session", None)
    with pytest.raises(InvokeAuthorizationError, match=r"modelbay\[aws\]"):
        await ROLE.sign(Request("GET", "https://example.com/"), b"", Bench(Tokens(), time.time, _nothing))


def test_a_403_that_says_nothing_of_time_or_token_mends_nothing() -> None:
    """A denied action stays denied."""
    bench = Bench(Tokens(), time.time, _nothing)
    date = {"date": formatdate(time.time(), usegmt=True)}
    for signer in (ROLE, replace(ROLE, keys=KEYS)):
        assert not signer.refused(403, {**date, "x-amzn-errortype": "AccessDeniedException"}, bench)
        assert not signer.refused(429, {"x-amzn-errortype": "ExpiredTokenException"}, bench)


async def _nothing(request: Request) -> Any:
    raise AssertionError("a signature needs no request of ours")
