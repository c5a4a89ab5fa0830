"""Export and import of a workspace: what becomes of secrets, and the file that only its passphrase opens."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.platform.vault.held import MASTER, SECRET, Notes, fill, opened, vault_in

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.moving.exporting import Exported, export_workspace
from modelbay.platform.moving.importing import import_workspace
from modelbay.platform.moving.moved import Imported
from modelbay.platform.vault import Vault
from modelbay.platform.vault.owners import Fate
from modelbay.platform.vault.passphrase import decrypt, encrypt
from modelbay.store import Database, workspaces
from modelbay.store.workspaces import WorkspaceRow

PASSPHRASE = "correct horse battery"
ALL = [f"{SECRET} {number}" for number in range(5)]
FILE = encrypt({"workspace": "w", "made": 0.0, "records": []}, PASSPHRASE)


def export(vault: Vault, database: Database, notes: Notes) -> Exported:
    """Export the first workspace."""
    return export_workspace(database, vault, "default", passphrase=PASSPHRASE, actor="cli", owners=[notes])


def exported(vault: Vault, database: Database, notes: Notes) -> bytes:
    """Return an export of five notes."""
    fill(vault, database, notes)
    return export(vault, database, notes).file


def take(vault: Vault, database: Database, workspace: str, *notes: Notes, **more: Any) -> Imported:
    """Import into a workspace, which is made."""
    if workspaces.get(database, workspace) is None:
        row = WorkspaceRow(id=workspace, name=workspace, created=1.0, version=1)
        workspaces.insert(database, row)
    common = {"passphrase": PASSPHRASE, "actor": "cli", "owners": notes}
    return import_workspace(database, vault, workspace, **(common | more))


def test_secrets_come_back_in_another_installation(
    database: Database, vault: Vault, notes: Notes, tmp_path: Path
) -> None:
    """With another master key and another workspace: they are sealed for there."""
    file = exported(vault, database, notes)
    other = vault_in(tmp_path / "other", MODELBAY_MASTER_KEY=MASTER)
    database.change("DELETE FROM vault_keys")
    done = take(other, database, "there", notes, file=file)

    assert done.workspace == "default"
    assert [(each.id, each.name, each.state) for each in done.things] == [
        (f"n{number}", f"note n{number}", "made") for number in range(5)
    ]
    assert opened(other, database, notes, workspace="there") == ALL


def test_what_is_there_stays_unless_it_is_to_be_replaced(
    database: Database, vault: Vault, notes: Notes
) -> None:
    """An import into a workspace in use must not undo what was entered since."""
    file = exported(vault, database, notes)
    notes.put(database, "default", "n0", "text", vault.seal(database, "default", "n0", "text", "newer"))
    first = take(vault, database, "default", notes, file=file)
    kept = opened(vault, database, notes)
    second = take(vault, database, "default", notes, file=file, replace=True)

    assert (first.count("made"), first.count("there"), kept) == (0, 5, ["newer", *ALL[1:]])
    assert (second.count("made"), opened(vault, database, notes)) == (5, ALL)


def test_a_dry_run_says_it_all_and_changes_nothing(database: Database, vault: Vault, notes: Notes) -> None:
    """Not even a key pair or an entry in the audit log is made."""
    file = exported(vault, database, notes)
    take(vault, database, "new", file=FILE)
    before = [database.rows(f"SELECT count(*) FROM {table}") for table in ("vault_keys", "audit", "notes")]
    done = take(vault, database, "new", notes, file=file, dry_run=True)
    after = [database.rows(f"SELECT count(*) FROM {table}") for table in ("vault_keys", "audit", "notes")]

    assert done.count("made") == 5
    assert before == after


class Failing(Notes):
    """An owner that fails at one record."""

    def restore(self, database: Database, workspace: str, record: str, *rest: Any, **more: Any) -> Fate:
        """Restore, up to the fourth."""
        if record == "n3":
            raise InvokeBadRequestError("n3: this provider does not exist here")
        return super().restore(database, workspace, record, *rest, **more)


def test_an_import_that_fails_leaves_nothing(database: Database, vault: Vault, notes: Notes) -> None:
    """Half of it could neither be used nor repeated."""
    file = exported(vault, database, notes)
    with pytest.raises(InvokeBadRequestError, match="n3"):
        take(vault, database, "new", Failing(database), file=file)

    assert opened(vault, database, notes, workspace="new") == []


def test_an_unreadable_secret_is_named_and_not_in_the_file(
    database: Database, vault: Vault, notes: Notes
) -> None:
    """Never the sealed text in its place, and never silence."""
    fill(vault, database, notes)
    notes.put(database, "default", "n1", "text", "mbv1.1.AAAA.AAAA")
    done = export(vault, database, notes)
    content = decrypt(done.file, PASSPHRASE)

    assert [(each.record, each.reason) for each in done.unreadable] == [("n1", "damaged")]
    assert (dict(done.things), done.secrets) == ({"notes": 5}, 4)
    assert content["records"][1]["secrets"] == {}


def test_a_record_of_an_owner_that_is_not_here_is_said(
    database: Database, vault: Vault, notes: Notes
) -> None:
    """What can be taken is taken."""
    file = exported(vault, database, notes)
    done = take(vault, database, "default", file=file)

    assert [(each.what, each.name, each.state) for each in done.things[:2]] == [
        ("notes", "n0", "cannot"),
        ("notes", "n1", "cannot"),
    ]


def test_both_are_in_the_audit_log(database: Database, vault: Vault, notes: Notes) -> None:
    """An export is the one way by which secrets leave."""
    file = exported(vault, database, notes)
    take(vault, database, "default", notes, file=file, actor="usr_1")
    rows = database.rows("SELECT actor, action, detail FROM audit ORDER BY at, id")

    assert [tuple(row[:2]) for row in rows] == [("cli", "vault.export"), ("usr_1", "vault.import")]
    assert json.loads(rows[0][2]) == {"things": {"notes": 5}, "secrets": 5, "unreadable": 0}
    assert json.loads(rows[1][2]) == {
        "from": "default",
        "made": {},
        "replace": False,
        "there": 5,
        "cannot": 0,
    }


def test_neither_is_done_for_a_workspace_that_there_is_not(
    database: Database, vault: Vault, notes: Notes
) -> None:
    """A mistyped one must not get secrets that nobody finds again."""
    with pytest.raises(InvokeBadRequestError, match="there is no workspace 'nowhere'"):
        import_workspace(database, vault, "nowhere", file=FILE, passphrase=PASSPHRASE, actor="cli")
    with pytest.raises(InvokeBadRequestError, match="there is no workspace 'nowhere'"):
        export_workspace(database, vault, "nowhere", passphrase=PASSPHRASE, actor="cli")


@settings(max_examples=5)
@given(st.dictionaries(st.text(), st.text()), st.text(min_size=12))
def test_a_file_holds_what_was_put_in(content: dict[str, str], passphrase: str) -> None:
    """There and back, with any passphrase that can be typed."""
    assert decrypt(encrypt(content, passphrase), passphrase) == content


def test_a_passphrase_is_the_same_on_every_keyboard() -> None:
    """Some write é as one character, some as two."""
    assert decrypt(encrypt({}, "caf\u00e9 caf\u00e9 caf\u00e9"), "cafe\u0301 cafe\u0301 cafe\u0301") == {}


@pytest.mark.parametrize("passphrase", ["", "wrong", PASSPHRASE + " ", PASSPHRASE.upper()])
def test_a_wrong_passphrase_is_one_line(passphrase: str) -> None:
    """It cannot be told from damage: the file says nothing of either."""
    with pytest.raises(
        InvokeBadRequestError, match=r"^file: the passphrase is another, or the file is damaged$"
    ):
        decrypt(FILE, passphrase)


@settings(max_examples=25)
@given(st.integers(0, len(FILE) - 2), st.integers(1, 255))
def test_any_change_of_a_file_is_noticed(place: int, change: int) -> None:
    """The line that says how it is made included. Never a traceback, never a cost that a file chooses."""
    changed = FILE[:place] + bytes([FILE[place] ^ change]) + FILE[place + 1 :]
    with pytest.raises(InvokeBadRequestError, match=r"^file: "):
        decrypt(changed, PASSPHRASE)


@pytest.mark.parametrize("cost", [{"n": 2**40}, {"n": 3}, {"n": 0}, {"r": 10**6}, {"p": 10**6}, {"n": -2}])
def test_a_file_cannot_ask_for_all_memory(cost: dict[str, int]) -> None:
    """Its first line is read before anything is proven."""
    head, _, body = FILE.partition(b"\n")
    changed = json.dumps(json.loads(head) | cost).encode() + b"\n" + body
    with pytest.raises(InvokeBadRequestError, match="more memory than an export needs"):
        decrypt(changed, PASSPHRASE)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (b"", "this is not an export"),
        (b"{}", "this is not an export"),
        (b"[1]\n", "this is not an export"),
        (FILE.replace(b'"version":2', b'"version":3'), "a newer Modelbay has made it"),
        (FILE.replace(b'"salt":"', b'"salt":"?'), "the file is damaged"),
        (FILE.partition(b"\n")[0], "the file is damaged"),
        (encrypt([1], PASSPHRASE), "a newer Modelbay has made it"),
        (encrypt({"workspace": "w", "made": 0.0, "robots": []}, PASSPHRASE), "a newer Modelbay has made it"),
    ],
)
def test_what_is_no_export_is_said(file: bytes, said: str, database: Database, vault: Vault) -> None:
    """Which of the three it is: another file, a newer one, a damaged one."""
    with pytest.raises(InvokeBadRequestError, match=said):
        take(vault, database, "default", file=file)


def test_a_passphrase_has_to_withstand_guesses() -> None:
    """Whoever has the file can try as often as they like."""
    with pytest.raises(InvokeBadRequestError, match="passphrase: at least 12 characters"):
        encrypt({}, "short")
    assert base64.b64encode(SECRET.encode()) not in FILE
