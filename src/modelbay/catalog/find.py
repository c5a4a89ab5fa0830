"""Which plugin folders there are, and which declarations each holds; nothing is parsed here."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from modelbay.errors import DeclarationError

MANIFEST = "manifest.yaml"
LARGEST_FILE_BYTES = 4 * 1024 * 1024
_SUFFIXES = (".yaml", ".yml")
_NOT_DECLARATIONS = frozenset({"__pycache__", "_assets", "node_modules", "venv", "site-packages"})
_COARSEST_CLOCK_NS = 2_000_000_000  # FAT keeps times in steps of two seconds


def builtin_folder() -> Path:
    """Return the folder of the built-in plugins."""
    import modelbay.providers  # noqa: PLC0415 - start-up time: only who lists models needs it

    return Path(modelbay.providers.__path__[0])


def plugin_folders(roots: Iterable[Path]) -> Iterator[Path]:
    """Yield every plugin folder: a root with a manifest is one itself, else its children that have one."""
    for root in roots:
        if (root / MANIFEST).is_file():
            yield root
        elif root.is_dir():
            with os.scandir(root) as entries:
                names = sorted(entry.name for entry in entries if entry.name[0] not in "._")
            yield from (root / name for name in names if os.path.isfile(f"{root}/{name}/{MANIFEST}"))  # noqa: PTH113
        else:
            raise DeclarationError(f"{root}: there is no such folder; plugins were to be read from it")


class FileStamp(NamedTuple):
    """What the file system says of one file; `path` is relative to the plugin, with forward slashes."""

    path: str
    size: int
    modified_ns: int
    changed_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class PluginFiles:
    """The YAML files of a plugin folder, sorted by path; each is read at most once."""

    folder: Path
    stamps: tuple[FileStamp, ...]
    _contents: dict[str, bytes] = field(default_factory=dict)

    @property
    def paths(self) -> list[str]:
        """The relative paths of all YAML files."""
        return [stamp.path for stamp in self.stamps]

    def __contains__(self, path: str) -> bool:
        return any(stamp.path == path for stamp in self.stamps)

    def content(self, path: str) -> bytes:
        """Return the bytes of one of the files.

        Raises:
            DeclarationError: The file cannot be read, or is larger than any declaration.
        """
        if path not in self._contents:
            self._contents[path] = _read(self.folder / path)
        return self._contents[path]

    def fingerprint(self) -> str:
        """Return a digest of paths, sizes, times and inodes: equal means that nothing was touched."""
        return hashlib.blake2b(repr(self.stamps).encode(), digest_size=16).hexdigest()

    def is_fresh(self) -> bool:
        """Whether a file changed so recently that another change could leave the same times."""
        newest = max((max(stamp.modified_ns, stamp.changed_ns) for stamp in self.stamps), default=0)
        return newest > time.time_ns() - _COARSEST_CLOCK_NS

    def checksum(self) -> str:
        """Return a digest of paths and contents."""
        digest = hashlib.blake2b(digest_size=32)
        for path in self.paths:
            try:
                content = self.content(path)
            except DeclarationError:
                content = b"unreadable"
            digest.update(f"{path}\0{len(content)}\0".encode())
            digest.update(content)
        return digest.hexdigest()


def scan(folder: Path) -> PluginFiles:
    """List the YAML files of a plugin folder.

    Raises:
        DeclarationError: The folder cannot be listed.
    """
    found: list[FileStamp] = []
    try:
        _walk(str(folder), "", found)
    except OSError as error:
        raise DeclarationError(f"{folder}: the folder cannot be read ({error.strerror}).") from error
    found.sort()
    return PluginFiles(folder, tuple(found))


def _walk(folder: str, prefix: str, found: list[FileStamp]) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if name[0] == "." or name in _NOT_DECLARATIONS:
                continue
            if name.endswith(_SUFFIXES):
                _add(entry, prefix + name, found)
            elif entry.is_dir(follow_symlinks=False):
                _walk(entry.path, f"{prefix}{name}/", found)


def _add(entry: os.DirEntry[str], path: str, found: list[FileStamp]) -> None:
    # A link to a file is followed: some installers link every file of a package into place.
    try:
        status = entry.stat()
    except FileNotFoundError:
        return
    if stat.S_ISREG(status.st_mode):
        found.append(FileStamp(path, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino))


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE_BYTES + 1)
    except OSError as error:
        raise DeclarationError(f"{path}: the file cannot be read ({error.strerror}).") from error
    if len(content) > LARGEST_FILE_BYTES:
        raise DeclarationError(f"{path}: the file is larger than {LARGEST_FILE_BYTES} bytes; split it.")
    return content
