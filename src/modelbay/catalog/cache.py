"""The cache directory: files that only save time, so that any doubt about one means doing without it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

_FORMAT = 1  # raise it when the meaning of the files changes
_DIGEST_BYTES = 16


def cache_directory() -> Path | None:
    """Return where caches go: `MODELBAY_CACHE_DIR`, else `modelbay` in the user's cache directory."""
    own = os.environ.get("MODELBAY_CACHE_DIR")
    if own:
        return Path(own)
    shared = os.environ.get("XDG_CACHE_HOME", "")
    try:
        return (Path(shared) if shared.startswith("/") else Path.home() / ".cache") / "modelbay"
    except RuntimeError:  # no home directory
        return None


@dataclass(frozen=True, slots=True)
class Cache:
    """JSON files in a directory that nobody else can write.

    Each file starts with a digest of itself and names the code that wrote it, so that a damaged file and one
    of another release read as absent.
    """

    directory: Path | None
    code: str = ""

    @classmethod
    def open(cls) -> Cache:
        """Return the cache of this user, or one that holds nothing where none can be trusted."""
        base = cache_directory()
        directory = base / "catalog" if base else None
        if not base or not directory or not _make_private(base) or not _make_private(directory):
            return cls(None)
        return cls(directory, code_stamp())

    def read(self, name: str) -> Any:
        """Return what was written under a name, or None."""
        if self.directory is None:
            return None
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            content = _read_own(self.directory / name)
            digest, body = content[: 2 * _DIGEST_BYTES], content[2 * _DIGEST_BYTES :]
            if digest == _digest(body):
                value = orjson.loads(body)
                return value["value"] if value["code"] == self.code else None
        return None

    def write(self, name: str, value: Any) -> None:
        """Keep a value; a reader sees the old or the new, never a part. A failure to write is no error."""
        if self.directory is None:
            return
        temporary = self.directory / f".{name}.{os.getpid()}.{os.urandom(6).hex()}"
        try:
            body = orjson.dumps({"code": self.code, "value": value})
            _write_new(temporary, _digest(body) + body)
            temporary.replace(self.directory / name)
        except (OSError, TypeError):  # a full or read-only disk; a value that JSON cannot hold
            with contextlib.suppress(OSError):
                temporary.unlink()

    def remove(self, names: Iterable[str]) -> None:
        """Forget values."""
        if self.directory is None:
            return
        for name in names:
            with contextlib.suppress(OSError):
                (self.directory / name).unlink()


def file_name(kind: str, *subject: str) -> str:
    """Return the name of the file about a subject."""
    return (
        f"{kind}-{hashlib.blake2b(chr(0).join(subject).encode(), digest_size=_DIGEST_BYTES).hexdigest()}.json"
    )


def code_stamp() -> str:
    """Return a mark that changes when the code that reads declarations does."""
    package = Path(__file__).parent
    stamps = []
    for folder in (package, package.parent / "entities"):
        with os.scandir(folder) as entries:
            sources = sorted(
                (entry for entry in entries if entry.name.endswith(".py")), key=lambda each: each.name
            )
        stamps += [(entry.name, entry.stat().st_size, entry.stat().st_mtime_ns) for entry in sources]
    return hashlib.blake2b(repr((_FORMAT, stamps)).encode(), digest_size=_DIGEST_BYTES).hexdigest()


def _make_private(directory: Path) -> bool:
    """Make the directory if it is missing; say whether only its owner, who is this user, can write it."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _is_own(directory.stat())
    except OSError:
        return False


def _is_own(status: os.stat_result) -> bool:
    if not hasattr(os, "geteuid"):  # Windows: the user's own cache directory is private by default
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & stat.S_IWOTH


def _read_own(path: Path) -> bytes:
    with path.open("rb") as file:
        if not _is_own(os.fstat(file.fileno())):
            raise PermissionError(path)
        return file.read()


def _write_new(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - the descriptor is open already
        file.write(content)


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_DIGEST_BYTES).hexdigest().encode()
