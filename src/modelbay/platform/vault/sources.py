"""Where a master key is kept: in the environment, in a file, behind a command, or in the data directory."""

from __future__ import annotations

import contextlib
import os
import shlex
import stat
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from modelbay.errors import ModelbayError

FILE: Final = "master-key"
NEXT: Final = "master-key.next"
VARIABLE: Final = "MODELBAY_MASTER_KEY"
_WAIT: Final = 30.0  # seconds for a command


class MasterKeyError(ModelbayError):
    """The master key cannot be had, or is another than the one that is needed. It is never quoted."""

    summary = "The master key cannot be used."


@dataclass(frozen=True, slots=True)
class Source:
    """A place, by the name that people know it by, and how to read it."""

    name: str
    in_data_dir: bool
    texts: Callable[[], Sequence[tuple[str, str]]]
    """Read it: a text and the name of where it was, each. MasterKeyError if that fails."""


def source_of(environ: Mapping[str, str], data_dir: Path, *, variable: str = VARIABLE) -> Source:
    """Return where the master key is kept.

    Raises:
        MasterKeyError: The environment names two places, or a variable is set and empty. Falling back to a
            file then would hide that the key which was meant is not used.
    """
    named = [name for name in (variable, f"{variable}_FILE", f"{variable}_COMMAND") if name in environ]
    if len(named) > 1:
        raise MasterKeyError(f"{' and '.join(named)} are both set: keep one")
    if not named:
        return Source(str(data_dir / FILE), True, lambda: _kept_in(data_dir))
    [name] = named
    value = environ[name].strip()
    if not value:
        raise MasterKeyError(f"{name} is set, but empty: give it a value, or remove it")
    if name == variable:
        return Source(name, False, lambda: [(name, value)])
    read = _file if name.endswith("_FILE") else _output
    return Source(name, False, lambda: [(name, read(value, name))])


def private_file(path: Path) -> str:
    """Return the text of a file that only its owner can read.

    Raises:
        MasterKeyError: Others can read it, or it cannot be read.
        FileNotFoundError: There is none.
    """
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())  # of what was opened, not of what is there by now
            if os.name != "nt" and stat.S_IMODE(status.st_mode) & 0o077:
                raise MasterKeyError(f"{path} can be read by others: chmod 600 {shlex.quote(str(path))}")
            return file.read(10_000).decode("ascii", "replace")
    except FileNotFoundError:
        raise
    except OSError as error:
        raise MasterKeyError(f"{path} cannot be read: {error.strerror}") from None


def _kept_in(data_dir: Path) -> list[tuple[str, str]]:
    """Read the data directory's files: the present key, and the next one while a rotation is under way.

    The next is read first: if it takes the present one's place meanwhile, it is read there.
    """
    found: list[tuple[str, str]] = []
    for path in (data_dir / NEXT, data_dir / FILE):
        with contextlib.suppress(FileNotFoundError):
            found.insert(0, (str(path), private_file(path)))
    return found


def _file(value: str, name: str) -> str:
    try:
        return private_file(Path(value).expanduser())
    except FileNotFoundError:
        raise MasterKeyError(f"{name}: {value} does not exist") from None


def _output(command: str, name: str) -> str:
    """Run a command, without a shell, and return what it writes; what it complains of goes to our stderr."""
    try:
        done = subprocess.run(  # noqa: S603 - the command is the operator's own
            shlex.split(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=_WAIT, check=False
        )
    except subprocess.TimeoutExpired:
        raise MasterKeyError(f"{name} did not end within {_WAIT:g} s") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "its quotes are not closed"
        raise MasterKeyError(f"{name} cannot be run: {why}") from None
    if done.returncode:
        raise MasterKeyError(f"{name} failed with exit code {done.returncode}")
    return done.stdout.decode("ascii", "replace")
