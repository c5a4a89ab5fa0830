"""Which proxy a request goes through: the one that is set, or the one the environment names."""

from __future__ import annotations

import base64
import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from modelbay.errors import InvokeBadRequestError
from modelbay.wires.http1.target import Target

__all__ = ["Proxies", "Proxy"]


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy. `headers` may hold its password and are not shown."""

    host: str
    port: int
    headers: Mapping[str, str] = field(repr=False, hash=False)

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return f"{self.host}:{self.port}"


class Proxies:
    """Chooses the proxy of each target. Reads the environment once, when it is made."""

    def __init__(self, proxy: str | None, *, trust_env: bool) -> None:
        environment = _environment() if trust_env and proxy is None else {}
        self._always = _parse(proxy, "the proxy setting") if proxy else None
        self._by_scheme = {
            scheme: _parse(url, f"{scheme.upper()}_PROXY")
            for scheme in ("http", "https")
            if (url := environment.get(scheme) or environment.get("all"))
        }
        self._except = [each.strip().lower() for each in environment.get("no", "").split(",") if each.strip()]

    def choose(self, target: Target) -> Proxy | None:
        """Return the proxy for a target; None is a direct connection."""
        if self._always is not None:
            return self._always
        if not self._by_scheme:
            return None
        proxy = self._by_scheme.get(target.scheme)
        # A proxy from the environment is meant for the outside; this machine's own servers are not there.
        return None if proxy is None or _is_loopback(target.host) or self._is_excepted(target) else proxy

    def _is_excepted(self, target: Target) -> bool:
        return any(_matches(pattern, target) for pattern in self._except)


def _environment() -> dict[str, str]:
    """Return proxies by scheme. Upper-case HTTP_PROXY is ignored under CGI, where a client can set it."""
    found = {}
    for scheme in ("http", "https", "all", "no"):
        upper = os.environ.get(f"{scheme.upper()}_PROXY", "")
        if scheme == "http" and "REQUEST_METHOD" in os.environ:
            upper = ""
        if value := os.environ.get(f"{scheme}_proxy", "") or upper:
            found[scheme] = value
    return found


def _parse(url: str, where: str) -> Proxy:
    parts = urlsplit(url if "://" in url else f"http://{url}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if parts.scheme != "http" or not host:
        # Never the URL itself: it may hold the password.
        raise InvokeBadRequestError(f"{where} must be of the form http://user:password@host:port.")
    userinfo = parts.netloc.rpartition("@")[0]
    headers = {}
    if userinfo:
        user, _, password = userinfo.partition(":")
        pair = f"{unquote(user)}:{unquote(password)}".encode()
        headers["Proxy-Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    return Proxy(host, port or 80, headers)


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _matches(pattern: str, target: Target) -> bool:
    if pattern == "*":
        return True
    host, colon, port = pattern.rpartition(":")
    if colon and port.isdigit() and "]" not in port and host.count(":") == 0:
        if int(port) != target.port:
            return False
        pattern = host
    try:
        return ipaddress.ip_address(target.host) in ipaddress.ip_network(pattern, strict=False)
    except ValueError:
        name = pattern.lstrip("*.")
        return target.host == name or target.host.endswith(f".{name}")
