"""Application Default Credentials: the identity that the machine itself has at Google.

The library `google-auth` finds them: the file that GOOGLE_APPLICATION_CREDENTIALS names, a developer's
login, workload identity, the metadata server. It is the extra `modelbay[google]`, loaded only when used.
Source: https://cloud.google.com/docs/authentication/application-default-credentials (read 2026-11-21).
"""

from __future__ import annotations

import asyncio
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any, ClassVar

from modelbay.errors import InvokeAuthorizationError
from modelbay.wires.request import Request
from modelbay.wires.signing import Bench, Token

_LIFE = 3600.0  # seconds, where the credentials do not say
_PATIENCE = 30  # seconds


@dataclass(frozen=True, slots=True)
class GoogleDefault:
    """Asks for a token once, on a thread of its own, and adds it to every request until it ends."""

    scope: str
    presents_machine: ClassVar[bool] = True

    async def sign(self, request: Request, body: bytes, bench: Bench) -> Request:
        """Return the request with the token."""
        token = await bench.token(self._key(), lambda: asyncio.to_thread(_fetched, self.scope))
        return replace(request, headers={**request.headers, "Authorization": f"Bearer {token}"})

    def refused(self, status: int, headers: Mapping[str, str], bench: Bench) -> bool:
        """Forget the token: it may have been withdrawn before its time."""
        if status != 401:
            return False
        bench.drop(self._key())
        return True

    def _key(self) -> str:
        return f"google default {self.scope}"


def _fetched(scope: str) -> Token:
    try:
        import google.auth  # noqa: PLC0415 - an optional extra
        from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise InvokeAuthorizationError(
            "there is no service account key, and the machine's own identity needs an extra: "
            "give the key, or install modelbay[google]"
        ) from None
    send: Any = _send  # the library's own type for it is a class
    try:
        found: Any = google.auth.default(scopes=[scope], request=send)[0]
        found.refresh(send)
    except GoogleAuthError as error:
        raise InvokeAuthorizationError(
            f"there is no service account key, and the machine has no identity of its own: {error}"
        ) from None
    return Token(str(found.token), _seconds_until(found.expiry))


def _seconds_until(expiry: Any) -> float:
    """Return how long a token is good for; the library gives its end as a time in UTC without a zone."""
    return max(1.0, expiry.replace(tzinfo=UTC).timestamp() - time.time()) if expiry else _LIFE


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer as the library wants it."""

    status: int
    headers: Any
    data: bytes


def _send(
    url: str,
    method: str = "GET",
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    timeout: float | None = None,
    **_: Any,
) -> _Answer:
    """Send what the library asks: it is synchronous, and reads more of an answer than signers get."""
    from google.auth.exceptions import TransportError  # noqa: PLC0415 - an optional extra

    data = body.encode() if isinstance(body, str) else body
    request = urllib.request.Request(url, data, dict(headers or {}), method=method)  # noqa: S310 - the library's
    try:
        with urllib.request.urlopen(request, timeout=timeout or _PATIENCE) as answer:  # noqa: S310 - see above
            return _Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as refusal:
        with refusal:
            return _Answer(refusal.code, refusal.headers, refusal.read())
    except OSError as error:
        failure: Any = TransportError
        raise failure(str(error)) from None
