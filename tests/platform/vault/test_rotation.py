"""New keys in the place of old ones, while secrets are read and written."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from tests.platform.vault.held import MASTER, OTHER, SECRET, Notes, fill, opened, vault_in

from modelbay.platform.vault import MasterKeyError, Sealed, Secret, Vault, VaultError
from modelbay.platform.vault.envelope import key_number
from modelbay.platform.vault.master import keys_in
from modelbay.platform.vault.rotation import reseal, rotate, rotate_master
from modelbay.store import Database
from modelbay.store import vault as queries

ALL = [f"{SECRET} {number}" for number in range(5)]
[NEW] = keys_in(OTHER, "here")


def numbers(database: Database, notes: Notes) -> list[int | None]:
    """Return which key pair each note is sealed for."""
    return [key_number(each.text) for each in notes.sealed(database, "default", after=("", ""), limit=999)]


def actions(database: Database) -> list[tuple[str, str]]:
    """Return what the audit log says."""
    rows = database.rows("SELECT actor, action FROM audit ORDER BY at, id")
    return [(str(actor), str(action)) for actor, action in rows]


def test_old_secrets_open_and_new_ones_are_sealed_for_the_new_pair(
    database: Database, vault: Vault, notes: Notes
) -> None:
    """Nothing has to wait for the pass over what is stored."""
    fill(vault, database, notes)
    assert rotate(vault, database, "default", actor="cli") == 2
    notes.put(database, "default", "n0", "text", vault.seal(database, "default", "n0", "text", ALL[0]))
    old, new = queries.of_workspace(database, "default")

    assert numbers(database, notes) == [2, 1, 1, 1, 1]
    assert opened(vault, database, notes) == ALL
    assert (old.retired is not None, new.retired) == (True, None)
    assert actions(database) == [("cli", "vault.rotate")]


def test_the_pass_seals_everything_for_the_new_pair(database: Database, vault: Vault, notes: Notes) -> None:
    """A second pass finds nothing to do."""
    fill(vault, database, notes)
    rotate(vault, database, "default", actor="cli")
    first, second = (reseal(vault, database, "default", [notes]) for _ in range(2))

    assert (first.changed, first.current, second.changed, second.current) == (5, 0, 0, 5)
    assert numbers(database, notes) == [2] * 5
    assert opened(vault, database, notes) == ALL


class Interrupted(Notes):
    """An owner whose process ends after some replacements."""

    def __init__(self, database: Database, after: int) -> None:
        super().__init__(database)
        self.left = after

    def replace(self, database: Database, workspace: str, old: Sealed, new: str) -> bool:
        """Replace, until it is enough."""
        if not self.left:
            raise KeyboardInterrupt
        self.left -= 1
        return super().replace(database, workspace, old, new)


@pytest.mark.parametrize("after", range(5))
def test_a_pass_that_was_interrupted_goes_on_where_it_was(
    database: Database, vault: Vault, notes: Notes, after: int
) -> None:
    """What is done is told by the number in each secret: there is no other state that could be wrong."""
    fill(vault, database, notes)
    rotate(vault, database, "default", actor="cli")
    with pytest.raises(KeyboardInterrupt):
        reseal(vault, database, "default", [Interrupted(database, after)])

    assert opened(vault, database, notes) == ALL
    assert reseal(vault, database, "default", [notes]).changed == 5 - after
    assert opened(vault, database, notes) == ALL


def test_an_unreadable_secret_stays_as_it_is(database: Database, vault: Vault, notes: Notes) -> None:
    """Somebody may still restore what it needs."""
    fill(vault, database, notes)
    notes.put(database, "default", "n1", "text", "mbv1.9.AAAA.AAAA")
    rotate(vault, database, "default", actor="cli")
    done = reseal(vault, database, "default", [notes])

    assert [(each.record, each.reason) for each in done.unreadable] == [("n1", "no-key")]
    assert numbers(database, notes) == [2, 9, 2, 2, 2]


class Changed(Notes):
    """An owner whose secret is changed by somebody else just before it is replaced."""

    def replace(self, database: Database, workspace: str, old: Sealed, new: str) -> bool:
        """Be late."""
        other = vault_in(Path("unused"), MODELBAY_MASTER_KEY=MASTER)
        text = other.seal(database, workspace, old.record, old.field, "changed")
        self.put(database, workspace, old.record, old.field, text)
        return super().replace(database, workspace, old, new)


def test_a_change_that_comes_in_between_is_not_lost(database: Database, tmp_path: Path) -> None:
    """A member edits a key while the pass is at it: the member's stays."""
    vault, notes = vault_in(tmp_path, MODELBAY_MASTER_KEY=MASTER), Changed(database)
    fill(vault, database, notes, count=1)
    rotate(vault, database, "default", actor="cli")
    done = reseal(vault, database, "default", [notes])

    assert (done.changed, done.current) == (0, 1)
    assert opened(vault, database, notes) == ["changed"]


