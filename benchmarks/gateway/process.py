"""CPU and memory of a server: of its process and all that it started. Linux only."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")


def tree(pid: int) -> list[int]:
    """Return a process and its descendants; those that end meanwhile are left out."""
    found = [pid]
    for parent in found:
        with suppress(OSError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def cpu_of(pid: int) -> float:
    """Return the CPU seconds of one process. Exact: `/proc/<pid>/stat` only counts hundredths of a second."""
    return time.clock_gettime((~pid << 3) | 2)


def cpu_by_process(pid: int) -> Mapping[int, float]:
    """Return the CPU seconds of each process of a tree."""
    seconds: dict[int, float] = {}
    for process in tree(pid):
        with suppress(OSError):
            seconds[process] = cpu_of(process)
    return seconds


def spent(before: Mapping[int, float], after: Mapping[int, float]) -> float:
    """Return the CPU seconds between two readings; of a process that began in between, all."""
    return sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())


def resident(pid: int) -> int:
    """Return the resident bytes of a tree, shared pages each time. This does not slow the process."""
    total = 0
    for process in tree(pid) if pid else ():
        with suppress(OSError):
            total += int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE
    return total


def idle_seconds(cores: Iterable[int]) -> float:
    """Return for how long these cores, together, have had nothing to do since the machine began."""
    names = {f"cpu{core}" for core in cores}
    lines = (line.split() for line in Path("/proc/stat").read_text().splitlines())
    return sum(int(fields[4]) for fields in lines if fields[0] in names) / os.sysconf("SC_CLK_TCK")


def wake_ups(pid: int) -> int:
    """Return how often the threads of a tree have waited for something."""
    total = 0
    for process in tree(pid) if pid else ():
        with suppress(OSError):
            for task in Path(f"/proc/{process}/task").iterdir():
                lines = (task / "status").read_text().splitlines()
                total += next(int(line.split()[1]) for line in lines if line.startswith("voluntary"))
    return total


def proportional(pid: int) -> int:
    """Return the bytes of a tree with shared pages divided among those who share them."""
    total = 0
    for process in tree(pid):
        with suppress(OSError):
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
            total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024
    return total
