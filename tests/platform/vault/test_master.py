"""The master key: from where the operator keeps it, recognised, and never shown."""

from __future__ import annotations

import pickle
import shlex
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.platform.vault.held import MASTER, OTHER, vault_in

from modelbay.platform.vault import MasterKey, MasterKeyError, MasterKeys
from modelbay.platform.vault.master import keys_in
from modelbay.store import Database

[RIGHT] = keys_in(MASTER, "here")


def written(path: Path, text: str, mode: int = 0o600) -> Path:
    """Return a file with a text."""
    path.write_text(text)
    path.chmod(mode)
    return path


def printing(text: str, code: int = 0) -> str:
    """Return a command that writes a text and ends with an exit code."""
    return shlex.join([sys.executable, "-c", f"import sys; print({text!r}); sys.exit({code})"])


def complaint(folder: Path, **environ: str) -> str:
    """Return why the master key of such a process cannot be used."""
    with pytest.raises(MasterKeyError) as raised:
        MasterKeys(folder, environ).read()
    return str(raised.value)


def test_a_master_key_comes_from_where_the_environment_says(tmp_path: Path) -> None:
    """A variable, a file that is mounted, or a command that asks a safe."""
    path = written(tmp_path / "key", MASTER + "\n")
    for environ in (
        {"MODELBAY_MASTER_KEY": MASTER},
        {"MODELBAY_MASTER_KEY_FILE": str(path)},
        {"MODELBAY_MASTER_KEY_COMMAND": printing(MASTER)},
    ):
        [found] = MasterKeys(tmp_path, environ).read()
        assert found.id == RIGHT.id
        assert found.reveal() == bytes(range(32))


def test_a_process_may_have_two_while_a_new_one_takes_over(tmp_path: Path) -> None:
    """Replicas are replaced one by one: each has to open what the others keep."""
    both = MasterKeys(tmp_path, {"MODELBAY_MASTER_KEY": f"{MASTER}, {OTHER}"}).read()

    assert [key.id for key in both] == [RIGHT.id, keys_in(OTHER, "here")[0].id]


def test_without_any_a_file_is_made_at_the_first_need(tmp_path: Path) -> None:
    """A trial on one's own machine needs no setting; nobody else can read the file."""
    with Database.open(tmp_path) as database:
        assert not (tmp_path / "master-key").exists()
        vault_in(tmp_path).prepare(database, "default")

    assert (tmp_path / "master-key").stat().st_mode & 0o777 == 0o600
    assert len(MasterKeys(tmp_path, {}).read()) == 1
    assert not list(tmp_path.glob("master-key.*"))


def test_a_lost_file_is_not_replaced_by_another(database: Database, tmp_path: Path) -> None:
    """A new key would open nothing, and hide that the old one has to be restored."""
    vault_in(tmp_path).prepare(database, "default")
    (tmp_path / "master-key").unlink()
    for workspace in ("default", "new"):
        with pytest.raises(MasterKeyError, match=r"master-key is missing: restore it from a backup"):
            vault_in(tmp_path).prepare(database, workspace)

    assert not (tmp_path / "master-key").exists()


def test_a_wrong_master_key_is_recognised_and_both_are_named(database: Database, tmp_path: Path) -> None:
    """A replica with another key must not begin to keep secrets under it."""
    vault_in(tmp_path, MODELBAY_MASTER_KEY=MASTER).prepare(database, "default")
    wrong = vault_in(tmp_path, MODELBAY_MASTER_KEY=OTHER)
    for workspace in ("default", "new"):
        with pytest.raises(MasterKeyError) as raised:
            wrong.prepare(database, workspace)
        assert f"under the master key {RIGHT.id}, but MODELBAY_MASTER_KEY has mk_" in str(raised.value)
    [counted] = database.rows("SELECT count(*) FROM vault_keys")

    assert counted[0] == 1


