"""Certificates of authorities that somebody wants to be trusted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from modelbay.platform.network.fields import WrongError

_LONGEST: Final = 256 * 1024


def check_bundle(value: Any) -> str:
    """Return PEM of authorities' certificates, and nothing else of what was given.

    Raises:
        WrongError: It is none, holds a private key or a certificate that is no authority's, or all are out of
            date.
    """
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise WrongError(f"has to be PEM of at most {_LONGEST} characters")
    if "PRIVATE KEY" in value:
        raise WrongError("holds a private key: give certificates only, and keep the key to yourself")
    try:
        found = x509.load_pem_x509_certificates(value.encode("ascii"))
    except ValueError:
        raise WrongError("is not PEM of certificates") from None
    for each in found:
        if not _is_authority(each):
            raise WrongError(f"{_name(each)} is not the certificate of an authority (CA)")
    now = datetime.now(UTC)
    if all(each.not_valid_after_utc < now for each in found):
        raise WrongError("has expired")
    return "".join(each.public_bytes(Encoding.PEM).decode() for each in found)


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except (x509.ExtensionNotFound, ValueError):
        return False
    return basic.value.ca


def _name(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string()[:80] or "one"
