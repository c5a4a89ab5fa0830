"""Telling whether a process of this machine still lives: it keeps a file of its own locked."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

try:
    import fcntl
except ImportError:  # Windows: there a process that died is known by its silence only
    fcntl = None  # type: ignore[assignment]

from modelbay.store.directory import create_private, open_directory

_UNBORN: Final = ".new"


class Presence:
    """A locked file that is there as long as this process."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    @classmethod
    def show(cls, directory: Path, name: str) -> Presence:
        """Lock a new file in a directory."""
        path = open_directory(directory) / name
        # Locked before it has its name: nobody can take it for one that was left.
        unborn = path.with_suffix(_UNBORN)
        create_private(unborn)
        descriptor = os.open(unborn, os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
        if fcntl is not None:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        unborn.rename(path)
        return cls(path, descriptor)

    def end(self) -> None:
        """Remove the file: whoever looks takes the process for gone."""
        with contextlib.suppress(OSError):
            self.path.unlink()
        os.close(self._descriptor)


def forget_gone(directory: Path) -> None:
    """Remove the files of processes that have died: who holds something for them misses no file."""
    for path in directory.glob("*") if directory.is_dir() else ():
        if path.suffix != _UNBORN:
            is_gone(directory, path.name)


def is_gone(directory: Path, name: str) -> bool:
    """Whether the process that showed itself by that name is certain to be gone; its file is then removed."""
    path = directory / name
    try:
        with path.open("rb") as file:
            if fcntl is None:
                return False
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
    except FileNotFoundError:
        return True
    except OSError:  # it lives
        return False
    return True
