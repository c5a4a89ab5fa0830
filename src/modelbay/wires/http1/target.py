"""Where a request goes: a URL taken apart, once per URL."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, unquote, urlsplit

from modelbay.errors import InvokeBadRequestError

__all__ = ["Target", "target_of"]

_PORTS = {"http": 80, "https": 443}
_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}  # how a websocket begins
_PATH_SAFE = "/%:=&?~+!$,;'@()*[]-._|"


@dataclass(frozen=True, slots=True, repr=False)
class Target:
    """An upstream's address and the path asked of it."""

    scheme: str
    host: str
    port: int
    path: str
    authorization: str | None

    @property
    def authority(self) -> str:
        """`host` or `host:port`, as the Host header wants it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def place(self) -> str:
        """`host:port`, always with the port."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@lru_cache(maxsize=512)
def target_of(url: str) -> Target:
    """Take a URL apart.

    Raises:
        InvokeBadRequestError: It is not an absolute http, https, ws or wss URL.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _refusal("is not a valid URL") from None
    scheme = _SCHEMES.get(parts.scheme)
    if scheme is None or not host:
        raise _refusal("must begin with http:// or https:// and name a host")
    try:
        host = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        raise _refusal("names a host that cannot exist") from None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    userinfo = parts.netloc.rpartition("@")[0]
    return Target(
        scheme,
        host,
        port or _PORTS[scheme],
        quote(path, safe=_PATH_SAFE),
        _basic(userinfo) if userinfo else None,
    )


def _basic(userinfo: str) -> str:
    user, _, password = userinfo.partition(":")
    return "Basic " + base64.b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()


def _refusal(why: str) -> InvokeBadRequestError:
    return InvokeBadRequestError(f"The address of the provider {why}. Check the base URL in the credentials.")
