"""Where requests go, and the headers that every request has."""

from __future__ import annotations

from collections.abc import Iterable

from modelbay.wires.family import Endpoint, Options

VERSION = "2023-06-01"
BETA = "anthropic-beta"


def to_url(endpoint: Endpoint, path: str) -> str:
    """Return the address of `path`, which begins with the API's version; so may the base end with it."""
    return f"{endpoint.base_url.rstrip('/').removesuffix('/v1')}/{path}"


def to_headers(endpoint: Endpoint, options: Options) -> dict[str, str]:
    """Return the endpoint's headers with the API's version, and the model's betas after its own."""
    headers = dict(endpoint.headers)
    names = {name.lower(): name for name in headers}
    if "anthropic-version" not in names and not options.get("raw_predict"):
        headers["anthropic-version"] = VERSION
    if options.get("betas"):
        name = names.get(BETA, BETA)
        headers[name] = join_betas(headers.get(name, ""), options["betas"])
    return headers


def join_betas(header: str, more: Iterable[str]) -> str:
    """Return a header that lists what it did and more, each once."""
    return ",".join(dict.fromkeys([*filter(None, map(str.strip, header.split(","))), *more]))
