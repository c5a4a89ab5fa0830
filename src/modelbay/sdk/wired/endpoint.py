"""From a provider's `wire` declaration and credentials to an endpoint and options. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from modelbay.entities import ModelType, WireAddress, WireAuth, WireDeclaration
from modelbay.entities.providers import WireOptionSource
from modelbay.errors import InvokeAuthorizationError, InvokeBadRequestError
from modelbay.sdk.wired.texts import fill, named_in
from modelbay.wires.error_codes import reading
from modelbay.wires.family import Endpoint
from modelbay.wires.signing import Signer, signer_of

_LOCAL = re.compile(r"(localhost|127\.[\d.]+|0\.0\.0\.0|\[::1\])(:\d+)?(/|$)")  # as OLLAMA_HOST has it
_SCHEMES = ("http://", "https://", "ws://", "wss://")
_PLAIN = frozenset({"bearer", "header", "none"})
_UNSAID = object()


def endpoint_of(
    wire: WireDeclaration,
    credentials: Mapping[str, Any],
    model_type: ModelType | None = None,
    address: WireAddress | str | None = None,
) -> Endpoint:
    """Return where to call and how to present oneself.

    Args:
        model_type: For which type of model, as types may live at different places.
        address: What a model or its options say instead.

    Raises:
        InvokeBadRequestError: There is no address, or it is not an HTTP address; names the credential.
    """
    place = address or (wire.addresses.get(model_type) if model_type else None) or wire.address
    place = WireAddress.model_validate(place) if not isinstance(place, WireAddress) else place
    auth = _auth_of(wire.auth, credentials)
    headers = {**_auth_headers(auth, credentials), **_named_headers(wire.headers, credentials)}
    return Endpoint(
        base_url=_base_url(place, credentials),
        headers=headers,
        signer=_signer_of(auth, credentials),
        to_error=reading(wire.errors) if wire.errors else None,
    )


def _base_url(address: WireAddress, credentials: Mapping[str, Any]) -> str:
    given = credentials.get(address.credential) if address.credential else None
    base = str(given or _default(address, credentials)).strip().rstrip("/")
    if not base:
        raise InvokeBadRequestError(f"credential '{address.credential}' is empty: give the server's address")
    if _LOCAL.match(base):
        base = f"http://{base}"
    elif address.assume_https and "://" not in base:
        base = f"https://{base}"
    if not base.startswith(_SCHEMES):
        shown = base.rpartition("@")[2].partition("?")[0]  # people paste passwords there
        raise InvokeBadRequestError(
            f"credential '{address.credential}' is {shown!r}, but must begin with http:// or https://"
        )
    for ending in address.strip:
        base = base.removesuffix(ending).rstrip("/")
    if address.suffix and not base.endswith(address.suffix):
        base += address.suffix
    return base


def _default(address: WireAddress, credentials: Mapping[str, Any]) -> str:
    select = address.select
    chosen = select.values.get(str(credentials.get(select.credential))) if select else None
    return fill(str(chosen or address.default), credentials, _in_host)


def _in_host(value: str) -> str:
    """Return a credential that stands in an address; it may not lead to another host."""
    if not re.fullmatch(r"[\w.-]+", value, re.ASCII):
        raise InvokeBadRequestError(f"{value!r} cannot be part of an address: letters, digits, '-', '.' only")
    return value


def _auth_of(ways: list[WireAuth], credentials: Mapping[str, Any]) -> WireAuth:
    """Return the first way that applies: as `when` says, else the first whose credential is there."""
    for way in ways:
        if way.when:
            if all(str(credentials.get(name) or "") in values for name, values in way.when.items()):
                return way
        elif way.scheme == "none" or credentials.get(way.credential):
            return way
    return WireAuth(scheme="none")


def _signer_of(auth: WireAuth, credentials: Mapping[str, Any]) -> Signer | None:
    if auth.scheme in _PLAIN:
        return None
    settings = {name: fill(text, credentials) for name, text in auth.settings.items()}
    return signer_of(auth.scheme, settings)


def _auth_headers(auth: WireAuth, credentials: Mapping[str, Any]) -> dict[str, str]:
    secret = str(credentials.get(auth.credential) or "").strip()
    if auth.scheme not in {"bearer", "header"} or not secret:
        return {}
    if not secret.isprintable() or not secret.isascii():
        raise InvokeAuthorizationError(
            f"credential '{auth.credential}' has characters that no key has: copy it again"
        )
    bearer = auth.scheme == "bearer"
    return {auth.header or "Authorization": f"Bearer {secret}" if bearer else secret}


def _named_headers(headers: Mapping[str, str], credentials: Mapping[str, Any]) -> dict[str, str]:
    """Return the declared headers with credentials filled in, without those that stay empty."""
    filled: dict[str, str] = {}
    for name, text in headers.items():
        if all(map(credentials.get, named_in(text))):
            filled[name] = fill(text, credentials)
    extra = credentials.get("extra_headers")
    if isinstance(extra, Mapping):
        filled |= {str(name): str(value) for name, value in extra.items()}
    return filled


def options_of(
    wire: WireDeclaration,
    model_wire: Mapping[str, Any],
    credentials: Mapping[str, Any],
    model_type: ModelType | None = None,
) -> dict[str, Any]:
    """Return what a model's dialect must know: said by the provider, its type, the model, the credentials."""
    typed = wire.type_options.get(model_type, {}) if model_type else {}
    options = {**wire.options, **typed, **model_wire}
    for name, source in wire.options_from.items():
        value = credentials.get(source.credential)
        said = _UNSAID if value in (None, "") else _said_by(source, value)
        if said is not _UNSAID:
            options[name] = said
    return options


def _said_by(source: WireOptionSource, value: Any) -> Any:
    """Return what a credential's value means for an option; `_UNSAID` if nothing."""
    if not (source.values or source.patterns):
        return value
    text = str(value).strip()
    if text in source.values:
        return source.values[text]
    fitting = (said for look, said in source.patterns.items() if re.fullmatch(look, text))
    return next(fitting, _UNSAID)
