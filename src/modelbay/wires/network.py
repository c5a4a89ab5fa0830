"""What has been said of the way to one provider: how its calls reach it, and how much it is asked at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from modelbay.wires.http1.guard import EVERY_PRIVATE
from modelbay.wires.settings import TransportSettings

__all__ = ["Network"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Network:
    """Settings of one provider's network; what is None or empty is as it is without them.

    Attributes:
        base_url: Where the provider is, for credentials that do not say it themselves.
        proxy: `http://user:password@host:port`.
        ca_bundle: Certificates in PEM that are trusted instead of the system's.
        headers: Sent along to the provider, with its own.
        private_hosts: Hosts and networks that may be at private addresses (see `http1.guard`).
        first_token_timeout: Seconds until a streamed answer begins.
        idle_timeout: Seconds between two pieces of an answer.
        total_timeout: Seconds for a whole call.
        rpm: Requests a minute.
        tpm: Tokens a minute.
        parallelism: Requests at once.
        batch_size: Texts in one request for vectors.
        failure: Why the settings cannot be used: then nothing may be called with them.
    """

    base_url: str = ""
    proxy: str | None = None
    ca_bundle: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    private_hosts: frozenset[str] = frozenset()
    first_token_timeout: float | None = None
    idle_timeout: float | None = None
    total_timeout: float | None = None
    rpm: int | None = None
    tpm: int | None = None
    parallelism: int | None = None
    batch_size: int | None = None
    failure: str = ""

    def __repr__(self) -> str:
        return "Network(…)"

    @property
    def is_limited(self) -> bool:
        """Whether only so much may be asked of the provider."""
        return any(value is not None for value in (self.rpm, self.tpm, self.parallelism))

    @property
    def has_terms(self) -> bool:
        """Whether its calls keep to more than the settings of their transport."""
        times = (self.first_token_timeout, self.idle_timeout, self.total_timeout)
        rest = any(value is not None for value in (*times, self.batch_size))
        return rest or bool(self.headers) or self.is_limited

    def on_credentials(self, credentials: dict[str, Any], address: str) -> dict[str, Any]:
        """Return credentials with the address and the headers that a call adds to them.

        Args:
            address: The credential that says where the provider is; "" if none does.
        """
        if self.base_url and address and not credentials.get(address):
            credentials = {**credentials, address: self.base_url}
        if self.headers:
            own = credentials.get("extra_headers") or {}
            credentials = {**credentials, "extra_headers": {**self.headers, **own}}
        return credentials

    def on_transport(self, settings: TransportSettings) -> TransportSettings:
        """Return the settings of the transport that reaches the provider, given those without a network's."""
        changes: dict[str, Any] = {}
        if self.proxy is not None:
            changes["proxy"] = self.proxy
        if self.ca_bundle is not None:
            changes |= {"ca_bundle": None, "ca_pem": self.ca_bundle}
        allowed = settings.private_hosts
        if self.private_hosts:
            allowed = (frozenset({EVERY_PRIVATE}) if allowed is None else allowed) | self.private_hosts
            changes["private_hosts"] = allowed
        if self.proxy is not None:
            changes["proxy_hosts"] = allowed
        return replace(settings, **changes) if changes else settings
