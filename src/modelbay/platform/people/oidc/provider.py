"""A provider of OpenID Connect: what it says of itself, its keys, and what it gives for a code."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlencode

from modelbay.errors import InvokeBadRequestError, InvokeError, InvokeServerUnavailableError
from modelbay.platform.people.oidc.settings import OidcSettings, is_safe
from modelbay.platform.people.refusals import SignInRefusedError
from modelbay.wires.request import Request, Timeouts
from modelbay.wires.settings import TransportSettings
from modelbay.wires.transport import Transport

TRANSPORT: Final = TransportSettings(
    timeouts=Timeouts(connect=10.0, first_byte=15.0, idle=15.0, total=20.0), retries=1, max_answer=2**20
)
_KEPT: Final = 3600.0  # seconds for which what a provider says of itself is remembered
_NEEDED: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_BASIC, _POST = "client_secret_basic", "client_secret_post"
_CLIENT_UNKNOWN: Final = "invalid_client"


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a provider says of itself. `userinfo` is "" if it tells nothing there."""

    authorization: str
    token: str
    jwks: str
    userinfo: str
    methods: Sequence[str]
    names_itself: bool
    """Whether it says who it is when it sends people back (RFC 9207)."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a provider gives for a code."""

    id_token: str = field(repr=False)
    access_token: str = field(repr=False)


class OidcProvider:
    """Talks to one provider."""

    def __init__(
        self,
        settings: OidcSettings,
        reach: TransportSettings | None = None,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Use a provider.

        Args:
            reach: How it is called; without it, within twenty seconds, and trying once more.
        """
        self.settings = settings
        self._reach = TRANSPORT if reach is None else reach
        self._now = now
        self._lock = asyncio.Lock()
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, Sequence[Mapping[str, Any]]] | None = None

    async def metadata(self) -> Metadata:
        """Return what the provider says of itself.

        Raises:
            InvokeServerUnavailableError: It says nothing, or nothing that can be trusted.
        """
        async with self._lock:
            if self._metadata is None or self._now() - self._metadata[0] > _KEPT:
                self._metadata = (self._now(), self._read(await self._get(self.settings.discovery)))
            return self._metadata[1]

    async def keys(self, *, anew: bool = False) -> Sequence[Mapping[str, Any]]:
        """Return the provider's public keys; `anew` asks for them even if they are remembered."""
        place = (await self.metadata()).jwks
        async with self._lock:
            if anew or self._keys is None or self._now() - self._keys[0] > _KEPT:
                found = (await self._get(place)).get("keys")
                keys = [key for key in found if isinstance(key, dict)] if isinstance(found, list) else []
                self._keys = (self._now(), keys)
            return self._keys[1]

    async def exchange(self, code: str, *, verifier: str, redirect: str) -> Tokens:
        """Return what the provider gives for a code, which is good once.

        Raises:
            SignInRefusedError: The code is not good.
            InvokeServerUnavailableError: The provider does not answer, or does not know this gateway.
        """
        metadata = await self.metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect,
            "client_id": self.settings.client_id,
            "code_verifier": verifier,
        }
        headers, more = self._proof(metadata)
        request = Request(
            "POST",
            metadata.token,
            headers={**headers, "content-type": "application/x-www-form-urlencoded"},
            content=urlencode(form | more).encode(),
        )
        try:
            given = await self._send(request)
        except InvokeBadRequestError as error:
            if error.status != 400 or _CLIENT_UNKNOWN in error.description:
                raise _unavailable("it does not know this gateway") from None
            raise SignInRefusedError("the code is not good, or not any more") from None
        except InvokeError as error:
            raise _unavailable(_shown(error)) from None
        if not isinstance(given, dict) or not isinstance(given.get("id_token"), str):
            raise _unavailable("it gives no ID token")
        access = given.get("access_token")
        return Tokens(given["id_token"], access if isinstance(access, str) else "")

    async def userinfo(self, access_token: str) -> Mapping[str, Any]:
        """Return what the provider tells of a person beyond the ID token; nothing if it tells nothing."""
        place = (await self.metadata()).userinfo
        if not place or not access_token:
            return {}
        return await self._get(place, {"authorization": f"Bearer {access_token}"})

    def _proof(self, metadata: Metadata) -> tuple[dict[str, str], dict[str, str]]:
        """Return the headers and fields that prove who we are."""
        try:
            secret = self.settings.secret()
        except ValueError as error:
            raise _unavailable(f"client_secret: {error}") from None
        if not secret:
            return {}, {}
        if _BASIC not in metadata.methods and _POST in metadata.methods:
            return {}, {"client_secret": secret}
        pair = f"{quote(self.settings.client_id, safe='')}:{quote(secret, safe='')}"
        return {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}, {}

    def _read(self, said: Mapping[str, Any]) -> Metadata:
        if said.get("issuer") != self.settings.issuer:
            raise _unavailable("it calls itself otherwise than issuer in gateway.yaml")
        places = [said.get(name) for name in _NEEDED]
        for name, value in zip(_NEEDED, places, strict=True):
            if not isinstance(value, str) or not is_safe(value):
                raise _unavailable(f"its {name} is no https:// address")
        authorization, token, jwks = map(str, places)
        userinfo, methods = said.get("userinfo_endpoint"), said.get("token_endpoint_auth_methods_supported")
        return Metadata(
            authorization,
            token,
            jwks,
            userinfo=userinfo if isinstance(userinfo, str) and is_safe(userinfo) else "",
            methods=methods if isinstance(methods, list) else (_BASIC,),
            names_itself=said.get("authorization_response_iss_parameter_supported") is True,
        )

    async def _get(self, url: str, headers: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        request = Request(
            "GET", url, headers={"accept": "application/json", **(headers or {})}, idempotent=True
        )
        try:
            found = await self._send(request)
        except InvokeError as error:
            raise _unavailable(_shown(error)) from None
        if not isinstance(found, dict):
            raise _unavailable("its answer is no JSON object")
        return found

    async def _send(self, request: Request) -> Any:
        async with Transport(self._reach) as transport:  # of its own: people sign in seldom
            return await transport.json(request)


def _shown(error: InvokeError) -> str:
    return f"it answers {error.status}" if error.status else "it cannot be reached"


def _unavailable(why: str) -> InvokeServerUnavailableError:
    """Return the error for a sign-in that cannot go on, whoever it is."""
    return InvokeServerUnavailableError(f"the provider of sign-ins cannot be used now: {why}")
