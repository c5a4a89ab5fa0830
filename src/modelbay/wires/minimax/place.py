"""Where the requests of the family go."""

from __future__ import annotations

from urllib.parse import urlencode

from modelbay.wires.family import Endpoint, Options


def to_url(endpoint: Endpoint, path: str, options: Options) -> str:
    """Return the address of an operation, with the query that the options ask for."""
    query = options.get("query")
    return f"{endpoint.url(path)}?{urlencode(query)}" if query else endpoint.url(path)
