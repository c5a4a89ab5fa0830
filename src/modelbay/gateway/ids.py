"""Request ids: unique, in the order of time, and not to be guessed."""

from __future__ import annotations

import os
import time

_AT_ONCE = 512  # ids whose random parts are fetched together: asking the system costs more than all the rest
_RANDOM = 9  # bytes

_pool: list[str] = []


def new_id() -> str:
    """Return an id of 29 hexadecimal digits: the time in milliseconds, then 72 random bits."""
    if not _pool:
        data = os.urandom(_RANDOM * _AT_ONCE).hex()
        step = 2 * _RANDOM
        _pool.extend(data[place : place + step] for place in range(0, len(data), step))
    return f"{int(time.time() * 1000):011x}{_pool.pop()}"


os.register_at_fork(after_in_child=_pool.clear)
