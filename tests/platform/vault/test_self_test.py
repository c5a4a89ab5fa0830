"""The self-test: what a start finds out about the vault, before a call does."""

from __future__ import annotations

from pathlib import Path

from tests.platform.vault.held import MASTER, OTHER, SECRET, Notes, fill, opened, vault_in

from modelbay.platform.vault import SecretUnreadable, Vault
from modelbay.platform.vault.check import holdings
from modelbay.store import Database


def test_an_installation_without_secrets_is_well_and_stays_empty(
    database: Database, vault: Vault, tmp_path: Path
) -> None:
    """A start makes nothing that nobody asked for."""
    test = vault.open_at_start(database)

    assert test.ok
    assert (test.pairs, list(test.masters)) == (0, [])
    assert not (tmp_path / "master-key").exists()


def test_every_stored_key_pair_is_tried(database: Database, vault: Vault, tmp_path: Path) -> None:
    """Not only that of the first workspace."""
    for workspace in ("a", "b", "default"):
        vault.prepare(database, workspace)
    database.change("UPDATE vault_keys SET number = 7 WHERE workspace = 'b'")
    test = vault_in(tmp_path).open_at_start(database)

    assert not test.ok
    assert test.pairs == 3
    assert [str(each) for each in test.unreadable] == [
        "workspace b, key pair 7: it is damaged, or was moved here from another place: enter the secret again"
    ]


def test_another_master_key_is_said_for_each_key_pair(database: Database, tmp_path: Path) -> None:
    """The start goes on: what needs no stored secret works, and what does says why it does not."""
    vault_in(tmp_path, MODELBAY_MASTER_KEY=MASTER).prepare(database, "default")
    test = vault_in(tmp_path, MODELBAY_MASTER_KEY=OTHER).open_at_start(database)

    assert not test.ok
    assert [each.reason for each in test.unreadable] == ["other-master"]


def test_a_master_key_that_cannot_be_read_is_a_status(database: Database, tmp_path: Path) -> None:
    """Not the end of the start, even where nothing is stored yet."""
    broken = vault_in(tmp_path, MODELBAY_MASTER_KEY="?")
    assert broken.open_at_start(database).failure.startswith("MODELBAY_MASTER_KEY: this is not a master key")
    vault_in(tmp_path).prepare(database, "default")
    test = broken.open_at_start(database)

    assert [each.reason for each in test.unreadable] == ["no-master"]
    assert not test.ok


def test_a_lost_master_key_is_a_status(database: Database, vault: Vault, tmp_path: Path) -> None:
    """With the name of the file that has to come back."""
    vault.prepare(database, "default")
    (tmp_path / "master-key").unlink()
    test = vault_in(tmp_path).open_at_start(database)

    assert test.failure == (
        f"{tmp_path / 'master-key'} is missing: restore it from a backup; no stored secret opens without it"
    )


def test_one_damaged_secret_leaves_the_others_readable(
    database: Database, vault: Vault, notes: Notes
) -> None:
    """A list shows all of them, that one with its reason."""
    fill(vault, database, notes)
    notes.put(database, "default", "n2", "text", "mbv1.1.AAAA.AAAA")
    found = opened(vault, database, notes)
    held = holdings(vault, database, "default", [notes])

    assert found == [
        *(f"{SECRET} {n}" for n in (0, 1)),
        SecretUnreadable("damaged", "n2", "text"),
        *(f"{SECRET} {n}" for n in (3, 4)),
    ]
    assert (dict(held.by_pair), dict(held.unreadable)) == ({1: 5}, {"damaged": 1})
