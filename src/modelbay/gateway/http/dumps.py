"""No dumps of a gateway's memory: it holds the keys of providers that calls are made with."""

from __future__ import annotations

import contextlib
import ctypes
import resource
import sys
from typing import Final

_PR_SET_DUMPABLE: Final = 4  # <linux/prctl.h>


def forbid_dumps() -> None:
    """Have the system write no core of this process, and let nobody but root look into its memory.

    The second is Linux's: it also holds where a program takes the cores (`core_pattern`), to which the limit
    of their size does not apply, and against debuggers of the same user.
    """
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
