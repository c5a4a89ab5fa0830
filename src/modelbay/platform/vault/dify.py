"""Secrets as Dify's database holds them, opened with the private key of the tenant they belong to.

`HYBRID:`, RSA-OAEP (SHA-1) of a 16-byte AES key, nonce (16), tag (16), ciphertext in AES-EAX; all of it in
base64. Without the prefix it is RSA-OAEP of the secret itself. EAX is built here from what it consists of
(CMAC and counter mode): Bellare, Rogaway, Wagner, "The EAX Mode of Operation" (FSE 2004), section 3.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from hmac import compare_digest
from typing import TYPE_CHECKING, Any, Final

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.vault.opened import Secret, SecretUnreadable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_PREFIX: Final = b"HYBRID:"
_BLOCK: Final = 16
_AES_KEYS: Final = (16, 24, 32)


class DifyTenant:
    """Opens the secrets of one of Dify's tenants."""

    def __init__(self, private_key: bytes) -> None:
        """Take the tenant's `private.pem`.

        Raises:
            InvokeBadRequestError: It is no RSA private key in PEM form.
        """
        self._key = _read(private_key)

    def open(self, record: str, field: str, stored: object) -> Secret | SecretUnreadable:
        """Return one secret, or the reason why there is none; never raise for what is stored."""
        try:
            data = base64.b64decode(stored if isinstance(stored, str) else b"", validate=True)
        except (binascii.Error, ValueError):
            data = b""
        if not data:
            return SecretUnreadable("not-sealed", record, field)
        plain = self._hybrid(data[len(_PREFIX) :]) if data.startswith(_PREFIX) else self._unwrapped(data)
        try:
            return Secret(plain.decode()) if plain is not None else SecretUnreadable("damaged", record, field)
        except UnicodeDecodeError:
            return SecretUnreadable("damaged", record, field)

    def open_all(
        self, record: str, config: Mapping[str, Any], fields: frozenset[str]
    ) -> dict[str, Secret | SecretUnreadable]:
        """Return the secret fields of an `encrypted_config`, those that are there and not empty."""
        return {name: self.open(record, name, config[name]) for name in sorted(fields) if config.get(name)}

    def _hybrid(self, data: bytes) -> bytes | None:
        size = self._key.key_size // 8
        wrapped, rest = data[:size], data[size:]
        key = self._unwrapped(wrapped) if len(rest) >= 2 * _BLOCK else None
        if key is None or len(key) not in _AES_KEYS:
            return None
        return open_eax(key, rest[:_BLOCK], rest[_BLOCK : 2 * _BLOCK], rest[2 * _BLOCK :])

    def _unwrapped(self, data: bytes) -> bytes | None:
        from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP  # noqa: PLC0415 - start-up time
        from cryptography.hazmat.primitives.hashes import SHA1  # noqa: PLC0415 - as above

        sha1 = SHA1()  # noqa: S303 - what Dify wraps with; OAEP does not depend on collisions
        try:
            return self._key.decrypt(data, OAEP(mgf=MGF1(sha1), algorithm=sha1, label=None))
        except ValueError:
            return None

    def __repr__(self) -> str:
        return "DifyTenant(…)"


def open_eax(key: bytes, nonce: bytes, tag: bytes, ciphertext: bytes, header: bytes = b"") -> bytes | None:
    """Return what AES-EAX encrypted; None if anything of it is another."""
    from cryptography.hazmat.primitives.ciphers import Cipher  # noqa: PLC0415 - start-up time
    from cryptography.hazmat.primitives.ciphers.algorithms import AES  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.ciphers.modes import CTR  # noqa: PLC0415 - as above

    counter = _omac(key, 0, nonce)
    parts = (counter, _omac(key, 1, header), _omac(key, 2, ciphertext))
    right = bytes(a ^ b ^ c for a, b, c in zip(*parts, strict=True))
    if not compare_digest(right[: len(tag)], tag) or len(tag) != _BLOCK:
        return None
    opening = Cipher(AES(key), CTR(counter)).decryptor()
    return opening.update(ciphertext) + opening.finalize()


def _omac(key: bytes, number: int, data: bytes) -> bytes:
    """CMAC of the data behind a block that holds a number."""
    from cryptography.hazmat.primitives.ciphers.algorithms import AES  # noqa: PLC0415 - start-up time
    from cryptography.hazmat.primitives.cmac import CMAC  # noqa: PLC0415 - as above

    mac = CMAC(AES(key))
    mac.update(number.to_bytes(_BLOCK, "big") + data)
    return mac.finalize()


def _read(pem: bytes) -> RSAPrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - start-up time
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415 - as above

    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise InvokeBadRequestError(
            "private key: this is not an RSA private key in PEM form, without passphrase"
        )
    return key
