"""What keeps a PostgreSQL database from being used, in words for who runs it, and never its password."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Final

import psycopg
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from modelbay.store.database import VARIABLE
from modelbay.store.failures import ConflictError, StoreError

_SHAPE: Final = "postgresql://user:password@host:5432/database"
_DRIVER: Final = "postgresql+psycopg"
_TWICE: Final = "23505"
_ADVICE: Final = {  # by the start of the SQL state
    "42501": "its user may not do this: grant it all on the database and its schema",
    "25006": "it can only be read, as a standby can: name the primary",
    "53100": "the disk of the server is full: make room",
    "53300": "the server takes no more connections: raise max_connections, or use a pooler",
    "53": "the server is out of resources",
    "55P03": "another program holds it locked: try again, or end that program",
    "57014": "the server has given up the statement: look for its statement_timeout",
    "57P": "the server is being stopped or started: try again",
    "40": "others changed the same at the same time: try again",
    "08": "the server went away: try again",
    "58": "the server reports a failure of its system",
    "XX": "the server reports that data is damaged: restore a backup",
}
_GONE: Final = ("08", "57P")
_LASTING: Final = ("42501", "25006", "53100", "58", "XX")
_MAYBE: Final = "; what was being changed may or may not have been"


def read_url(given: str) -> URL:
    """Return the URL of a database.

    Raises:
        StoreError: It is none; the message does not repeat it, since it may hold a password.
    """
    try:
        if given.count("@") > 1:  # or a piece of the password would pass for a host, and be shown
            raise ValueError
        url = make_url(given)
    except (ArgumentError, ValueError):
        raise StoreError(
            f"{VARIABLE} cannot be read: write {_SHAPE}, "
            "and in a password %40 for @, %2F for /, %3A for : and %25 for %"
        ) from None
    if url.drivername not in ("postgresql", "postgres", _DRIVER):
        raise StoreError(
            f"{VARIABLE}: {url.drivername[:20]!r} is not known: write {_SHAPE}, "
            "or leave it away for SQLite in the data directory"
        )
    if not url.database:
        raise StoreError(f"{VARIABLE} names no database: write {_SHAPE}")
    return url.set(drivername=_DRIVER)


def place_of(url: URL) -> str:
    """Return a database's URL for people: without password and options."""
    bare = URL.create("postgresql", url.username, None, url.host, url.port, url.database)
    return bare.render_as_string()


def is_disconnection(error: DBAPIError) -> bool:
    """Whether the connection is gone."""
    return error.connection_invalidated or _state(error).startswith(_GONE)


@contextlib.contextmanager
def in_words(place: str, *, changing: bool = False) -> Iterator[None]:
    """Raise what the server says as a StoreError, and what it says of a row as a ConflictError.

    Mistakes in a statement pass as they are: they are ours.

    Args:
        changing: If the connection is lost here, nobody knows whether something was changed.
    """
    try:
        yield
    except (DBAPIError, psycopg.Error) as error:
        state, said = _state(error), _in_words(error)
        if state == _TWICE:
            raise ConflictError from None  # what the server says quotes the row
        if said is None:
            raise
        maybe = _MAYBE if changing and (not state or state.startswith(_GONE)) else ""
        raise StoreError(f"{place}: {said}{maybe}", retryable=not state.startswith(_LASTING)) from None


def _in_words(error: Exception) -> str | None:
    state, cause = _state(error), _cause(error)
    advice = next((words for start, words in _ADVICE.items() if state.startswith(start)), None)
    if advice is not None:
        return f"{advice} ({state})"
    if state or not isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
        return None if not isinstance(cause, psycopg.ProgrammingError) or state else _option(cause)
    return _connecting(cause)


def _connecting(cause: psycopg.Error) -> str:
    """Return why there is no connection; libpq's own line, in the language of the server."""
    line = " ".join(str(cause).split())[:300]
    if cause.pgconn is not None and (cause.pgconn.needs_password or cause.pgconn.used_password):
        return f"the server refuses: check user, password and database in {VARIABLE} ({line})"
    return f"the server cannot be reached or refuses: check {VARIABLE}, and that it runs ({line})"


def _option(cause: psycopg.Error) -> str | None:
    line = " ".join(str(cause).split())[:200]
    return f"check {VARIABLE} ({line})" if "connection option" in line else None


def _cause(error: BaseException) -> BaseException | None:
    return error.orig if isinstance(error, DBAPIError) else error


def _state(error: BaseException) -> str:
    """Return the SQL state; "" if the server has not answered."""
    return getattr(_cause(error), "sqlstate", None) or ""
