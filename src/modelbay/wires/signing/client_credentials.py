"""OAuth 2.0 client credentials (RFC 6749, section 4.4): an id and a secret for a token that expires.

Settings: `token_url`, `client_id`, `client_secret`, `scope`; `style` is `form` (default) or `query`, for
servers that read the request's address only; `place` is `bearer` (default) or `query:<name>`.
Sources: Microsoft Entra ID's token endpoint; Baidu's OAuth endpoint, which takes the query (read 2026-11-21).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode, urlsplit

from modelbay.errors import InvokeAuthorizationError, InvokeBadRequestError
from modelbay.wires.request import Request
from modelbay.wires.signing import Bench, Token, required
from modelbay.wires.signing.answers import token_in

_LIFE = 3600.0  # seconds, where the answer does not say


def make(settings: Mapping[str, str]) -> ClientCredentials:
    """Return the signer."""
    url, client, secret = required(settings, "token_url", "client_id", "client_secret")
    return ClientCredentials(
        url,
        client,
        secret,
        settings.get("scope", ""),
        settings.get("style") or "form",
        settings.get("place") or "bearer",
    )


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """Fetches a token once and adds it to every request until it ends."""

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str = ""
    style: str = "form"
    place: str = "bearer"

    async def sign(self, request: Request, body: bytes, bench: Bench) -> Request:
        """Return the request with the token."""
        token = await bench.token(self._key(), lambda: self._fetch(bench))
        where, _, name = self.place.partition(":")
        if where == "query":
            joint = "&" if urlsplit(request.url).query else "?"
            return replace(request, url=f"{request.url}{joint}{urlencode({name: token})}")
        return replace(request, headers={**request.headers, "Authorization": f"Bearer {token}"})

    def refused(self, status: int, headers: Mapping[str, str], bench: Bench) -> bool:
        """Forget the token: it may have been withdrawn before its time."""
        if status != 401:
            return False
        bench.drop(self._key())
        return True

    async def _fetch(self, bench: Bench) -> Token:
        asked = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }
        if self.scope:
            asked["scope"] = self.scope
        try:
            return token_in(await bench.send(self._request(urlencode(asked))), _LIFE)
        except InvokeBadRequestError as error:
            # A wrong secret is answered with 400 `invalid_client`; for the caller it is a matter of the key.
            said = f"no token was given for the client id and secret: {error.description}"
            raise error.told_as(InvokeAuthorizationError, said) from None

    def _request(self, asked: str) -> Request:
        if self.style == "query":
            return Request("POST", f"{self.token_url}?{asked}", idempotent=True)
        return Request(
            "POST",
            self.token_url,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            content=asked.encode(),
            idempotent=True,
        )

    def _key(self) -> str:
        said = "\0".join((self.token_url, self.client_id, self.client_secret, self.scope))
        return hashlib.sha256(said.encode()).hexdigest()
