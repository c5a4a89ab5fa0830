"""RSA keys for tests: made while they run, so that no key lies in the repository."""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    """Return a key; the same one in all tests of a run, as making one takes a while."""
    return rsa.generate_private_key(65537, 2048)


@cache
def private_pem() -> str:
    """Return that key as a key file has it."""
    return rsa_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
