"""The installation's master key: where it comes from, and how it is told from another.

It wraps the private keys of the workspaces. Each has an id, made from a hash of it, which is stored with what
it wraps: so a wrong one is recognised before anything is tried with it.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import os
import re
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NoReturn

from modelbay.platform.vault.sources import FILE, NEXT, MasterKeyError, Source, private_file, source_of
from modelbay.store.directory import create_private, sync_directory

_LENGTH: Final = 32
_AGAIN: Final = 1.0  # seconds until a key that is not there is looked for again
_ADVICE: Final = "write base64 of 32 random bytes, as openssl rand -base64 32 makes them"
_BETWEEN = re.compile(r"[\s,]+")


class MasterKey:
    """32 random bytes that never show. `id` is what is stored of them."""

    __slots__ = ("_key", "id")

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.id = "mk_" + hashlib.sha256(b"modelbay master key id 1" + key).hexdigest()[:16]

    @classmethod
    def new(cls) -> MasterKey:
        """Return a fresh one."""
        return cls(secrets.token_bytes(_LENGTH))

    def reveal(self) -> bytes:
        """Return the bytes, for the cipher and for the file that keeps them."""
        return self._key

    def __repr__(self) -> str:
        return f"MasterKey({self.id})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a master key cannot be pickled or copied out of the process")


class MasterKeys:
    """The master keys of a process: one, or two while a new one takes over on all replicas.

    The environment says where they come from: `MODELBAY_MASTER_KEY`, `MODELBAY_MASTER_KEY_FILE` or
    `MODELBAY_MASTER_KEY_COMMAND`; without any, a file in the data directory is made at the first need.
    """

    def __init__(
        self,
        data_dir: Path,
        environ: Mapping[str, str] | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.data_dir = data_dir
        self._environ = os.environ if environ is None else environ
        self._clock = clock
        self._known: dict[str, MasterKey] = {}
        self._missed: dict[str, float] = {}

    @property
    def source(self) -> Source:
        """Where they come from; MasterKeyError if the environment says two things."""
        return source_of(self._environ, self.data_dir)

    def read(self) -> list[MasterKey]:
        """Read them where they are: none if the file in the data directory has not been made yet.

        Raises:
            MasterKeyError: They cannot be read, or are none.
        """
        found = [key for place, text in self.source.texts() for key in keys_in(text, place)]
        self._known.update((key.id, key) for key in found)
        return found

    def by_id(self, key_id: str) -> MasterKey | None:
        """Return the one of an id; None if this process has not got it.

        One that is not known is looked for where they come from, once a second: it may have been put there
        meanwhile.

        Raises:
            MasterKeyError: They cannot be read.
        """
        now = self._clock()
        if key_id not in self._known and now >= self._missed.get(key_id, now):
            self._missed[key_id] = now + _AGAIN
            self.read()
        return self._known.get(key_id)

    def first(self) -> MasterKey:
        """Return the one to use where nothing is kept under any yet; the data directory's is made now.

        The caller holds the database's lock, so that two processes do not make two.

        Raises:
            MasterKeyError: There is none.
        """
        found = self.read()
        return found[0] if found else self.make(FILE)

    def make(self, name: str) -> MasterKey:
        """Make one in a file of the data directory: whole and durable, or not at all."""
        key = MasterKey.new()
        path, draft = self.data_dir / name, self.data_dir / f"{name}.{secrets.token_hex(8)}"
        try:
            create_private(draft, base64.b64encode(key.reveal()) + b"\n")
            draft.replace(path)
            sync_directory(self.data_dir)
        except OSError as error:
            raise MasterKeyError(f"{path} cannot be written: {error.strerror}") from None
        self._known[key.id] = key
        return key

    def next(self) -> MasterKey:
        """Return the data directory's next key: that of a rotation that was interrupted, or a new one."""
        path = self.data_dir / NEXT
        return keys_in(private_file(path), str(path))[0] if path.exists() else self.make(NEXT)

    def take_over(self) -> None:
        """Put the next key in the place of the present one, which is kept under its id for old backups."""
        present = self.data_dir / FILE
        try:
            if present.exists():
                text = private_file(present)
                with contextlib.suppress(FileExistsError):  # of an attempt that was interrupted here
                    create_private(
                        self.data_dir / f"{FILE}.{keys_in(text, str(present))[0].id}", text.encode()
                    )
            (self.data_dir / NEXT).replace(present)
            sync_directory(self.data_dir)
        except OSError as error:
            raise MasterKeyError(f"{present} cannot be replaced: {error.strerror}") from None

    def __repr__(self) -> str:
        return f"MasterKeys({', '.join(sorted(self._known))})"


def keys_in(text: str, place: str) -> list[MasterKey]:
    """Read one or more master keys, separated by white space or commas.

    Raises:
        MasterKeyError: One is not base64 of 32 bytes; the message names the place and quotes nothing.
    """
    parts = [part for part in _BETWEEN.split(text.strip()) if part]
    if not parts:
        raise MasterKeyError(f"{place} is empty: {_ADVICE}")
    return [MasterKey(_decoded(part, place)) for part in parts]


def _decoded(text: str, place: str) -> bytes:
    try:
        key = base64.b64decode(text.translate({45: "+", 95: "/"}) + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _LENGTH or len(set(key)) == 1:
        raise MasterKeyError(f"{place}: this is not a master key; {_ADVICE}")
    return key
