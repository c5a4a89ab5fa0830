"""Signing in with a provider: to it with a question that only this browser can end, and back with a proof."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from modelbay.errors import InvokeServerUnavailableError
from modelbay.platform.background import BackgroundDatabase
from modelbay.platform.people import throttle
from modelbay.platform.people.oidc import attempts
from modelbay.platform.people.oidc.attempts import Attempt
from modelbay.platform.people.oidc.persons import user_for, verified_email
from modelbay.platform.people.oidc.provider import OidcProvider, Tokens
from modelbay.platform.people.oidc.settings import OidcSettings
from modelbay.platform.people.refusals import SignInRefusedError
from modelbay.platform.people.sessions import NewSession, begin
from modelbay.platform.people.signing_in import Browser
from modelbay.platform.vault import Vault
from modelbay.store import Database

CALLBACK: Final = "/api/sign-in/oidc/callback"
_UNPROVED: Final = "the provider has not proved who you are: begin again"
_log = logging.getLogger("modelbay.oidc")


@dataclass(frozen=True, slots=True)
class Departure:
    """Where a browser goes, and what it keeps meanwhile."""

    location: str
    kept: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Returned:
    """What a provider sends a browser back with, and what the browser has kept."""

    state: str = field(repr=False)
    kept: str = field(repr=False)
    code: str = field(default="", repr=False)
    error: str = ""
    issuer: str = ""


class OidcSignIn:
    """Signs people in with one provider."""

    def __init__(
        self,
        database: BackgroundDatabase,
        vault: Vault,
        provider: OidcProvider,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._vault = vault
        self._provider = provider
        self._now = now

    @property
    def settings(self) -> OidcSettings:
        """Which provider it is."""
        return self._provider.settings

    async def start(self, base: str, following: str = "/") -> Departure:
        """Begin a sign-in.

        Args:
            base: Our address as the browser knows it.
            following: The path to go to in the end; "/" in place of what leads elsewhere.

        Raises:
            InvokeServerUnavailableError: The provider cannot be used.
        """
        metadata = await self._provider.metadata()
        redirect = (self.settings.url or base) + CALLBACK
        attempt = attempts.begin(redirect=redirect, following=_path(following), now=self._now())
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": redirect,
            "scope": " ".join(self.settings.scopes),
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        joint = "&" if "?" in metadata.authorization else "?"
        kept = await self._database.run(attempts.sealed, self._vault, attempt)
        return Departure(f"{metadata.authorization}{joint}{urlencode(asked)}", kept)

    async def finish(self, returned: Returned, browser: Browser) -> tuple[NewSession, str]:
        """Begin a session for who comes back; return it and the path to go to.

        Raises:
            SignInRefusedError: Nothing is proved, or nobody here is meant.
            TooManyAttemptsError: Too many from this address.
            InvokeServerUnavailableError: The provider cannot be used.
        """
        await self._database.run(self._admit, browser.address)
        attempt = await self._database.run(
            attempts.come_back, self._vault, returned.kept, returned.state, now=self._now()
        )
        await self._check(returned)
        redirect = attempt.redirect
        tokens = await self._provider.exchange(returned.code, verifier=attempt.verifier, redirect=redirect)
        claims = await self._claims(tokens, attempt)
        user = await self._database.run(user_for, self.settings, claims, now=self._now())
        session = await self._database.run(self._begin, user.id, browser)
        return session, attempt.following

    async def _check(self, returned: Returned) -> None:
        """Refuse what comes back without a code, or from another provider than the one that was asked."""
        metadata = await self._provider.metadata()
        named = returned.issuer or (None if metadata.names_itself else self.settings.issuer)
        if named != self.settings.issuer or returned.error or not returned.code:
            _log.warning("a sign-in came back without a code, or from another provider")
            raise SignInRefusedError(_UNPROVED)

    async def _claims(self, tokens: Tokens, attempt: Attempt) -> Mapping[str, Any]:
        """Return what the provider says of a person, proved to be said by it, and in this sign-in."""
        try:
            from modelbay.platform.people.oidc import id_token  # noqa: PLC0415 - an extra, and 0.1 s
        except ImportError:
            raise InvokeServerUnavailableError("single sign-on: install modelbay[oidc]") from None
        try:
            header = id_token.header_of(tokens.id_token)
            keys = id_token.fitting(await self._provider.keys(), header)
            if not keys:  # one of today
                keys = id_token.fitting(await self._provider.keys(anew=True), header)
            claims = id_token.verified(
                tokens.id_token,
                keys,
                issuer=self.settings.issuer,
                client_id=self.settings.client_id,
                nonce=attempt.nonce,
                now=self._now(),
            )
        except id_token.TokenRefusedError as error:
            _log.warning("an ID token was refused: %s", error)
            raise SignInRefusedError(_UNPROVED) from None
        if verified_email(claims):
            return claims
        told = await self._provider.userinfo(tokens.access_token)
        if told.get("sub") != claims["sub"]:
            return claims
        # An address and whether it is proved come from one place: of two, they could be about two addresses.
        return {**told, **claims, **{name: told.get(name) for name in ("email", "email_verified")}}

    def _admit(self, database: Database, address: str) -> None:
        with database.transaction(throttle.LOCK):
            throttle.admit(database, [throttle.counted_by_address(address)], now=self._now())

    def _begin(self, database: Database, user: str, browser: Browser) -> NewSession:
        with database.transaction(throttle.LOCK):
            throttle.forgive(database, throttle.counted_by_address(browser.address))
            return begin(
                database,
                user,
                now=self._now(),
                address=browser.address,
                agent=browser.agent,
                replaces=browser.token,
            )


def _path(following: str) -> str:
    """Return a path of ours; "/" for what browsers could take for another site."""
    plain = following.isascii() and following.isprintable() and "\\" not in following
    return following if plain and following.startswith("/") and not following.startswith("//") else "/"
