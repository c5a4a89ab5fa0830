"""One of several processes that want the same at once: run by the tests.

Arguments: data directory, kind, limit, amount, how many takes. A line on stdin lets it begin; it writes how
many were allowed, then what it knows to be wrong, and holds what it has until stdin ends.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from modelbay.platform.shared import Ask, Kind, Ticket, shared_in


async def main(data_dir: Path, kind: Kind, limit: int, amount: int, times: int) -> None:
    """Take until all takes are answered."""
    shared = shared_in(data_dir, patience=60.0)
    await shared.start()
    await shared.take([Ask("warm", Kind.REQUESTS, 10**6)])  # the first pays for packages and connections
    say("ready")
    sys.stdin.readline()
    allowed = 0
    for _ in range(times // 10):
        asks = [Ask("other", Kind.REQUESTS, 10**6), Ask("one", kind, limit, amount)]
        taken = await asyncio.gather(*(shared.take(asks) for _ in range(10)))
        allowed += sum(isinstance(each, Ticket) for each in taken)
    say(str(allowed))
    say(shared.failure or "nothing")
    await asyncio.to_thread(sys.stdin.read)
    await shared.close()


def say(line: str) -> None:
    """Tell the test."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(
        main(Path(sys.argv[1]), Kind(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
    )
