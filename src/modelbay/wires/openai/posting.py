"""Where the requests of the family go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from modelbay.wires.family import Endpoint, Options
from modelbay.wires.openai.parameters import merge
from modelbay.wires.request import Request


def address(endpoint: Endpoint, path: str, options: Options) -> str:
    """Return the URL of an operation: the options may name another path, or one for each, and a query."""
    named = options.get("path")
    if isinstance(named, Mapping):
        named = named.get(path)
    url = endpoint.url(str(named or path))
    query = options.get("query")
    return f"{url}?{urlencode(query)}" if query else url


def post(
    endpoint: Endpoint, path: str, body: dict[str, Any], options: Options, *, idempotent: bool = False
) -> Request:
    """Return the request that posts `body`, with the options' `extra_body` written over it."""
    merge(body, options.get("extra_body") or {})
    return endpoint.request("POST", address(endpoint, path, options), json=body, idempotent=idempotent)
