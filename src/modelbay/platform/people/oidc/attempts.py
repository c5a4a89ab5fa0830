"""A sign-in on its way to a provider and back, bound to the browser that has begun it."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import asdict, dataclass, field
from hmac import compare_digest
from typing import Final

from modelbay.platform.people.permissions import FIRST_WORKSPACE
from modelbay.platform.people.refusals import SignInRefusedError
from modelbay.platform.people.tokens import digest_of, new_token
from modelbay.platform.vault import Secret, Vault
from modelbay.store import Database, identities

LIFETIME: Final = 600.0  # seconds that a person may take at the provider
_PLACE: Final = (FIRST_WORKSPACE, "oidc", "sign-in")
_LONGEST: Final = 4096  # characters of a cookie
_OVER: Final = "this sign-in is over, or was begun in another browser: begin again"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a browser keeps, sealed, while its person is at the provider.

    Attributes:
        state: Comes back with the person; `nonce` comes back in the ID token.
        verifier: Proves to the provider that who fetches the tokens is who has begun (PKCE).
        redirect: Where the provider sends the person back to.
        following: The path to go to in the end.
    """

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    expires: float
    redirect: str
    following: str

    @property
    def challenge(self) -> str:
        """What the provider is told of the verifier."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def begin(*, redirect: str, following: str, now: float) -> Attempt:
    """Begin a sign-in."""
    return Attempt(new_token(), new_token(), new_token(), now + LIFETIME, redirect, following)


def sealed(database: Database, vault: Vault, attempt: Attempt) -> str:
    """Return a sign-in as the browser keeps it; every process with this vault reads it."""
    return vault.seal(database, *_PLACE, json.dumps(asdict(attempt)))


def come_back(database: Database, vault: Vault, kept: str, state: str, *, now: float) -> Attempt:
    """Return the sign-in that a browser has kept, for the first time that it comes back.

    Raises:
        SignInRefusedError: There is none, it is another browser's, too old, or has come back before.
    """
    found = vault.open(database, *_PLACE, kept) if 0 < len(kept) <= _LONGEST else None
    if not isinstance(found, Secret):
        raise SignInRefusedError(_OVER)
    attempt = Attempt(**json.loads(found.reveal()))
    same = compare_digest(attempt.state.encode(), state.encode("utf-8", "surrogatepass"))
    if not same or attempt.expires <= now:
        raise SignInRefusedError(_OVER)
    with database.transaction():
        if not identities.use(database, digest_of(attempt.state), expires=attempt.expires, now=now):
            raise SignInRefusedError(_OVER)
    return attempt
