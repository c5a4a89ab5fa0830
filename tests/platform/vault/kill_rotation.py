"""Rotate the master key again and again, each time killed a little later: run by `test_killed.py`.

A process is killed at its first call of a function of ours, the next at its second, until one is not killed.
After each the secrets are opened as a new process would, and the rotation is done again.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from tests.platform.vault.held import SECRET, Notes, fill, opened, vault_in

from modelbay.platform.vault.rotation import rotate_master
from modelbay.store import Database
from modelbay.store import vault as queries

ALL = [f"{SECRET} {number}" for number in range(3)]


def kill_at(count: int) -> None:
    """Let this process be killed at its n-th call of a function of ours."""
    left = itertools.count(count, -1)

    def trace(frame: FrameType, event: str, argument: Any) -> None:
        if f"{os.sep}modelbay{os.sep}" in frame.f_code.co_filename and next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.settrace(trace)


def rotate_and_die(folder: Path, count: int) -> bool:
    """Rotate in a process that is killed; return whether it came to its end before."""
    child = os.fork()
    if child == 0:
        kill_at(count)
        with Database.open(folder) as database:
            rotate_master(vault_in(folder), database, actor="cli")
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0
    return not os.WIFSIGNALED(status)


def check(folder: Path) -> None:
    """Open everything as a new process does, complete the rotation, and open everything again."""
    for _ in range(2):
        with Database.open(folder) as database:
            assert opened(vault_in(folder), database, Notes(database)) == ALL
            assert len(queries.masters(database)) == 1
            vault_in(folder).seal(database, "default", "later", "text", SECRET)
            rotate_master(vault_in(folder), database, actor="cli")
        assert not [path for path in folder.iterdir() if path.name.endswith(".next")]


def main(folder: Path) -> None:
    """Kill at every place; print how many there were."""
    original = folder / "original"
    with Database.open(original) as database:
        notes = Notes(database)
        fill(vault_in(original), database, notes, count=3)
    for count in itertools.count():
        copy = folder / "copy"
        shutil.copytree(original, copy)
        ended = rotate_and_die(copy, count)
        check(copy)
        shutil.rmtree(copy)
        if ended:
            sys.stdout.write(str(count))
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]))
