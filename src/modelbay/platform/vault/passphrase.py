"""A file that a passphrase opens: one line that says how, then what it holds, encrypted and authenticated."""

from __future__ import annotations

import base64
import os
import unicodedata
from typing import Any, Final

import orjson

from modelbay.errors import InvokeBadRequestError

FORMAT: Final = "modelbay-secrets"
SHORTEST: Final = 12
_COST: Final = {"n": 2**17, "r": 8, "p": 1}  # 0.3 s and 128 MB a guess
_MOST: Final = {"n": 2**18, "r": 8, "p": 1}  # a file may not ask for more than 256 MB
_SALT: Final = 16
VERSION: Final = 2
"""Of what files hold. 1 was records with secrets only."""
NEWER: Final = "a newer Modelbay has made it: update this one"
_WRONG: Final = "the passphrase is another, or the file is damaged"


def encrypt(content: Any, passphrase: str, *, version: int = VERSION) -> bytes:
    """Return a file that holds JSON.

    Raises:
        InvokeBadRequestError: The passphrase is too short to withstand guesses.
    """
    from modelbay.platform.vault import ciphers  # noqa: PLC0415 - start-up time

    check_passphrase(passphrase)
    salt = os.urandom(_SALT)
    encoded = base64.b64encode(salt).decode()
    head = orjson.dumps({"format": FORMAT, "version": version, "kdf": "scrypt", **_COST, "salt": encoded})
    key = ciphers.stretched(_bytes(passphrase), salt=salt, **_COST)
    return head + b"\n" + base64.b64encode(ciphers.shut(key, orjson.dumps(content), head)) + b"\n"


def check_passphrase(passphrase: str) -> None:
    """Refuse a passphrase that is too short to withstand guesses (InvokeBadRequestError)."""
    if len(passphrase) < SHORTEST:
        raise InvokeBadRequestError(f"passphrase: at least {SHORTEST} characters")


def decrypt(file: bytes, passphrase: str) -> Any:
    """Return the JSON that a file holds.

    Raises:
        InvokeBadRequestError: It is no such file, of a newer version, damaged, or the passphrase is another.
    """
    from modelbay.platform.vault import ciphers  # noqa: PLC0415 - start-up time

    head, _, body = file.partition(b"\n")
    salt, cost = _read_head(head)
    try:
        box = base64.b64decode(body.strip(), validate=True)
    except ValueError:
        raise InvokeBadRequestError(f"file: {_WRONG}") from None
    plain = ciphers.unshut(ciphers.stretched(_bytes(passphrase), salt=salt, **cost), box, head)
    if plain is None:
        raise InvokeBadRequestError(f"file: {_WRONG}")
    try:
        return orjson.loads(plain)
    except orjson.JSONDecodeError:
        raise InvokeBadRequestError(f"file: {_WRONG}") from None


def _read_head(head: bytes) -> tuple[bytes, dict[str, int]]:
    try:
        said = orjson.loads(head[:10_000])
    except orjson.JSONDecodeError:
        said = None
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise InvokeBadRequestError("file: this is not an export of Modelbay's vault")
    if said.get("version") not in range(1, VERSION + 1) or said.get("kdf") != "scrypt":
        raise InvokeBadRequestError(f"file: {NEWER}")
    try:
        salt = base64.b64decode(said["salt"], validate=True)
        cost = {name: int(said[name]) for name in _COST}
    except (KeyError, TypeError, ValueError):
        raise InvokeBadRequestError(f"file: {_WRONG}") from None
    n = cost["n"]
    if not all(1 <= cost[name] <= _MOST[name] for name in cost) or n < 2 or n & (n - 1):
        raise InvokeBadRequestError("file: opening it would take more memory than an export needs")
    return salt, cost


def _bytes(passphrase: str) -> bytes:
    """Return the same bytes for the same passphrase, whichever keyboard it was typed on."""
    return unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogatepass")
