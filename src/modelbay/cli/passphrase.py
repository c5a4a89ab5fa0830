"""Reading a passphrase: from a file, the environment or the terminal, never from an argument."""

from __future__ import annotations

import os
import sys

from modelbay.cli.errors import Mistake

VARIABLE = "MODELBAY_PASSPHRASE"


def read_passphrase(path: str | None, *, new: bool) -> str:
    """Return a passphrase; a new one is typed twice.

    Raises:
        Mistake: There is none, or it cannot be read.
    """
    if path is not None:
        return _first_line(path)
    given = os.environ.get(VARIABLE)
    if given:
        return given
    if not sys.stdin.isatty():
        raise Mistake(f"there is no passphrase: set {VARIABLE}, or give --passphrase-file FILE, - for stdin")
    return _typed(new)


def _first_line(path: str) -> str:
    try:
        if path == "-":
            line = sys.stdin.readline()
        else:
            with open(os.path.expanduser(path), encoding="utf-8") as file:  # noqa: PTH111, PTH123 - text as given
                line = file.readline()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise Mistake(f"--passphrase-file: {path} cannot be read: {why}") from None
    return line.rstrip("\r\n")


def _typed(new: bool) -> str:
    import getpass

    passphrase = getpass.getpass("Passphrase: ")
    if new and getpass.getpass("Once more: ") != passphrase:
        raise Mistake("the two passphrases are not the same")
    return passphrase
