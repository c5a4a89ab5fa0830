"""A token that is made here: the key's two halves are an id and the secret that signs it (Zhipu).

Settings: `key`, as `id.secret`. The token is a JSON Web Token (RFC 7519) with HS256, whose times are in
milliseconds; it lasts 210 seconds. Source: the official SDK, zai-sdk 0.2.3 (read 2026-11-21).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from modelbay.errors import InvokeAuthorizationError
from modelbay.wires.request import Request
from modelbay.wires.signing import Bench, Token, required

_LIFE = 210  # seconds
_HEAD = {"alg": "HS256", "sign_type": "SIGN"}


def make(settings: Mapping[str, str]) -> HS256Token:
    """Return the signer."""
    (key,) = required(settings, "key")
    name, _, secret = key.strip().partition(".")
    if not name or not secret:
        raise InvokeAuthorizationError(
            "a token can only be made of a key of the form id.secret: copy it again"
        )
    return HS256Token(name, secret)


@dataclass(frozen=True, slots=True)
class HS256Token:
    """Makes a token and presents it until it ends."""

    name: str
    secret: str = field(repr=False)

    async def sign(self, request: Request, body: bytes, bench: Bench) -> Request:
        """Return the request with the token."""
        token = await bench.token(self._place(), lambda: self._made(bench))
        return replace(request, headers={**request.headers, "Authorization": f"Bearer {token}"})

    def refused(self, status: int, headers: Mapping[str, str], bench: Bench) -> bool:
        """Make another token if the refusal shows that our clock is wrong."""
        if status != 401 or not bench.learn(headers.get("date")):
            return False
        bench.drop(self._place())
        return True

    def token_at(self, seconds: float) -> str:
        """Return the token that begins at a time, in seconds since 1970."""
        begin = round(seconds * 1000)
        told = {"api_key": self.name, "exp": begin + _LIFE * 1000, "timestamp": begin}
        signed = f"{_part(_HEAD)}.{_part(told)}"
        mark = hmac.new(self.secret.encode(), signed.encode(), hashlib.sha256).digest()
        return f"{signed}.{_text(mark)}"

    async def _made(self, bench: Bench) -> Token:
        return Token(self.token_at(bench.now()), _LIFE)

    def _place(self) -> str:
        return hashlib.sha256(f"hs256\0{self.name}\0{self.secret}".encode()).hexdigest()


def _part(value: Any) -> str:
    return _text(orjson.dumps(value))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
