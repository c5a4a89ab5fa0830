"""Google's service accounts: a signed claim (RFC 7523) for an access token that expires.

Settings: `key` is the account's key file, as JSON or as base64 of it; `scope` is what the token is for.
Without a key the Application Default Credentials of the machine are taken (`google_default`).
Source: https://developers.google.com/identity/protocols/oauth2/service-account (read 2026-11-21).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

import orjson

from modelbay.errors import InvokeAuthorizationError, InvokeBadRequestError
from modelbay.wires.request import Request
from modelbay.wires.signing import Bench, Signer, Token
from modelbay.wires.signing.answers import token_in
from modelbay.wires.signing.google_default import GoogleDefault

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFE = 3600  # seconds, the most that a claim may ask for
_BACKDATED = 60  # seconds by which our clock may be ahead of Google's


def make(settings: Mapping[str, str]) -> Signer:
    """Return the signer; without a key, of the machine's own identity."""
    scope = settings.get("scope") or _SCOPE
    key = (settings.get("key") or "").strip()
    return ServiceAccount(_account_of(key), scope) if key else GoogleDefault(scope)


@dataclass(frozen=True, slots=True)
class Account:
    """What a key file says."""

    email: str
    key_id: str
    token_uri: str
    private_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """Exchanges a claim for a token once, and adds the token to every request until it ends."""

    account: Account
    scope: str = _SCOPE

    async def sign(self, request: Request, body: bytes, bench: Bench) -> Request:
        """Return the request with the token."""
        token = await bench.token(self._key(), lambda: self._fetch(bench))
        return replace(request, headers={**request.headers, "Authorization": f"Bearer {token}"})

    def refused(self, status: int, headers: Mapping[str, str], bench: Bench) -> bool:
        """Forget the token: it may have been withdrawn before its time."""
        if status != 401:
            return False
        bench.drop(self._key())
        return True

    async def _fetch(self, bench: Bench) -> Token:
        asked = {"grant_type": _GRANT, "assertion": claim(self.account, self.scope, int(bench.now()))}
        request = Request(
            "POST",
            self.account.token_uri,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            content=urlencode(asked).encode(),
            idempotent=True,
        )
        try:
            return token_in(await bench.send(request), _LIFE)
        except InvokeBadRequestError as error:  # 400 `invalid_grant`: the key is gone, or the clock is wrong
            said = f"no token was given for the service account {self.account.email}: {error.description}"
            raise error.told_as(InvokeAuthorizationError, said) from None

    def _key(self) -> str:
        account = self.account
        said = "\0".join((account.token_uri, account.email, account.private_key, self.scope))
        return hashlib.sha256(said.encode()).hexdigest()


def claim(account: Account, scope: str, now: int) -> str:
    """Return the signed claim: header, claims and RS256 signature, each as base64url without padding."""
    issued = now - _BACKDATED
    header: dict[str, Any] = {"alg": "RS256", "typ": "JWT"}
    if account.key_id:
        header["kid"] = account.key_id
    claims = {
        "iss": account.email,
        "scope": scope,
        "aud": account.token_uri,
        "iat": issued,
        "exp": issued + _LIFE,
    }
    text = b".".join(map(_encoded, (orjson.dumps(header), orjson.dumps(claims))))
    return b".".join((text, _encoded(_signature(account, text)))).decode()


def _signature(account: Account, text: bytes) -> bytes:
    # Loaded when a token is due: an hour of calls shares one, and importing it takes as long as a call.
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        key = load_pem_private_key(account.private_key.encode(), password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise _unusable("its 'private_key' is not an RSA key in PEM form")
    return key.sign(text, PKCS1v15(), SHA256())


def _account_of(key: str) -> Account:
    """Read a key file; InvokeAuthorizationError says what is wrong with it, and quotes nothing."""
    try:
        said = orjson.loads(key if key.startswith("{") else base64.b64decode(key, validate=True))
    except (binascii.Error, ValueError):
        raise _unusable("it is neither JSON nor base64 of JSON") from None
    if not isinstance(said, dict):
        raise _unusable("it is not a JSON object")
    for name in ("client_email", "private_key"):
        if not isinstance(said.get(name), str) or not said[name]:
            raise _unusable(f"it has no '{name}'")
    token_uri = str(said.get("token_uri") or _TOKEN_URI)
    return Account(
        said["client_email"], str(said.get("private_key_id") or ""), token_uri, said["private_key"]
    )


def _unusable(why: str) -> InvokeAuthorizationError:
    return InvokeAuthorizationError(
        f"the service account key cannot be used: {why}. Give the JSON key file, or base64 of it."
    )


def _encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
