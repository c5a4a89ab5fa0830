"""What keeps a database from being used, in words for the person who runs it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from modelbay.errors import ModelbayError

_ADVICE = {  # by the start of SQLite's own name of the error
    "SQLITE_FULL": "the disk is full: make room",
    "SQLITE_READONLY": "it cannot be written: check the owner and the mode of the file and its directory",
    "SQLITE_CANTOPEN": "it cannot be opened: check the owner and the mode of the file and its directory",
    "SQLITE_PERM": "it cannot be opened: check the owner and the mode of the file and its directory",
    "SQLITE_BUSY": "another program holds it locked: try again, or end that program",
    "SQLITE_NOTADB": "it is not a database of Modelbay: move it away, or name another data directory",
    "SQLITE_CORRUPT": "it is damaged: restore a backup, or move it away to begin with an empty one",
    "SQLITE_IOERR": "the disk reports an error",
}
_TWICE: Final = ("SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE")


class StoreError(ModelbayError):
    """The data directory or its database cannot be used; the message names it and says what to do."""

    summary = "The data directory cannot be used."


class ConflictError(ModelbayError):
    """A row that may be there once is there already: somebody else was first. Nothing was changed.

    Whoever makes the row says it in the words of what was to be made.
    """

    summary = "This is there already."


@contextlib.contextmanager
def in_words(path: Path) -> Iterator[None]:
    """Raise what SQLite says of a file as a StoreError, and of a row as a ConflictError.

    Mistakes in a statement pass as they are: they are ours.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", "")
        if name in _TWICE:
            raise ConflictError from error
        advice = next((text for start, text in _ADVICE.items() if name.startswith(start)), None)
        if advice is None:
            raise
        raise StoreError(f"{path}: {advice} ({name})", retryable=name.startswith("SQLITE_BUSY")) from error
