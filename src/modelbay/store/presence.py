"""Telling whether a process of this machine still lives: it keeps a file of its own locked."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: there a process that died is known by its silence only
    fcntl = None  # type: ignore[assignment]

from modelbay.store.directory import create_private, open_directory


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
        unborn = path.with_suffix(".new")
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
