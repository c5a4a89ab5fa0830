"""A bearer token of Baidu AI Cloud, given for an access key and its secret.

Settings: `access_key`, `secret_key`, and `token_url` where the token is not asked for at Baidu's own address.
The request for the token is signed by the cloud's scheme, BCE authentication version 1.
Sources: the official SDKs, qianfan 0.4.12.3 and bce-python-sdk 0.9.79 (read 2026-11-21).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from modelbay.wires.request import Request
from modelbay.wires.signing import Bench, Token, required
from modelbay.wires.signing.answers import token_in

TOKEN_URL = "https://iam.bj.baidubce.com/v1/BCE-BEARER/token"  # noqa: S105 - an address
_LIFE = 43_200  # seconds that a token is asked for: what the SDK asks
_SIGNATURE_LIFE = 1800  # seconds that the request for it may be under way


def make(settings: Mapping[str, str]) -> BceToken:
    """Return the signer."""
    access_key, secret_key = required(settings, "access_key", "secret_key")
    return BceToken(access_key.strip(), secret_key.strip(), settings.get("token_url") or TOKEN_URL)


@dataclass(frozen=True, slots=True)
class BceToken:
    """Fetches a token once and adds it to every request until it ends."""

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    token_url: str = TOKEN_URL

    async def sign(self, request: Request, body: bytes, bench: Bench) -> Request:
        """Return the request with the token."""
        token = await bench.token(self._place(), lambda: self._fetch(bench))
        return replace(request, headers={**request.headers, "Authorization": f"Bearer {token}"})

    def refused(self, status: int, headers: Mapping[str, str], bench: Bench) -> bool:
        """Forget the token: it may have been withdrawn before its time."""
        if status != 401:
            return False
        bench.drop(self._place())
        return True

    def headers_at(self, url: str, seconds: float) -> dict[str, str]:
        """Return the headers that sign a request to get `url` at a time, in seconds since 1970."""
        date = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        parts = urlsplit(url)
        signed = {"host": parts.netloc, "x-bce-date": date}
        prefix = f"bce-auth-v1/{self.access_key}/{date}/{_SIGNATURE_LIFE}"
        mark = _hex(_hex(self.secret_key, prefix), _canonical(url, signed))
        authorization = f"{prefix}/{';'.join(signed)}/{mark}"
        return {"x-bce-date": date, "Authorization": authorization}

    async def _fetch(self, bench: Bench) -> Token:
        url = f"{self.token_url}?expireInSeconds={_LIFE}"
        headers = self.headers_at(url, bench.now())
        answer: Any = await bench.send(Request("GET", url, headers=headers, idempotent=True))
        return token_in(answer, _LIFE, name="token")

    def _place(self) -> str:
        said = "\0".join(("bce", self.token_url, self.access_key, self.secret_key))
        return hashlib.sha256(said.encode()).hexdigest()


def _canonical(url: str, headers: Mapping[str, str]) -> str:
    """Return the form of a request that is signed."""
    parts = urlsplit(url)
    query = sorted(
        f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in parse_qsl(parts.query)
    )
    lines = sorted(
        f"{quote(name, safe='')}:{quote(value.strip(), safe='')}" for name, value in headers.items()
    )
    return "\n".join(["GET", quote(parts.path, safe="/-_.~"), "&".join(query), *lines])


def _hex(key: str, text: str) -> str:
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()
