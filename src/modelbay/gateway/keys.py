"""The key that a request came with."""

from __future__ import annotations

from modelbay.gateway.http.exchange import Exchange


def key_of(exchange: Exchange) -> str:
    """Return the key that a request came with; "" if none."""
    headers = exchange.headers
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if key and scheme.lower() == "bearer":
        return key.strip()
    return headers.get("x-api-key", "").strip()
