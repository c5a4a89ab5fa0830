"""Where requests go."""

from __future__ import annotations

from modelbay.wires.family import Endpoint


def to_url(endpoint: Endpoint, path: str) -> str:
    """Return the address of `path`, which begins with an API version; a version that ends the base is cut."""
    base = endpoint.base_url.rstrip("/")
    return f"{base.removesuffix('/v1').removesuffix('/v2')}/{path}"
