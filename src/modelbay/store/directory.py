"""The data directory: what Modelbay keeps, readable by nobody but its user."""

from __future__ import annotations

import os
from pathlib import Path

from modelbay.store.failures import StoreError

_ADVICE = "give another with --data-dir or MODELBAY_DATA_DIR"


def data_directory() -> Path:
    """Return where data goes: `MODELBAY_DATA_DIR`, else `modelbay` in the user's data directory.

    Raises:
        StoreError: The user has no home directory.
    """
    own = os.environ.get("MODELBAY_DATA_DIR")
    if own:
        return Path(own).expanduser()
    shared = os.environ.get("XDG_DATA_HOME", "")
    try:
        return (Path(shared) if shared.startswith("/") else Path.home() / ".local" / "share") / "modelbay"
    except RuntimeError:
        raise StoreError("there is no home directory to keep data in: set MODELBAY_DATA_DIR") from None


def open_directory(directory: Path) -> Path:
    """Make a data directory if it is missing and close it to others; return its absolute path.

    Raises:
        StoreError: It cannot be made, written, or belongs to somebody else and is open to everybody.
    """
    directory = directory.absolute()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _close_to_others(directory)
    except OSError as error:
        raise StoreError(
            f"{directory} cannot be used as data directory: {error.strerror}; {_ADVICE}"
        ) from None
    if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
        raise StoreError(f"the data directory {directory} cannot be written; {_ADVICE}")
    return directory


def create_private(path: Path, content: bytes = b"") -> None:
    """Write a new file that only its owner can read; FileExistsError if it is there already."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - the descriptor is open already
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def sync_directory(directory: Path) -> None:
    """Make the names of new files durable, where the system can."""
    if os.name == "nt":  # a directory cannot be opened there; names are in the file system's own journal
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _close_to_others(directory: Path) -> None:
    if not hasattr(os, "geteuid"):  # Windows: the user's own data directory is private by default
        return
    status = directory.stat()
    if status.st_uid == os.geteuid():
        if status.st_mode & 0o077:
            directory.chmod(0o700)
    elif status.st_mode & 0o002:
        raise StoreError(f"the data directory {directory} can be written by everybody; {_ADVICE}")
