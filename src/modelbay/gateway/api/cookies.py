"""The cookie that holds a session: out of reach for scripts, and sent to nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from modelbay.platform.people.oidc import attempts
from modelbay.platform.people.sessions import LIFETIME
from modelbay.platform.people.signing_in import Browser

CSRF_HEADER: Final = "x-csrf-token"
_PLAIN: Final = "modelbay_session"
_SECURE: Final = "__Host-modelbay_session"
"""Under TLS: browsers take a cookie of such a name only from this very host, and only over TLS."""
_OIDC: Final = "modelbay_sign_in"
_FROM_ELSEWHERE: Final = frozenset({"cross-site", "same-site"})


def is_secure(headers: Mapping[str, str], *, tls: bool) -> bool:
    """Whether the browser talks to us over TLS; a proxy in front says so."""
    return tls or headers.get("x-forwarded-proto", "").strip().lower() == "https"


def token_of(headers: Mapping[str, str], *, secure: bool) -> str:
    """Return the session's token that a request came with; "" if none."""
    return value_of(headers, _SECURE if secure else _PLAIN)[:200]


def value_of(headers: Mapping[str, str], name: str) -> str:
    """Return the value of a cookie that a request came with; "" if none."""
    for part in headers.get("cookie", "").split(";"):
        found, _, value = part.strip().partition("=")
        if found == name:
            return value
    return ""


def cookie(token: str, *, secure: bool) -> tuple[str, str]:
    """Return the header that keeps a token in the browser; that takes the cookie away without one."""
    age = int(LIFETIME) if token else 0
    name, rest = (_SECURE, "; Secure") if secure else (_PLAIN, "")
    return "set-cookie", f"{name}={token}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{rest}"


def oidc_kept(headers: Mapping[str, str], *, secure: bool) -> str:
    """Return what a browser has kept of the sign-in that it has begun."""
    return value_of(headers, f"__Host-{_OIDC}" if secure else _OIDC)


def oidc_cookie(kept: str, *, secure: bool) -> tuple[str, str]:
    """Return the header that has a browser keep a sign-in; it comes along when the provider sends it back."""
    age = int(attempts.LIFETIME) if kept else 0
    name, rest = (f"__Host-{_OIDC}", "; Secure") if secure else (_OIDC, "")
    return "set-cookie", f"{name}={kept}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{rest}"


def is_from_elsewhere(headers: Mapping[str, str]) -> bool:
    """Whether the browser says that another site's page has sent this."""
    return headers.get("sec-fetch-site", "").strip().lower() in _FROM_ELSEWHERE


def browser_of(headers: Mapping[str, str], address: str, *, token: str) -> Browser:
    """Return where a request comes from."""
    return Browser(address, headers.get("user-agent", ""), token)


def base_of(headers: Mapping[str, str], *, secure: bool) -> str:
    """Return our address as the caller knows it."""
    return f"{'https' if secure else 'http'}://{headers.get('host', 'localhost')}"
