"""Where the requests of the family go."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from modelbay.wires.family import Endpoint, Options
from modelbay.wires.openai.parameters import merge
from modelbay.wires.request import Request


def address(endpoint: Endpoint, path: str, options: Options) -> str:
    """Return the URL of an operation: the options may name another path, and a query."""
    url = endpoint.url(str(options.get("path") or path))
    query = options.get("query")
    return f"{url}?{urlencode(query)}" if query else url


def post(
    endpoint: Endpoint, path: str, body: dict[str, Any], options: Options, *, idempotent: bool = False
) -> Request:
    """Return the request that posts `body`, with the options' `extra_body` written over it."""
    merge(body, options.get("extra_body") or {})
    return Request(
        method="POST",
        url=address(endpoint, path, options),
        headers=dict(endpoint.headers),
        json=body,
        idempotent=idempotent,
    )
