"""Signing in with a provider of OpenID Connect: off to it, and back."""

from __future__ import annotations

from typing import Any, Final

from pydantic import ConfigDict, Field

from modelbay.gateway.api.cookies import oidc_cookie, oidc_kept
from modelbay.gateway.api.fields import Answer, Query
from modelbay.gateway.api.operation import Operation
from modelbay.gateway.api.reply import Reply
from modelbay.gateway.api.request import Request
from modelbay.platform.people.oidc.signing_in import CALLBACK, OidcSignIn, Returned
from modelbay.platform.people.refusals import not_found

_START: Final = "/api/sign-in/oidc"
_SEE_OTHER: Final = 303


class Button(Answer):
    """A way to sign in with somebody else's proof."""

    label: str = Field(description="What the button says.")
    path: str = Field(description="Where a browser goes to begin.")


class WaysIn(Answer):
    """How people can sign in here."""

    password: bool = Field(description="Whether with e-mail and password.")
    oidc: Button | None = Field(description="Single sign-on; null if there is none.")


class Start(Query):
    """Where a sign-in is to end."""

    next: str = Field("/", max_length=500, description="The path to go to in the end.")


class Back(Query):
    """What the provider sends people back with; it may say more, which is not looked at."""

    model_config = ConfigDict(extra="ignore")

    state: str = Field(max_length=64, description="What the sign-in was begun with.")
    code: str = Field("", description="What the tokens are fetched with.")
    error: str = Field("", max_length=100, description="Why there is no code.")
    iss: str = Field("", max_length=300, description="Who the provider is.")


async def ways(request: Request[None, None]) -> Reply:
    """Say how people can sign in."""
    oidc = request.services.oidc
    button = Button(label=oidc.settings.label, path=_START) if oidc is not None else None
    return Reply(WaysIn(password=True, oidc=button))


async def start(request: Request[None, Start]) -> Reply:
    """Send a browser to the provider."""
    departure = await _oidc(request).start(request.base, request.query.next)
    return _away(departure.location, oidc_cookie(departure.kept, secure=_secure(request)))


async def finish(request: Request[None, Back]) -> Reply:
    """Begin a session for who comes back."""
    secure, query = _secure(request), request.query
    returned = Returned(
        state=query.state,
        kept=oidc_kept(request.headers, secure=secure),
        code=query.code,
        error=query.error,
        issuer=query.iss,
    )
    session, following = await _oidc(request).finish(returned, request.browser)
    reply = _away(following, oidc_cookie("", secure=secure))
    return Reply(status=reply.status, headers=reply.headers, session=session)


def _oidc(request: Request[Any, Any]) -> OidcSignIn:
    if request.services.oidc is None:
        raise not_found("oidc", "single sign-on is not set up here: see oidc in gateway.yaml")
    return request.services.oidc


def _secure(request: Request[Any, Any]) -> bool:
    return request.base.startswith("https:")


def _away(location: str, cookie: tuple[str, str]) -> Reply:
    return Reply(status=_SEE_OTHER, headers=(("location", location), cookie))


OPERATIONS: Final = [
    Operation(
        id="getSignIn",
        method="GET",
        path="/api/sign-in",
        action="session.create",
        summary="Say how people can sign in.",
        serve=ways,
        answer=WaysIn,
    ),
    Operation(
        id="startSingleSignOn",
        method="GET",
        path=_START,
        action="session.create",
        summary="Send the browser to the provider of single sign-on.",
        serve=start,
        query=Start,
        status=_SEE_OTHER,
        errors=(404, 503),
    ),
    Operation(
        id="finishSingleSignOn",
        method="GET",
        path=CALLBACK,
        action="session.create",
        summary="Begin a session for who comes back from the provider.",
        description="Good once, in the browser that has begun it. Nothing tells whether there is an account.",
        serve=finish,
        query=Back,
        status=_SEE_OTHER,
        errors=(401, 404, 429, 503),
    ),
]
