"""A signature in the address: HMAC-SHA256 of host, date and request line (iFLYTEK).

Settings: `key`, `secret`. The upstream refuses a date that is some minutes off; what its own clock says, it
tells with the refusal. Source: iFLYTEK's page on the signature of websocket addresses (read 2026-11-21).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from urllib.parse import urlencode, urlsplit

from modelbay.wires.request import Request
from modelbay.wires.signing import Bench, required

_REFUSALS = (401, 403)


def make(settings: Mapping[str, str]) -> HmacUrl:
    """Return the signer."""
    key, secret = required(settings, "key", "secret")
    return HmacUrl(key.strip(), secret.strip())


@dataclass(frozen=True, slots=True)
class HmacUrl:
    """Signs the address of every request anew: a signature is good for one connection."""

    key: str = field(repr=False)
    secret: str = field(repr=False)

    async def sign(self, request: Request, body: bytes, bench: Bench) -> Request:
        """Return the request with the signature in its query."""
        return replace(request, url=self.signed(request.method, request.url, bench.now()))

    def refused(self, status: int, headers: Mapping[str, str], bench: Bench) -> bool:
        """Learn the upstream's time."""
        return status in _REFUSALS and bench.learn(headers.get("date"))

    def signed(self, method: str, url: str, seconds: float) -> str:
        """Return the address as it is signed at a time, in seconds since 1970."""
        parts = urlsplit(url)
        host, date = parts.hostname or "", formatdate(seconds, usegmt=True)
        lines = f"host: {host}\ndate: {date}\n{method} {parts.path or '/'} HTTP/1.1"
        mark = hmac.new(self.secret.encode(), lines.encode(), hashlib.sha256).digest()
        said = (
            f'api_key="{self.key}", algorithm="hmac-sha256", headers="host date request-line", '
            f'signature="{_text(mark)}"'
        )
        query = urlencode({"authorization": _text(said.encode()), "date": date, "host": host})
        return f"{url}{'&' if parts.query else '?'}{query}"


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
