"""What a thief of the database finds: no secret, no private key, no master key, in no encoding."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.platform.databases import stored_bytes
from tests.platform.vault.held import SECRET, Notes, disguises, fill, vault_in

from modelbay.platform.moving.exporting import export_workspace
from modelbay.platform.vault import Vault, ciphers
from modelbay.platform.vault.pairs import KeyPair
from modelbay.platform.vault.rotation import reseal, rotate, rotate_master
from modelbay.store import Database


@given(st.binary(), st.binary())
def test_the_search_finds_what_is_there(before: bytes, after: bytes) -> None:
    """A search that finds nothing proves something only if it finds what there is."""
    import base64

    secret = SECRET.encode()
    data = before + secret + after
    hidden = [data, base64.b64encode(data), base64.urlsafe_b64encode(data), data.hex().encode()]
    hidden += [(before.hex() + SECRET).encode("utf-16-le"), SECRET.encode("utf-16-be")]

    assert all(any(each in place for each in disguises(secret)) for place in hidden)


def test_nothing_stored_holds_a_secret(
    database: Database, vault: Vault, notes: Notes, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """After everything that the vault does: also not in the write-ahead log, nor in what was deleted."""
    fill(vault, database, notes)
    rotate(vault, database, "default", actor="cli")
    reseal(vault, database, "default", [notes])
    rotate_master(vault, database, actor="cli")
    done = export_workspace(
        database, vault, "default", passphrase="a long passphrase", actor="cli", owners=[notes]
    )
    stored = stored_bytes(tmp_path, request) + done.file
    pair = vault.pairs.numbered(database, "default", 2)

    assert isinstance(pair, KeyPair)
    private = ciphers.private_bytes(pair.private)
    assert all(each not in stored for each in disguises(SECRET.encode()))
    # The modulus, which is public, ends before its 450th byte; the secret numbers follow.
    assert all(each not in stored for each in disguises(private[600:640]))
    assert all(each not in stored for each in disguises(private[-40:]))
    assert b"PRIVATE KEY" not in stored
    assert b"a long passphrase" not in stored


def test_the_master_key_is_in_its_own_file_only(
    database: Database, vault: Vault, notes: Notes, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Which is what a backup of the database has to leave out."""
    fill(vault, database, notes)
    keys = [*vault.masters.read()]
    rotate_master(vault, database, actor="cli")
    keys += vault_in(tmp_path).masters.read()
    for path in tmp_path.glob("master-key*"):
        path.rename(tmp_path.parent / f"{tmp_path.name}.{path.name}")
    stored = stored_bytes(tmp_path, request)

    assert len(keys) == 2
    assert all(each not in stored for key in keys for each in disguises(key.reveal()))
    assert all(re.search(key.id.encode(), stored) for key in keys)


def test_nothing_of_the_vault_shows_what_it_holds(database: Database, vault: Vault, notes: Notes) -> None:
    """Printed into a log by mistake."""
    fill(vault, database, notes)
    pair = vault.pairs.newest(database, "default")
    [value, *_] = notes.sealed(database, "default", after=("", ""), limit=1)
    shown = f"{vault!r} {vault.masters!r} {vault.pairs!r} {pair!r} {value!r} {vault.on(database)!r}"
    [key] = vault.masters.read()

    assert value.text not in shown
    assert all(each not in shown.encode() for each in disguises(key.reveal()))
