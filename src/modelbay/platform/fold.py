"""The ledger's back: what journals hold is moved into the table, each call once.

How far a journal has been folded is written in the transaction that inserts its calls, so a crash at any
moment repeats nothing and leaves nothing out. Any process may fold any journal of its data directory; one
that its writer has left, or died with, is removed when it is folded to its end. A database that several data
directories share knows their journals apart.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Final

from modelbay.errors import ModelbayError
from modelbay.platform.limits.booking import Books
from modelbay.platform.records import to_rows
from modelbay.platform.retention import sweep
from modelbay.store import Database, calls, spending
from modelbay.store.journal import frames, home_of, journals, read, remove_if_left

FOLDER: Final = "journal"
_HEADER: Final = 64 * 1024  # bytes within which a journal's first line ends
_AT_ONCE: Final = 256 * 1024  # bytes a transaction: about 1,000 calls, for which others wait 30 ms at most
_PAUSE: Final = 0.0002  # seconds, see `calls.AT_ONCE`
_EVERY: Final = 1.0  # seconds
_ENOUGH: Final = 5_000  # records that are folded sooner
_SWEEP_EVERY: Final = 600.0  # seconds
_PARTS: Final = 20  # of a sweep, between two folds
_WORKSPACE, _KEY, _AT = (calls.COLUMNS.index(name) for name in ("workspace", "key_id", "at"))


def fold(database: Database, directory: Path, *, rest: Callable[[], None] = lambda: None) -> int:
    """Move all that the journals of a data directory hold into the table; return how many calls that were.

    Args:
        rest: Called between small parts, to let somebody else have the processor.
    """
    folder = directory / FOLDER
    if not folder.is_dir():  # nobody has written here: a command that asks a database elsewhere
        return 0
    home = "" if database.dialect == "sqlite" else f"{home_of(folder)}/"
    # Before the files are listed: a name in it that is not listed is gone for good.
    offsets = calls.folded(database, home)
    found = journals(folder)
    count = sum(_fold_journal(database, home, path, offsets.get(path.name, 0), rest) for path in found)
    for name in offsets.keys() - {path.name for path in found}:
        calls.forget_journal(database, home, name)
    return count


def _fold_journal(database: Database, home: str, path: Path, known: int, rest: Callable[[], None]) -> int:
    header, start = next(frames(read(path, 0, _HEADER)), (b"", 0))
    known, count = max(known, start), 0
    size = _size(path)  # now: a journal that is being written would otherwise be chased, call by call
    while size > known:
        with database.transaction(spending.FOLDING):
            begin = max(calls.folded_of(database, home, path.name), start)
            moved, known = _move(database, path, begin, header, rest)
            if known > begin:
                calls.fold_to(database, home, path.name, known)
        if known == begin:
            break
        count += moved
    if remove_if_left(path, lambda: next(frames(read(path, known, _AT_ONCE)), None) is None):
        calls.forget_journal(database, home, path.name)
    return count


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _move(
    database: Database, path: Path, begin: int, header: bytes, rest: Callable[[], None]
) -> tuple[int, int]:
    """Insert the calls from a place on; return how many were read, and where the rest begins."""
    last: dict[tuple[str, str], float] = {}
    books, count, end = Books(database), 0, begin
    whole = frames(read(path, begin, _AT_ONCE))
    while part := list(islice(whole, calls.AT_ONCE)):
        rows = to_rows(header, [content for content, _ in part])
        books.enter(rows)
        calls.insert(database, rows)
        for row in rows:
            key = (row[_WORKSPACE], row[_KEY])
            last[key] = max(row[_AT], last.get(key, 0.0))
        count, end = count + len(part), begin + part[-1][1]
        rest()
    books.close()
    calls.touch_keys(database, last)
    return count, end


class Folding:
    """Folds in the background: a second after something was written, or at once when that is much."""

    def __init__(self, directory: Path) -> None:
        self.failure = ""
        self._directory = directory
        self.spooled = 0  # bytes in journals that the database has not taken while it was away
        self._taken = 0
        self._written = 0
        self._dirty = threading.Event()
        self._now = threading.Event()
        self._closing = False
        self._next_sweep = float("-inf")
        self._thread = threading.Thread(target=self._run, name="modelbay-fold", daemon=True)

    def start(self) -> None:
        """Begin, with what processes that died have left."""
        self._dirty.set()
        self._now.set()
        self._thread.start()

    def written(self, count: int) -> None:
        """Hear that more records are in the journals; cheap, and callable from any thread."""
        self._written += count
        if not self._dirty.is_set():
            self._dirty.set()
        if self._written >= _ENOUGH and not self._now.is_set():
            self._now.set()

    def close(self) -> None:
        """Fold once more, then stop; returns when that is done."""
        self._closing = True
        self._now.set()
        self._dirty.set()
        self._thread.join()

    def _run(self) -> None:
        """Fold until the end is asked for: the body of the thread."""
        database: Database | None = None
        last = False
        while not last:
            self._dirty.wait(_SWEEP_EVERY)
            self._now.wait(_EVERY)
            last, self._written = self._closing, 0
            self._now.clear()
            self._dirty.clear()
            database = self._fold(database)
        if database is not None:
            database.close()

    def _rest(self) -> None:
        if not self._closing:
            time.sleep(_PAUSE)

    def _measure(self) -> None:
        """Note how much waits: what the journals have grown by since the database has last taken all."""
        with contextlib.suppress(OSError):
            size = sum(map(_size, journals(self._directory / FOLDER)))
            if not self.failure:
                self._taken = size
            self.spooled = size - self._taken

    def _sweep(self, database: Database) -> None:
        """Remove calls that are kept no longer: now and then, and a few at a time."""
        if self._closing or time.monotonic() < self._next_sweep:
            return
        if sweep(database, rest=self._rest, parts=_PARTS):
            self._dirty.set()  # perhaps there are more
        else:
            self._next_sweep = time.monotonic() + _SWEEP_EVERY

    def _fold(self, database: Database | None) -> Database | None:
        try:
            database = database or Database.open(self._directory)
            fold(database, self._directory, rest=self._rest)
            self._sweep(database)
            self.failure = ""
        except (ModelbayError, OSError) as error:
            self.failure = f"calls cannot be moved into the database: {error}"
            self._dirty.set()  # the journals keep them: try again
        except Exception as error:  # noqa: BLE001 - a damaged journal must not end the folding of the others
            self.failure = f"calls cannot be moved into the database: unexpected {type(error).__name__}"
            self._dirty.set()
        self._measure()
        return database
