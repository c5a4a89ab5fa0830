"""The identity that Azure gives a machine or an app: a token from a service next to it, without any secret.

Settings: `resource`, for which the token is; `client_id`, if the machine has several identities.
App Service and its kin say in `IDENTITY_ENDPOINT` and `IDENTITY_HEADER` where their service is. Elsewhere it
is the instance metadata service, at an address that only the machine itself reaches; this module alone calls
it. `AZURE_POD_IDENTITY_AUTHORITY_HOST` names another place for it, as for Azure's own library.
Source: azure-identity 1.27.0 (read 2026-11-21).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar
from urllib.parse import urlencode

from modelbay.errors import InvokeAuthorizationError, InvokeBadRequestError, InvokeConnectionError
from modelbay.wires.request import Request, Timeouts
from modelbay.wires.signing import Bench, Token, required
from modelbay.wires.signing.answers import token_in

METADATA = "http://169.254.169.254"
_METADATA_PATH = "/metadata/identity/oauth2/token"
_LIFE = 3600.0  # seconds, where the answer does not say
# Outside of Azure nothing answers at that address, and nobody wants to wait for it.
_TIMEOUTS = Timeouts(connect=2.0, first_byte=30.0, idle=30.0, total=60.0)


def make(settings: Mapping[str, str]) -> ManagedIdentity:
    """Return the signer."""
    (resource,) = required(settings, "resource")
    place, secret = os.environ.get("IDENTITY_ENDPOINT", ""), os.environ.get("IDENTITY_HEADER", "")
    host = os.environ.get("AZURE_POD_IDENTITY_AUTHORITY_HOST") or METADATA
    if place and secret:
        return ManagedIdentity(resource, settings.get("client_id", ""), place, secret)
    return ManagedIdentity(resource, settings.get("client_id", ""), host.rstrip("/") + _METADATA_PATH)


@dataclass(frozen=True, slots=True)
class ManagedIdentity:
    """Fetches a token once and adds it to every request until it ends; `secret` is for an app's service."""

    resource: str
    client_id: str
    place: str
    secret: str = field(default="", repr=False)
    presents_machine: ClassVar[bool] = True

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
        try:
            answer = await bench.send(self._request())
        except InvokeConnectionError as error:
            raise InvokeAuthorizationError(
                f"no managed identity can be asked for here: {error.description}. It is there on Azure only"
            ) from None
        except InvokeBadRequestError as error:
            raise InvokeAuthorizationError(
                f"this machine was given no such managed identity: {error.description}", status=error.status
            ) from None
        return token_in(_with_seconds(answer, bench.now()), _LIFE)

    def _request(self) -> Request:
        asked = {
            "api-version": "2019-08-01" if self.secret else "2018-02-01",
            "resource": self.resource,
        }
        if self.client_id:
            asked["client_id"] = self.client_id
        headers = {"X-IDENTITY-HEADER": self.secret} if self.secret else {"Metadata": "true"}
        url = f"{self.place}?{urlencode(asked)}"
        return Request("GET", url, headers=headers, idempotent=True, timeouts=_TIMEOUTS, to_machine=True)

    def _key(self) -> str:
        said = "\0".join(("azure", self.place, self.resource, self.client_id))
        return hashlib.sha256(said.encode()).hexdigest()


def _with_seconds(answer: object, now: float) -> object:
    """Return the answer with the seconds that its token is good for; an app's service says until when."""
    if not isinstance(answer, dict) or answer.get("expires_in"):
        return answer
    until = str(answer.get("expires_on", ""))
    return {**answer, "expires_in": float(until) - now} if until.isdecimal() else answer
