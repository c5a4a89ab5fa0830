"""From a provider's `wire` declaration and credentials to an endpoint and options. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from modelbay.entities import WireAddress, WireAuth, WireDeclaration
from modelbay.errors import InvokeAuthorizationError, InvokeBadRequestError
from modelbay.wires.family import Endpoint

_LOCAL = re.compile(r"(localhost|127\.[\d.]+|0\.0\.0\.0|\[::1\])(:\d+)?(/|$)")  # as OLLAMA_HOST has it
_NAMED = re.compile(r"\{(\w+)\}")


def endpoint_of(wire: WireDeclaration, credentials: Mapping[str, Any]) -> Endpoint:
    """Return where to call and with which headers.

    Raises:
        InvokeBadRequestError: There is no address, or it is not an HTTP address; names the credential.
    """
    headers = {**_auth_headers(wire.auth, credentials), **_named_headers(wire.headers, credentials)}
    return Endpoint(base_url=_base_url(wire.address, credentials), headers=headers)


def _base_url(address: WireAddress, credentials: Mapping[str, Any]) -> str:
    given = credentials.get(address.credential) if address.credential else None
    base = str(given or address.default).strip().rstrip("/")
    if not base:
        raise InvokeBadRequestError(f"credential '{address.credential}' is empty: give the server's address")
    if _LOCAL.match(base):
        base = f"http://{base}"
    if not base.startswith(("http://", "https://")):
        shown = base.rpartition("@")[2].partition("?")[0]  # people paste passwords there
        raise InvokeBadRequestError(
            f"credential '{address.credential}' is {shown!r}, but must begin with http:// or https://"
        )
    for ending in address.strip:
        base = base.removesuffix(ending).rstrip("/")
    if address.suffix and not base.endswith(address.suffix):
        base += address.suffix
    return base


def _auth_headers(auth: WireAuth, credentials: Mapping[str, Any]) -> dict[str, str]:
    secret = str(credentials.get(auth.credential) or "").strip()
    if auth.scheme == "none" or not secret:
        return {}
    if not secret.isprintable() or not secret.isascii():
        raise InvokeAuthorizationError(
            f"credential '{auth.credential}' has characters that no key has: copy it again"
        )
    if auth.scheme == "bearer":
        return {auth.header or "Authorization": f"Bearer {secret}"}
    return {auth.header: secret}


def _named_headers(headers: Mapping[str, str], credentials: Mapping[str, Any]) -> dict[str, str]:
    """Return the declared headers with credentials filled in, without those that stay empty."""
    filled: dict[str, str] = {}
    for name, text in headers.items():
        variables = _NAMED.findall(text)
        if all(credentials.get(variable) for variable in variables):
            filled[name] = _NAMED.sub(lambda found: str(credentials[found[1]]), text)
    extra = credentials.get("extra_headers")
    if isinstance(extra, Mapping):
        filled |= {str(name): str(value) for name, value in extra.items()}
    return filled


def options_of(
    wire: WireDeclaration, model_wire: Mapping[str, Any], credentials: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a model's dialect must know: the provider's defaults, the model's, the credentials'."""
    options = {**wire.options, **model_wire}
    for name, source in wire.options_from.items():
        value = credentials.get(source.credential)
        if value in (None, ""):
            continue
        if not source.values:
            options[name] = value
        elif str(value) in source.values:
            options[name] = source.values[str(value)]
    return options
