"""Python's cycle collector, for a process that serves.

Code, declarations and classes live as long as the process. The collector would look at all of them every few
thousand calls, which stops every stream for tens of milliseconds. They are taken out of its sight, and it is
asked less often: what a call leaves behind is freed by reference counts.
"""

from __future__ import annotations

import asyncio
import gc

_THRESHOLDS = (10_000, 20, 100)
_AGAIN = 5.0  # seconds: by then the first calls have loaded what is loaded late


def settle() -> None:
    """Collect what is garbage, and never look at what is left; once more when calls have begun."""
    _settle()
    asyncio.get_running_loop().call_later(_AGAIN, _settle)


def _settle() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
