"""The key of a fresh local set-up: made once, and shown again whenever its owner asks."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

from modelbay.platform.keys import create_key
from modelbay.platform.secrets import digest_of
from modelbay.store import Database, StoreError, open_directory
from modelbay.store import keys as queries
from modelbay.store.directory import create_private

FILE: Final = "local-key"
NAME: Final = "local"


def first_key(data_dir: Path) -> str | None:
    """Return the key that this set-up made for itself; the first time, make it.

    Returns:
        None where keys are in other hands: there are or were some, and the local one opens nothing any more.

    Raises:
        StoreError: The data directory cannot be used.
    """
    open_directory(data_dir)  # the key is kept there, also where the database is elsewhere
    with Database.open(data_dir) as database, database.transaction():
        kept = _read(data_dir / FILE)
        row = queries.by_hash(database, digest_of(kept)) if kept else None
        if row is not None:
            return kept if row.revoked is None else None
        return None if queries.any_known(database) else _make(database, data_dir / FILE)


def _make(database: Database, path: Path) -> str:
    new = create_key(database, name=NAME, inside=True)
    try:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()  # of a database that is no more
        create_private(path, new.secret.encode() + b"\n")
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from None
    return new.secret


def _read(path: Path) -> str | None:
    try:
        return path.read_text("ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return None
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from None
