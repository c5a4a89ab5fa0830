"""Journals: files to which a process appends, faster than to any table and as durably.

A journal is a sequence of frames: four bytes of length, four of CRC-32, the content; big-endian. The first
content says what the others hold. A frame that was cut by a crash fails its length or its checksum, and ends
the journal. A journal is written by the process that made it, which holds it locked; where a write fails it
is left as it is, and never written again.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from struct import Struct
from typing import Final
from zlib import crc32

from modelbay.store.directory import create_private, sync_directory

try:
    import fcntl
except ImportError:  # Windows: there a file that somebody has open cannot be removed, which serves as well
    fcntl = None  # type: ignore[assignment]

HEAD: Final = Struct(">II")
SUFFIX: Final = ".log"
UNLOCKED: Final = ".new"
_HOME: Final = "home"
_UNBORN = 3600.0  # seconds after which a journal that never got its name will not get it
_LONGEST = 16 * 1024 * 1024  # a length beyond this is damage

Sync = Callable[[int], None]
sync_data: Final[Sync] = getattr(os, "fdatasync", os.fsync)


def frame(content: bytes) -> bytes:
    """Return a content as a frame."""
    return HEAD.pack(len(content), crc32(content)) + content


def frames(data: bytes, start: int = 0) -> Iterator[tuple[bytes, int]]:
    """Yield each whole content from a place on, and where the next frame begins."""
    while start + HEAD.size <= len(data):
        length, checksum = HEAD.unpack_from(data, start)
        end = start + HEAD.size + length
        content = data[start + HEAD.size : end]
        if length > _LONGEST or end > len(data) or crc32(content) != checksum:
            return
        yield content, end
        start = end


class Journal:
    """A journal that this process writes."""

    def __init__(self, path: Path, descriptor: int, sync: Sync) -> None:
        self.path = path
        self.descriptor = descriptor
        self.size = 0  # of what was written
        self.durable = 0  # of it
        self._sync = sync

    @classmethod
    def create(cls, directory: Path, header: bytes, *, sync: Sync = sync_data) -> Journal:
        """Begin a journal; when it is returned its name and its header are durable."""
        directory.mkdir(mode=0o700, exist_ok=True)
        path = directory / f"{os.getpid()}-{time.time_ns():x}{os.urandom(2).hex()}{SUFFIX}"
        # Before it is locked, others would take it for one left behind.
        first = path if fcntl is None else path.with_suffix(UNLOCKED)
        descriptor = os.open(first, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        journal = cls(first, descriptor, sync)
        try:
            if fcntl is not None:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            journal.append(frame(header))
            if first != path:
                journal.path = first.rename(path)
            sync_directory(directory)
        except BaseException:
            journal.discard()
            raise
        return journal

    def append(self, data: bytes) -> None:
        """Write whole frames; durable on return. After an OSError the journal must not be written again."""
        self.write(data)
        self._sync(self.descriptor)
        self.durable = self.size

    def write(self, data: bytes) -> None:
        """Write whole frames, for a sync of the caller's, who then says what is `durable`."""
        written = os.write(self.descriptor, data)
        while written < len(data):
            written += os.write(self.descriptor, memoryview(data)[written:])
        self.size += written

    def close(self) -> None:
        """Let go of the journal: whoever folds it to its end may remove it."""
        os.close(self.descriptor)

    def discard(self) -> None:
        """Remove a journal in which nothing was acknowledged."""
        self.close()
        with contextlib.suppress(OSError):
            self.path.unlink()


class Volumes:
    """The journals of one writer, one after another: where one is full or has failed, another is begun."""

    def __init__(self, directory: Path, header: bytes, *, full: int, sync: Sync = sync_data) -> None:
        """Keep journals in `directory`, each of about `full` bytes."""
        self.current: Journal | None = None
        self._directory = directory
        self._header = header
        self._full = full
        self._sync = sync
        self._begun = 0

    def begin(self) -> Journal:
        """Return the journal to write to; OSError if a new one is due and cannot be begun."""
        if self.current is None:
            self.current = Journal.create(self._directory, self._header, sync=self._sync)
            self._begun = self.current.size
        return self.current

    def turn(self) -> None:
        """Close a journal that is full."""
        if self.current is not None and self.current.size >= self._full:
            self.close()

    def abandon(self) -> None:
        """Leave a journal that has failed as it is: what a failed write has left in it is not known."""
        journal, self.current = self.current, None
        if journal is None:
            return
        if journal.durable == self._begun:
            journal.discard()
        else:
            journal.close()

    def close(self) -> None:
        """Close the journal that is open, if any."""
        journal, self.current = self.current, None
        if journal is not None:
            journal.close()


def journals(directory: Path) -> list[Path]:
    """Return the journals of a directory, the oldest of each process first; what died unborn is removed."""
    for path in directory.glob(f"*{UNLOCKED}"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _UNBORN:
                path.unlink()
    return sorted(directory.glob(f"*{SUFFIX}"))


def home_of(directory: Path) -> str:
    """Return the name of a directory of journals, made at the first need: no two have the same, anywhere."""
    path = directory / _HOME
    with contextlib.suppress(FileNotFoundError):
        return path.read_text("ascii")
    directory.mkdir(mode=0o700, exist_ok=True)
    name = os.urandom(8).hex()
    own = directory / f"{_HOME}-{name}"
    create_private(own, name.encode())
    with contextlib.suppress(FileExistsError):  # somebody else was first
        os.link(own, path)
    own.unlink()
    sync_directory(directory)
    return path.read_text("ascii")


def read(path: Path, start: int, limit: int) -> bytes:
    """Return at most `limit` bytes of a journal; nothing if it has been removed meanwhile."""
    try:
        with path.open("rb") as file:
            file.seek(start)
            return file.read(limit)
    except FileNotFoundError:
        return b""


def remove_if_left(path: Path, is_done: Callable[[], bool]) -> bool:
    """Remove a journal whose writer is gone, if it is still done with once that is certain."""
    try:
        with path.open("rb") as file:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not is_done():
                return False
            if fcntl is not None:
                path.unlink()
        if fcntl is None:
            path.unlink()
    except FileNotFoundError:
        return True
    except OSError:  # its writer lives, or somebody else is removing it
        return False
    return True
