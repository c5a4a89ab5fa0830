"""A temporary key of Volcengine Ark, given for an access key and its secret.

Settings: `access_key`, `secret_key`, `region`; `resource`, the endpoint or model that the key is for; and
`openapi`, where the cloud's control plane is not at Volcengine's own address (BytePlus).
The request for the key is signed by the cloud's scheme, which is AWS's version 4 but for names and prefix.
Source: volcengine-python-sdk 5.0.54, `GetApiKey` of Ark (read 2026-11-21).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import orjson

from modelbay.errors import InvokeAuthorizationError
from modelbay.wires import failures
from modelbay.wires.request import Request
from modelbay.wires.signing import Bench, Token, required

OPENAPI = "https://open.volcengineapi.com"
_QUERY = "Action=GetApiKey&Version=2024-01-01"  # in the order in which it is signed
_LIFE = 604_800  # seconds that a key is asked for: what the SDK asks
_SIGNED = "content-type;host;x-content-sha256;x-date"
_KINDS = {"ep-": "endpoint", "bot-": "bot"}


def make(settings: Mapping[str, str]) -> VolcApiKey:
    """Return the signer."""
    access, secret, resource = required(settings, "access_key", "secret_key", "resource")
    region, openapi = settings.get("region") or "cn-beijing", settings.get("openapi") or OPENAPI
    return VolcApiKey(access.strip(), secret.strip(), region, resource, openapi.rstrip("/"))


@dataclass(frozen=True, slots=True)
class VolcApiKey:
    """Fetches a key once and adds it to every request until it ends."""

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    region: str
    resource: str
    openapi: str = OPENAPI

    async def sign(self, request: Request, body: bytes, bench: Bench) -> Request:
        """Return the request with the key."""
        key = await bench.token(self._place(), lambda: self._fetch(bench))
        return replace(request, headers={**request.headers, "Authorization": f"Bearer {key}"})

    def refused(self, status: int, headers: Mapping[str, str], bench: Bench) -> bool:
        """Forget the key: it may have been withdrawn before its time."""
        if status != 401:
            return False
        bench.drop(self._place())
        return True

    def headers_at(self, body: bytes, seconds: float) -> dict[str, str]:
        """Return the headers that sign a request for a key at a time, in seconds since 1970."""
        date = datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%dT%H%M%SZ")
        digest = hashlib.sha256(body).hexdigest()
        host = urlsplit(self.openapi).netloc
        lines = f"content-type:application/json\nhost:{host}\nx-content-sha256:{digest}\nx-date:{date}\n"
        canonical = "\n".join(["POST", "/", _QUERY, lines, _SIGNED, digest])
        scope = f"{date[:8]}/{self.region}/ark/request"
        hashed = hashlib.sha256(canonical.encode()).hexdigest()
        mark = _hmac(self._signing_key(date[:8]), "\n".join(["HMAC-SHA256", date, scope, hashed])).hex()
        return {
            "Content-Type": "application/json",
            "X-Content-Sha256": digest,
            "X-Date": date,
            "Authorization": (
                f"HMAC-SHA256 Credential={self.access_key}/{scope}, SignedHeaders={_SIGNED}, Signature={mark}"
            ),
        }

    async def _fetch(self, bench: Bench) -> Token:
        body = orjson.dumps(self._asked())
        now = bench.now()
        request = Request(
            "POST",
            f"{self.openapi}/?{_QUERY}",
            headers=self.headers_at(body, now),
            content=body,
            idempotent=True,
        )
        return _key_in(await bench.send(request), now)

    def _asked(self) -> dict[str, Any]:
        kind = next((kind for start, kind in _KINDS.items() if self.resource.startswith(start)), None)
        asked = {
            "DurationSeconds": _LIFE,
            "ResourceType": kind or "presetendpoint",
            "ResourceIds": [self.resource],
        }
        # A model that is called by its own name belongs to a project, and every account has this one.
        return asked if kind else {**asked, "ProjectName": "default"}

    def _signing_key(self, day: str) -> bytes:
        key = _hmac(self.secret_key.encode(), day)
        for part in (self.region, "ark", "request"):
            key = _hmac(key, part)
        return key

    def _place(self) -> str:
        parts = ("volc", self.openapi, self.access_key, self.secret_key, self.region, self.resource)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _key_in(answer: Any, now: float) -> Token:
    """Return the key of an answer; it says until when it is good, in seconds since 1970."""
    result = answer.get("Result") if isinstance(answer, dict) else None
    key = result.get("ApiKey") if isinstance(result, dict) else None
    if not isinstance(key, str) or not key:
        raise InvokeAuthorizationError(f"no key was given for the access key: {_said(answer)}")
    until = result.get("ExpiredTime") if isinstance(result, dict) else None
    life = until - now if isinstance(until, int | float) else _LIFE
    return Token(key, life if life > 0 else _LIFE)


def _said(answer: Any) -> str:
    metadata = answer.get("ResponseMetadata") if isinstance(answer, dict) else None
    found = metadata.get("Error") if isinstance(metadata, dict) else None
    return failures.message_of(found) or "the answer has none"