def test_calls_go_on_while_keys_are_rotated(tmp_path: Path, backend: str) -> None:
    """Two threads, each with a vault and a database of its own, open and seal through all of it."""
    with Database.open(tmp_path) as database:
        vault, notes = vault_in(tmp_path), Notes(database)
        fill(vault, database, notes)
        over, faults, rounds = threading.Event(), list[object](), [0, 0]

        def call(place: int) -> None:
            with Database.open(tmp_path) as own_database:
                own = vault_in(tmp_path)
                while not over.is_set() or not rounds[place]:
                    own.refresh(own_database)
                    name = f"c{place}"
                    sealed = own.seal(own_database, "default", name, "text", SECRET)
                    own.forget()
                    found = [own.open(own_database, "default", name, "text", sealed)]
                    faults.extend(each for each in found if each != Secret(SECRET))
                    faults.extend(x for x in opened(own, own_database, notes) if x not in ALL)
                    rounds[place] += 1

        threads = [threading.Thread(target=call, args=(place,)) for place in range(2)]
        for thread in threads:
            thread.start()
        for _ in range(3):
            rotate(vault, database, "default", actor="cli")
            reseal(vault, database, "default", [notes])
            rotate_master(vault, database, actor="cli")
        over.set()
        for thread in threads:
            thread.join()

        assert faults == []
        assert min(rounds) > 0
        assert opened(vault, database, notes) == ALL


def test_a_replaced_master_key_is_kept_for_old_backups(
    database: Database, vault: Vault, notes: Notes, tmp_path: Path
) -> None:
    """A database of yesterday opens with the key of yesterday only."""
    fill(vault, database, notes)
    [old] = vault.masters.read()
    done = rotate_master(vault, database, actor="cli")
    [new] = vault_in(tmp_path).masters.read()

    assert (list(done.old), done.new, done.pairs) == ([old.id], new.id, 1)
    assert sorted(path.name for path in tmp_path.glob("master-key*")) == [
        "master-key",
        f"master-key.{old.id}",
    ]
    assert opened(vault_in(tmp_path), database, notes) == ALL
    assert actions(database) == [("cli", "vault.rotate-master")]


def test_a_master_key_of_the_environment_is_rotated_with_the_new_one_given(
    database: Database, notes: Notes, tmp_path: Path
) -> None:
    """Replicas have both before, so that none of them is without; again is nothing left to do."""
    both = {"MODELBAY_MASTER_KEY": f"{MASTER} {OTHER}"}
    vault, replica = vault_in(tmp_path, **both), vault_in(tmp_path, **both)
    fill(vault, database, notes)
    first, second = (rotate_master(vault, database, actor="cli", new=NEW) for _ in range(2))

    assert (first.pairs, first.finished, second.pairs, second.finished) == (1, False, 0, True)
    assert opened(replica, database, notes) == ALL
    assert opened(vault_in(tmp_path, MODELBAY_MASTER_KEY=OTHER), database, notes) == ALL
    replica.prepare(database, "another")  # under the new key, though the old one comes first
    assert list(queries.masters(database)) == [NEW.id]


def test_a_new_key_must_be_given_where_the_old_one_is_the_operators(
    database: Database, tmp_path: Path
) -> None:
    """We could make one, but not put it where the operator keeps theirs."""
    vault = vault_in(tmp_path, MODELBAY_MASTER_KEY=MASTER)
    vault.prepare(database, "default")

    with pytest.raises(MasterKeyError, match=r"comes from MODELBAY_MASTER_KEY: say what the new one is"):
        rotate_master(vault, database, actor="cli")


def test_a_damaged_key_pair_changes_nothing(database: Database, vault: Vault, tmp_path: Path) -> None:
    """All or none: half of the workspaces under each key would be for nobody to sort out."""
    for workspace in ("a", "b", "c"):
        vault.prepare(database, workspace)
    database.change("UPDATE vault_keys SET sealed_private_key = :x WHERE workspace = 'b'", {"x": b"x"})
    [old] = vault.masters.read()

    with pytest.raises(VaultError, match="workspace b: key pair 1 is damaged, and nothing has been changed"):
        rotate_master(vault, database, actor="cli")
    assert list(queries.masters(database)) == [old.id]
    assert vault_in(tmp_path).masters.read()[0].id == old.id
    assert actions(database) == []


def test_a_process_without_the_old_key_rotates_nothing(database: Database, tmp_path: Path) -> None:
    """It says which one it needs."""
    vault_in(tmp_path, MODELBAY_MASTER_KEY=MASTER).prepare(database, "default")

    with pytest.raises(MasterKeyError, match="are kept under the master key mk_"):
        rotate_master(vault_in(tmp_path, MODELBAY_MASTER_KEY=OTHER), database, actor="cli", new=NEW)
