"""What a key looks like: `mb-`, 43 random characters, and six by which a mistyped one shows."""

from __future__ import annotations

import hashlib
import secrets
import string
from typing import Final
from zlib import crc32

PREFIX: Final = "mb-"
_ALPHABET: Final = string.digits + string.ascii_letters  # a double click selects the whole
_RANDOM: Final = 43  # 256 bits
_CHECK: Final = 6
_LENGTH: Final = len(PREFIX) + _RANDOM + _CHECK
_HINT: Final = 4


def new_secret() -> str:
    """Return a new key."""
    body = PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM))
    return body + _checksum(body)


def is_plausible(key: str) -> bool:
    """Whether a text could be a key. That says nothing of whether it is one: anybody can compute it."""
    return (
        len(key) == _LENGTH
        and key.startswith(PREFIX)
        and key.isascii()
        and _checksum(key[:-_CHECK]) == key[-_CHECK:]
    )


def digest_of(key: str) -> bytes:
    """Return what is stored of a key; nobody guesses 256 random bits, so the hash need not be slow."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def hint_of(key: str) -> str:
    """Return how a key begins, so that people can tell theirs apart; 232 of its bits stay unknown."""
    return key[: len(PREFIX) + _HINT]


def _checksum(text: str) -> str:
    rest = crc32(text.encode())
    letters = []
    for _ in range(_CHECK):
        rest, place = divmod(rest, len(_ALPHABET))
        letters.append(_ALPHABET[place])
    return "".join(letters)
