"""Checking an ID token (OpenID Connect Core 1.0, section 3.1.3.7). Importing this loads joserfc."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hmac import compare_digest
from typing import Any, Final

from joserfc import jwk, jws, jwt
from joserfc.errors import JoseError

from modelbay.errors import ModelbayError

ALGORITHMS: Final = {  # by the type of key; never `none`, and nothing with a secret that both sides have
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), "RSA"),
    **dict.fromkeys(("ES256", "ES384", "ES512"), "EC"),
}
_LEEWAY: Final = 60.0  # seconds that clocks may differ
_OLDEST: Final = 600.0  # seconds since it was issued: it has just been fetched
_LONGEST_SUBJECT: Final = 255

Key = Mapping[str, Any]


class TokenRefusedError(ModelbayError):
    """An ID token is not what it should be; the text is for the log, and quotes nothing of it."""

    summary = "The ID token is not valid."


def header_of(token: str) -> Mapping[str, Any]:
    """Return the header of a token that nobody has checked yet.

    Raises:
        TokenRefusedError: It is no signed token, or signed in a way that is not allowed.
    """
    try:
        header = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError, TypeError, KeyError):
        raise TokenRefusedError("it is no signed token") from None
    if header.get("alg") not in ALGORITHMS:
        raise TokenRefusedError("its algorithm is not allowed")
    return header


def fitting(keys: Sequence[Key], header: Mapping[str, Any]) -> list[Key]:
    """Return the keys of a provider that may have signed a token with a header."""
    algorithm, kid = header["alg"], header.get("kid")
    return [
        key
        for key in keys
        if key.get("kty") == ALGORITHMS[algorithm]
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and (kid is None or key.get("kid") == kid)
    ]


def verified(
    token: str, keys: Sequence[Key], *, issuer: str, client_id: str, nonce: str, now: float
) -> Mapping[str, Any]:
    """Return the claims of a token that was signed with one of the keys, by this issuer, for this sign-in.

    Raises:
        TokenRefusedError: Something is another.
    """
    claims = _signed(token, keys, header_of(token)["alg"])
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    _need(claims.get("iss") == issuer, "its issuer is another")
    _need(client_id in audiences, "it is for somebody else")
    _need(len(audiences) == 1 or "azp" in claims, "it is for several, and does not say who asked")
    _need(claims.get("azp", client_id) == client_id, "somebody else has asked for it")
    _need(_number(claims, "exp") > now - _LEEWAY, "it has expired")
    _need(now - _OLDEST <= _number(claims, "iat") <= now + _LEEWAY, "it was not issued just now")
    _need("nbf" not in claims or _number(claims, "nbf") <= now + _LEEWAY, "it is not valid yet")
    given = claims.get("nonce")
    same = isinstance(given, str) and compare_digest(given.encode("utf-8", "surrogatepass"), nonce.encode())
    _need(same, "it is of another sign-in")
    subject = claims.get("sub")
    is_subject = isinstance(subject, str) and subject.isascii() and subject.isprintable()
    _need(is_subject and 0 < len(str(subject)) <= _LONGEST_SUBJECT, "its subject is none")
    return claims


def _signed(token: str, keys: Sequence[Key], algorithm: str) -> Mapping[str, Any]:
    for key in keys:
        try:
            imported = jwk.import_key(dict(key))
            return jwt.decode(token, imported, algorithms=[algorithm]).claims
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    raise TokenRefusedError("no key of the provider's has signed it")


def _number(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenRefusedError(f"its {name} is none")
    return float(value)


def _need(condition: bool, otherwise: str) -> None:
    if not condition:
        raise TokenRefusedError(otherwise)