def test_a_key_that_arrives_later_is_found_without_a_restart(database: Database, tmp_path: Path) -> None:
    """The operator mounts the right file; it is looked for again, but not for every secret."""
    vault_in(tmp_path, MODELBAY_MASTER_KEY=MASTER).prepare(database, "default")
    path = written(tmp_path / "key", OTHER)
    now = [100.0]
    keys = MasterKeys(tmp_path, {"MODELBAY_MASTER_KEY_FILE": str(path)}, clock=lambda: now[0])

    assert keys.by_id(RIGHT.id) is None
    path.write_text(MASTER)
    assert keys.by_id(RIGHT.id) is None
    now[0] += 1.0
    assert keys.by_id(RIGHT.id) is not None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    """Its own directory may be open."""
    path = written(tmp_path / "key", MASTER, mode)

    assert complaint(tmp_path, MODELBAY_MASTER_KEY_FILE=str(path)) == (
        f"{path} can be read by others: chmod 600 {path}"
    )


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        (
            {"MODELBAY_MASTER_KEY": "  "},
            "MODELBAY_MASTER_KEY is set, but empty: give it a value, or remove it",
        ),
        ({"MODELBAY_MASTER_KEY": "secret-but-short"}, "MODELBAY_MASTER_KEY: this is not a master key; write"),
        ({"MODELBAY_MASTER_KEY": "A" * 43 + "="}, "MODELBAY_MASTER_KEY: this is not a master key"),
        (
            {"MODELBAY_MASTER_KEY": MASTER, "MODELBAY_MASTER_KEY_FILE": "/x"},
            "MODELBAY_MASTER_KEY and MODELBAY_MASTER_KEY_FILE are both set: keep one",
        ),
        (
            {"MODELBAY_MASTER_KEY_FILE": "/nowhere/key"},
            "MODELBAY_MASTER_KEY_FILE: /nowhere/key does not exist",
        ),
        ({"MODELBAY_MASTER_KEY_FILE": "/"}, "/ cannot be read: "),
        (
            {"MODELBAY_MASTER_KEY_COMMAND": "/nowhere/safe"},
            "MODELBAY_MASTER_KEY_COMMAND cannot be run: No such",
        ),
        ({"MODELBAY_MASTER_KEY_COMMAND": "echo 'a"}, "MODELBAY_MASTER_KEY_COMMAND cannot be run: its quotes"),
        ({"MODELBAY_MASTER_KEY_COMMAND": "false"}, "MODELBAY_MASTER_KEY_COMMAND failed with exit code 1"),
        ({"MODELBAY_MASTER_KEY_COMMAND": "true"}, "MODELBAY_MASTER_KEY_COMMAND is empty"),
    ],
)
def test_what_is_no_master_key_is_one_line(tmp_path: Path, environ: dict[str, str], said: str) -> None:
    """It names the place and what to do."""
    assert complaint(tmp_path, **environ).startswith(said)


@given(st.text())
def test_what_is_no_master_key_is_not_quoted(text: str) -> None:
    """It may be one with a character missing."""
    try:
        found = keys_in(text + MASTER[:40], "here")
    except MasterKeyError as error:
        assert MASTER[:40] not in str(error)
    else:
        assert all(len(key.reveal()) == 32 for key in found)


def test_a_failing_command_does_not_show_what_it_wrote(tmp_path: Path) -> None:
    """That may be the key, and an error is logged."""
    assert MASTER not in complaint(tmp_path, MODELBAY_MASTER_KEY_COMMAND=printing(MASTER, 3))


def test_a_master_key_does_not_show() -> None:
    """Its id says which one it is, and nothing of what it is."""
    key = MasterKey.new()
    with pytest.raises(TypeError):
        pickle.dumps(key)

    assert repr(key) == f"MasterKey({key.id})"
    assert key.id.startswith("mk_")
    assert len({MasterKey.new().id for _ in range(100)}) == 100
