"""How a sealed secret is written, and what it is bound to.

`mbv1.<key number>.<wrapped data key>.<nonce and ciphertext>`, the last two in base64url without padding. The
number says which of the workspace's key pairs wrapped the data key; the prefix is the version of all of it.
"""

from __future__ import annotations

import base64
import re
from typing import Final, NamedTuple

PREFIX: Final = "mbv1"
_ANY_VERSION = re.compile(r"mbv[0-9]+\.")
_SEALED = re.compile(PREFIX + r"\.([1-9][0-9]{0,8})\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")


class Envelope(NamedTuple):
    """The parts of a sealed secret."""

    number: int
    wrapped: bytes
    box: bytes


def write(envelope: Envelope) -> str:
    """Return the text that is stored."""
    return f"{PREFIX}.{envelope.number}.{_encoded(envelope.wrapped)}.{_encoded(envelope.box)}"


def read(text: str) -> Envelope | None:
    """Return the parts of a stored text; None if it is not one of this version."""
    found = _SEALED.fullmatch(text)
    if found is None:
        return None
    try:
        return Envelope(int(found[1]), _decoded(found[2]), _decoded(found[3]))
    except ValueError:
        return None


def is_versioned(text: str) -> bool:
    """Whether a text claims to be a sealed secret of any version."""
    return _ANY_VERSION.match(text) is not None


def key_number(text: str) -> int | None:
    """Return which key pair a stored text was sealed for; None if it is no sealed secret."""
    found = _SEALED.fullmatch(text)
    return int(found[1]) if found else None


def bound_to(purpose: str, *places: str) -> bytes:
    """Return associated data: what is sealed with it opens nowhere else.

    Each part is preceded by its length, so that no two places are written alike.
    """
    parts = [part.encode("utf-8", "surrogatepass") for part in (f"modelbay {purpose} 1", *places)]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
