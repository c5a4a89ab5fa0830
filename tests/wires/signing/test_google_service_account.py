"""Google's service accounts: the claim that is signed, the token it is exchanged for, and no key at all."""

from __future__ import annotations

import asyncio
import base64
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from tests.upstreams.vertex import PROJECT, VertexUpstream, key_file
from tests.wires.signing.rsa_keys import private_pem, rsa_key

from modelbay.errors import InvokeAuthorizationError
from modelbay.wires.request import Request
from modelbay.wires.settings import TransportSettings
from modelbay.wires.signing import signer_of
from modelbay.wires.signing.google_service_account import Account, claim
from modelbay.wires.transport import Transport

SCHEME = "google_service_account"
SETTINGS = TransportSettings(trust_env=False, retries=0)
PATH = f"/v1/projects/{PROJECT}/locations/global/publishers/google/models/gemini-3.5-flash:countTokens"
BODY = {"contents": [{"role": "user", "parts": [{"text": "ping"}]}]}


async def count(transport: Transport, upstream: VertexUpstream, key: str) -> Any:
    """Make a call that needs a token."""
    signer = signer_of(SCHEME, {"key": key})
    return await transport.json(Request("POST", upstream.url + PATH, json=BODY, signer=signer))


def decoded(text: str) -> bytes:
    """Return what base64url without padding says."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_a_claim_says_who_asks_for_what_and_is_signed_by_the_account() -> None:
    """Header and claims as RFC 7519 and Google's documentation have them; the signature is RS256."""
    account = Account("a@b.example", "key-1", "https://oauth2.googleapis.com/token", private_pem())
    header, claims, signature = claim(account, "scope-1", 1_000_000).split(".")

    assert orjson.loads(decoded(header)) == {"alg": "RS256", "typ": "JWT", "kid": "key-1"}
    assert orjson.loads(decoded(claims)) == {
        "iss": "a@b.example",
        "scope": "scope-1",
        "aud": "https://oauth2.googleapis.com/token",
        "iat": 999_940,
        "exp": 1_003_540,
    }
    # Raises if the signature is not that of the key.
    rsa_key().public_key().verify(decoded(signature), f"{header}.{claims}".encode(), PKCS1v15(), SHA256())


async def test_fifty_calls_at_once_share_one_token() -> None:
    """Google limits how often a service account may ask."""
    async with VertexUpstream(key="caller") as upstream, Transport(SETTINGS) as transport:
        key = key_file(upstream, private_pem())
        answers = await asyncio.gather(*(count(transport, upstream, key) for _ in range(50)))

        assert [answer["totalTokens"] > 0 for answer in answers] == [True] * 50
        assert upstream.tokens == 1


async def test_a_key_is_taken_as_json_too() -> None:
    """Whoever pastes the file as it is means the same."""
    async with VertexUpstream(key="caller") as upstream, Transport(SETTINGS) as transport:
        text = base64.b64decode(key_file(upstream, private_pem())).decode()

        assert await count(transport, upstream, f"\n{text}\n")


async def test_a_token_that_is_refused_is_renewed_once() -> None:
    """It may have been withdrawn before its time; a second refusal is the caller's to see."""
    async with VertexUpstream(key="caller") as upstream, Transport(SETTINGS) as transport:
        key = key_file(upstream, private_pem())
        await count(transport, upstream, key)
        upstream.oldest = 2

        assert await count(transport, upstream, key)
        assert upstream.tokens == 2
        upstream.oldest = 99
        with pytest.raises(InvokeAuthorizationError):
            await count(transport, upstream, key)
        assert upstream.tokens == 3


async def test_an_account_that_gets_no_token_is_named_and_its_key_is_not() -> None:
    """The answer is 400 `invalid_grant`: a deleted key, or a clock that is wrong."""
    async with VertexUpstream(key="somebody-else") as upstream, Transport(SETTINGS) as transport:
        with pytest.raises(InvokeAuthorizationError) as caught:
            await count(transport, upstream, key_file(upstream, private_pem()))

    assert "caller@my-project.iam.gserviceaccount.com: invalid_grant: Invalid JWT." in str(caught.value)
    assert "PRIVATE" not in str(caught.value)
    assert not upstream.requests


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("no base64!", "neither JSON nor base64 of JSON"),
        ("AAAA", "neither JSON nor base64 of JSON"),
        ("{not json", "neither JSON nor base64 of JSON"),
        (base64.b64encode(b"[1]").decode(), "not a JSON object"),
        ('{"private_key": "x"}', "has no 'client_email'"),
        ('{"client_email": "a@b", "private_key": ""}', "has no 'private_key'"),
    ],
)
def test_a_key_that_is_none_is_refused_without_being_quoted(key: str, why: str) -> None:
    """What is wrong with it is said in words; a part of it could be the secret."""
    with pytest.raises(InvokeAuthorizationError, match=why) as caught:
        signer_of(SCHEME, {"key": key})
    assert key not in str(caught.value)


async def test_a_private_key_of_another_form_is_refused_when_it_is_needed() -> None:
    """Reading it takes long enough to leave it until then."""
    key = '{"client_email": "a@b.example", "private_key": "rather secret"}'
    async with VertexUpstream(key="caller") as upstream, Transport(SETTINGS) as transport:
        with pytest.raises(InvokeAuthorizationError, match="not an RSA key in PEM form") as caught:
            await count(transport, upstream, key)
    assert "rather secret" not in str(caught.value)


async def test_without_a_key_the_machines_own_identity_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GOOGLE_APPLICATION_CREDENTIALS is what Google's own clients read."""
    pytest.importorskip("google.auth")
    async with VertexUpstream(key="caller") as upstream, Transport(SETTINGS) as transport:
        file = tmp_path / "account.json"
        file.write_bytes(base64.b64decode(key_file(upstream, private_pem())))
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))

        await asyncio.gather(*(count(transport, upstream, "") for _ in range(10)))
        assert upstream.tokens == 1
        upstream.oldest = 2
        assert await count(transport, upstream, "")
        assert upstream.tokens == 2


async def test_an_identity_that_gets_no_token_is_a_matter_of_authorization(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Google's library has errors of its own."""
    pytest.importorskip("google.auth")
    async with VertexUpstream(key="somebody-else") as upstream, Transport(SETTINGS) as transport:
        file = tmp_path / "account.json"
        file.write_bytes(base64.b64decode(key_file(upstream, private_pem())))
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))

        with pytest.raises(InvokeAuthorizationError, match="no identity of its own"):
            await count(transport, upstream, "")


async def test_without_key_and_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library is needed by few, so it is not installed with the rest."""
    monkeypatch.setitem(sys.modules, "google.auth", None)
    async with VertexUpstream() as upstream, Transport(SETTINGS) as transport:
        with pytest.raises(InvokeAuthorizationError, match=r"modelbay\[google\]"):
            await count(transport, upstream, "")
