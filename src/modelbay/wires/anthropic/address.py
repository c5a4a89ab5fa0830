"""Where requests go, and the headers that every request has."""

from __future__ import annotations

from modelbay.wires.family import Endpoint, Options

VERSION = "2023-06-01"


def to_url(endpoint: Endpoint, path: str) -> str:
    """Return the address of `path`, which begins with the API's version; so may the base end with it."""
    return f"{endpoint.base_url.rstrip('/').removesuffix('/v1')}/{path}"


def to_headers(endpoint: Endpoint, options: Options) -> dict[str, str]:
    """Return the endpoint's headers with the version and the betas of the model; the endpoint's own win."""
    headers = dict(endpoint.headers)
    names = {name.lower(): name for name in headers}
    if "anthropic-version" not in names:
        headers["anthropic-version"] = VERSION
    if options.get("betas"):
        name = names.get("anthropic-beta", "anthropic-beta")
        headers[name] = ",".join([*filter(None, [headers.get(name)]), *options["betas"]])
    return headers
