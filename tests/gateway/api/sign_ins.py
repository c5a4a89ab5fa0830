"""Browsers that sign in with a provider."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.gateway.api.site import COOKIE, Site
from tests.gateway.client import Answer, fetch
from tests.gateway.process import Running
from tests.upstreams.oidc import CLIENT, SECRET, OidcServer

START = "/api/sign-in/oidc"
KEPT = "modelbay_sign_in"
CLIENT_SECRET = "MODELBAY_TEST_CLIENT_SECRET"


def settings(provider: OidcServer, **more: Any) -> dict[str, Any]:
    """Return `oidc` of gateway.yaml."""
    of = {"issuer": provider.url, "client_id": CLIENT, "client_secret": {"env": CLIENT_SECRET}}
    return of | {"label": "Sign in with Acme", **more}


@dataclass
class Browser:
    """A browser with its cookies."""

    site: Site | Running
    provider: OidcServer
    cookies: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str) -> Answer:
        """Open a page of the gateway."""
        held = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = await self.site.call("GET", path, None, {"cookie": held} if held else {})
        for name, value in re.findall(r"(modelbay_\w+)=([^;,]*); Path", answer.headers.get("set-cookie", "")):
            self.cookies[name] = value
        return answer

    async def begin(self, path: str = START) -> str:
        """Begin a sign-in, and sign in at the provider; return where it sends the browser back to."""
        self.provider.redirects.add(f"http://gateway{START}/callback")  # the client says Host: gateway
        away = await self.get(path)
        assert away.status == 303, away.body
        return await self.at_provider(away.headers["location"])

    async def at_provider(self, location: str) -> str:
        """Sign in at the provider; return where it sends the browser back to."""
        parts = urlsplit(location)
        place = (str(parts.hostname), int(parts.port or 0))
        back = await fetch(place, "GET", f"{parts.path}?{parts.query}", None, {})
        assert back.status == 302, self.provider.complaints
        found = urlsplit(back.headers["location"])
        return f"{found.path}?{found.query}"

    async def sign_in(self, person: Mapping[str, Any], path: str = START) -> Answer:
        """Sign in as somebody."""
        self.provider.person = dict(person)
        return await self.get(await self.begin(path))

    async def who(self) -> Any:
        """Return whose session the browser has; None without one."""
        answer = await self.get("/api/session")
        return answer.json["user"] if answer.status == 200 else None


__all__ = ["CLIENT_SECRET", "COOKIE", "KEPT", "SECRET", "START", "Browser", "settings"]
