"""What replicas share quickly and may lose: rates, calls under way, cool-downs.

Money and quotas are in the database: `docs/decisions/0012-shared-state.md`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from modelbay.platform.shared.local import LocalStore
from modelbay.platform.shared.port import Ask, Kind, Refused, Shared, Ticket
from modelbay.platform.shared.redis import PATIENCE, RedisStore
from modelbay.platform.shared.sharing import Sharing

VARIABLE: Final = "MODELBAY_REDIS_URL"

__all__ = ["VARIABLE", "Ask", "Kind", "Refused", "Shared", "Ticket", "shared_in"]


def shared_in(data_dir: Path, *, patience: float = PATIENCE) -> Shared:
    """Return what the processes of a data directory share; with Redis, those of all machines that name it.

    Where one cannot be used, the next does: Redis, a file of the data directory, the memory of the process.

    Args:
        patience: Seconds that a call may wait for Redis.
    """
    machine = Sharing(LocalStore(data_dir), behind=Sharing(LocalStore(None)))
    url = os.environ.get(VARIABLE, "").strip()
    return Sharing(RedisStore(url, patience=patience), behind=machine) if url else machine
