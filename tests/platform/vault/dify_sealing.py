"""Dify's way of sealing secrets, by an implementation of the tests' own."""

from __future__ import annotations

import base64
import os

from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.hashes import SHA1


def block(key: bytes, data: bytes) -> bytes:
    """Encrypt one block: all that the test takes from the library under test."""
    return Cipher(AES(key), ECB()).encryptor().update(data)


def xor(one: bytes, other: bytes) -> bytes:
    """Return the exclusive or of two texts, as long as the shorter one."""
    return bytes(a ^ b for a, b in zip(one, other, strict=False))


def doubled(data: bytes) -> bytes:
    """Multiply by x in the field of 2**128 elements (RFC 4493, section 2.3)."""
    value = int.from_bytes(data, "big") << 1
    return ((value ^ (0x87 if value >> 128 else 0)) & (2**128 - 1)).to_bytes(16, "big")


def omac(key: bytes, number: int, data: bytes) -> bytes:
    """CMAC as RFC 4493 writes it down, behind a block with a number."""
    data = bytes(15) + bytes([number]) + data
    first = doubled(block(key, bytes(16)))
    *heads, last = [data[at : at + 16] for at in range(0, len(data), 16)]
    last = xor(last, first) if len(last) == 16 else xor((last + b"\x80").ljust(16, b"\0"), doubled(first))
    state = bytes(16)
    for part in (*heads, last):
        state = block(key, xor(state, part))
    return state


def sealed_eax(key: bytes, nonce: bytes, plain: bytes, header: bytes = b"") -> tuple[bytes, bytes]:
    """EAX as its paper writes it down: ciphertext and tag."""
    start = omac(key, 0, nonce)
    counter = int.from_bytes(start, "big")
    stream = b"".join(
        block(key, ((counter + n) % 2**128).to_bytes(16, "big")) for n in range(len(plain) // 16 + 1)
    )
    ciphertext = xor(plain, stream)
    return ciphertext, xor(xor(start, omac(key, 1, header)), omac(key, 2, ciphertext))


def wrapped(private: RSAPrivateKey, plain: bytes) -> bytes:
    """RSA-OAEP as Dify uses it."""
    return private.public_key().encrypt(plain, OAEP(MGF1(SHA1()), SHA1(), None))


def sealed(private: RSAPrivateKey, plain: str, *, key: bytes | None = None) -> str:
    """Return a secret as Dify's database holds it."""
    key, nonce = key or os.urandom(16), os.urandom(16)
    ciphertext, tag = sealed_eax(key, nonce, plain.encode())
    return base64.b64encode(b"HYBRID:" + wrapped(private, key) + nonce + tag + ciphertext).decode()


def sealed_at_first(private: RSAPrivateKey, plain: str) -> str:
    """Return a secret as Dify's first releases stored it: plain RSA, without a prefix."""
    return base64.b64encode(wrapped(private, plain.encode())).decode()
