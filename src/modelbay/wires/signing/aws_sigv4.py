"""AWS Signature Version 4: every request is signed with a key that is never sent.

Settings: `service`, `region`, and `access_key`, `secret_key`, perhaps `session_token`. Without settings for
keys the role of this installation signs (see `aws_role`); a setting that is there but empty is a mistake,
and no role takes its place.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html (read 2026-11-21).
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from urllib.parse import parse_qsl, quote

from modelbay.wires.http1.target import Target, target_of
from modelbay.wires.request import Request
from modelbay.wires.signing import Bench, aws_role, required
from modelbay.wires.signing.aws_role import AwsKeys

__all__ = ["SigV4", "authorization", "make"]

_ALGORITHM = "AWS4-HMAC-SHA256"
_EXPIRED = ("expiredtoken", "requestexpired", "unrecognizedclient", "invalidclienttokenid")


def make(settings: Mapping[str, str]) -> SigV4:
    """Return the signer."""
    service, region = required(settings, "service", "region")
    if "access_key" not in settings and "secret_key" not in settings:
        return SigV4(service, region)
    access_key, secret_key = (each.strip() for each in required(settings, "access_key", "secret_key"))
    token = settings.get("session_token", "").strip()
    return SigV4(service, region, AwsKeys(access_key, secret_key, token))


@dataclass(frozen=True, slots=True)
class SigV4:
    """Signs for one service in one region, with these keys or with the installation's role."""

    service: str
    region: str
    keys: AwsKeys | None = field(default=None, repr=False)

    @property
    def presents_machine(self) -> bool:
        """Whether the role of the machine signs."""
        return self.keys is None

    async def sign(self, request: Request, body: bytes, bench: Bench) -> Request:
        """Return the request with its date and signature."""
        keys = self.keys or await aws_role.keys(bench)
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(bench.now()))
        headers = {**request.headers, "X-Amz-Date": stamp}
        if keys.session_token:
            headers["X-Amz-Security-Token"] = keys.session_token
        dated = replace(request, headers=headers)
        told = authorization(dated, body, keys, service=self.service, region=self.region)
        return replace(request, headers=headers | {"Authorization": told})

    def refused(self, status: int, headers: Mapping[str, str], bench: Bench) -> bool:
        """Set the clock by the answer's date; forget a role's keys that have expired before their time."""
        if status not in (401, 403):
            return False
        if bench.learn(headers.get("date")):
            return True
        kind = headers.get("x-amzn-errortype", "").lower()
        if self.keys is not None or not kind.startswith(_EXPIRED):
            return False
        aws_role.forget(bench)
        return True


def authorization(request: Request, body: bytes, keys: AwsKeys, *, service: str, region: str) -> str:
    """Return the header for a request that has its `X-Amz-Date`.

    Signed are the host and what AWS reads of the headers: `x-amz-…`. Proxies may change the others.
    """
    target = target_of(request.url)
    headers = {"host": target.authority}
    headers |= {
        name.lower(): " ".join(value.split())
        for name, value in request.headers.items()
        if name.lower().startswith("x-amz-")
    }
    names = ";".join(sorted(headers))
    canonical = "\n".join(
        (
            request.method,
            _canonical_path(target),
            _canonical_query(target),
            *(f"{name}:{headers[name]}" for name in sorted(headers)),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        )
    )
    stamp = headers["x-amz-date"]
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    signed = "\n".join((_ALGORITHM, stamp, scope, digest))
    key = _signing_key(keys.secret_key, stamp[:8], region, service)
    signature = hmac.new(key, signed.encode(), hashlib.sha256).hexdigest()
    return f"{_ALGORITHM} Credential={keys.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"


@lru_cache(maxsize=256)
def _signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """Return the key of one day, region and service."""
    key = b"AWS4" + secret.encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _canonical_path(target: Target) -> str:
    """Return the path without dots and doubled slashes, encoded once more than it is sent."""
    path = target.path.partition("?")[0]
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    tail = "/" if kept and path.endswith("/") else ""
    return quote(f"/{'/'.join(kept)}{tail}", safe="/~")


def _canonical_query(target: Target) -> str:
    pairs = parse_qsl(target.path.partition("?")[2], keep_blank_values=True)
    encoded = sorted((quote(name, safe="~"), quote(value, safe="~")) for name, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded)
