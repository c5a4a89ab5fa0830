"""What people see of a secret: enough to tell theirs apart."""

from __future__ import annotations

from typing import Final

_SHORT: Final = 15  # of a shorter one the eight characters would be most of it
_STARS: Final = 20
_BEGINNING: Final = 6
_END: Final = 2


def masked(secret: str) -> str:
    """Return a secret as it is shown: its first six and last two characters, of a short one none.

    How long it is does not show.
    """
    if len(secret) <= _SHORT:
        return "*" * _STARS
    return secret[:_BEGINNING] + "*" * (_STARS - _BEGINNING - _END) + secret[-_END:]
