"""Ids and tokens: random, and what is stored of a token."""

from __future__ import annotations

import hashlib
import secrets


def new_id(prefix: str) -> str:
    """Return an id such as `usr_1f0c…`: unique, and no secret."""
    return f"{prefix}_{secrets.token_hex(8)}"


def new_token() -> str:
    """Return 256 random bits that open something, as 43 characters."""
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> bytes:
    """Return what is stored of a token; nobody guesses 256 random bits, so the hash need not be slow."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
