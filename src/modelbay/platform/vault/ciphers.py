"""The primitives, by `cryptography`: AES-256-GCM boxes and RSA-OAEP with SHA-256. Imported when needed."""

from __future__ import annotations

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

KEY: Final = 32  # bytes of an AES key
BITS: Final = 3072  # as strong as what it wraps needs (128 bits); 4096 takes twice as long to open
_NONCE: Final = 12
_TAG: Final = 16
_OAEP = OAEP(mgf=MGF1(SHA256()), algorithm=SHA256(), label=None)


def new_key() -> bytes:
    """Return a fresh AES key."""
    return os.urandom(KEY)


def shut(key: bytes, plain: bytes, bound: bytes) -> bytes:
    """Return nonce and ciphertext; only the same key and the same associated data open it."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound)


def unshut(key: bytes, box: bytes, bound: bytes) -> bytes | None:
    """Return what is in a box; None if key, box or associated data is another."""
    if len(box) < _NONCE + _TAG or len(key) != KEY:
        return None
    try:
        return AESGCM(key).decrypt(box[:_NONCE], box[_NONCE:], bound)
    except InvalidTag:
        return None


def new_private_key() -> rsa.RSAPrivateKey:
    """Return a fresh private key; it takes 0.2 s."""
    return rsa.generate_private_key(public_exponent=65537, key_size=BITS)


def private_bytes(key: rsa.RSAPrivateKey) -> bytes:
    """Return a private key as DER."""
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def public_bytes(key: rsa.RSAPrivateKey) -> bytes:
    """Return the public half of a private key as DER."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def private_key(der: bytes) -> rsa.RSAPrivateKey | None:
    """Read a private key that we have written; None if it is none.

    Its primes are not tested again, which takes 0.1 s: it comes out of a box that only the master key makes.
    """
    try:
        key = load_der_private_key(der, password=None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError):
        return None
    return key if isinstance(key, rsa.RSAPrivateKey) else None


def wrap(key: rsa.RSAPrivateKey, data_key: bytes) -> bytes:
    """Return a data key that only a private key's owner can unwrap."""
    return key.public_key().encrypt(data_key, _OAEP)


def unwrap(key: rsa.RSAPrivateKey, wrapped: bytes) -> bytes | None:
    """Return a data key; None if it was not wrapped for this key."""
    try:
        return key.decrypt(wrapped, _OAEP)
    except ValueError:
        return None


def stretched(passphrase: bytes, *, salt: bytes, n: int, r: int, p: int) -> bytes:
    """Return an AES key from a passphrase, by scrypt."""
    return Scrypt(salt=salt, length=KEY, n=n, r=r, p=p).derive(passphrase)
