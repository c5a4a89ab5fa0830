"""Sealing: each secret opens for its own workspace, record and field, and for nothing else."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.platform.vault.held import SECRET, vault_in

from modelbay.platform.vault import Secret, SecretUnreadable, Vault, VaultError, ciphers, envelope
from modelbay.platform.vault.envelope import Envelope
from modelbay.platform.vault.pairs import keep
from modelbay.store import Database
from modelbay.store import vault as queries

PLACE = ("default", "cred_1", "api_key")
ONE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)


def reason(found: Secret | SecretUnreadable) -> str:
    """Return why a secret could not be opened."""
    assert isinstance(found, SecretUnreadable), found
    return found.reason


@ONE
@given(st.text(st.characters()), st.text(), st.text())
def test_what_is_sealed_opens_again(
    database: Database, vault: Vault, text: str, record: str, field: str
) -> None:
    """Any text in any place, lone surrogates of a JSON body too; and for a process that knows nothing yet."""
    sealed = vault.seal(database, "default", record, field, text)
    vault.forget()
    found = vault.open(database, "default", record, field, sealed)

    assert isinstance(found, Secret)
    assert found.reveal() == text


def test_the_same_secret_is_never_written_alike(database: Database, vault: Vault) -> None:
    """Who reads the database cannot tell who shares a key."""
    assert len({vault.seal(database, *PLACE, SECRET) for _ in range(20)}) == 20


def test_a_sealed_secret_says_its_version_and_its_key_pair(database: Database, vault: Vault) -> None:
    """So that both can be changed one day, without guessing."""
    parts = vault.seal(database, *PLACE, SECRET).split(".")

    assert parts[:2] == ["mbv1", "1"]
    assert len(parts) == 4


@pytest.mark.parametrize(
    "other",
    [
        ("default", "cred_1", "other"),
        ("default", "cred_2", "api_key"),
        ("default", "cred_1api", "_key"),
        ("default", "", "cred_1api_key"),
    ],
)
def test_a_secret_that_was_moved_does_not_open(
    database: Database, vault: Vault, other: tuple[str, str, str]
) -> None:
    """Whoever can write the database must not swap keys, not even for two places that read alike."""
    sealed = vault.seal(database, *PLACE, SECRET)

    assert reason(vault.open(database, *other, sealed)) == "damaged"


def test_another_workspace_opens_nothing(database: Database, vault: Vault) -> None:
    """Each has a key pair of its own."""
    sealed = vault.seal(database, *PLACE, SECRET)

    assert reason(vault.open(database, "other", *PLACE[1:], sealed)) == "no-key"
    vault.prepare(database, "other")
    assert reason(vault.open(database, "other", *PLACE[1:], sealed)) == "damaged"


@ONE
@given(st.data())
def test_one_changed_character_is_noticed(database: Database, vault: Vault, data: st.DataObject) -> None:
    """Wherever it is, and whether or not the data key is in memory. Never an exception."""
    sealed = vault.seal(database, *PLACE, SECRET)
    place = data.draw(st.integers(0, len(sealed) - 1))
    letter = data.draw(st.sampled_from("AZaz09-_.mb"))
    changed = sealed[:place] + letter + sealed[place + 1 :]
    found = vault.open(database, *PLACE, changed)

    if isinstance(found, Secret):  # the last bits of a base64 text mean nothing
        assert envelope.read(changed) == envelope.read(sealed)


@ONE
@given(
    st.text() | st.from_regex(r"mbv1\.[0-9]{1,3}\.[A-Za-z0-9_-]{0,9}\.[A-Za-z0-9_-]{0,60}", fullmatch=True)
)
def test_whatever_is_stored_gives_a_reason(database: Database, vault: Vault, text: str) -> None:
    """A row that somebody has damaged must not take a list down with it."""
    vault.prepare(database, "default")

    assert isinstance(vault.open(database, *PLACE, text), SecretUnreadable)


@given(st.integers(1, 999_999_999), st.binary(min_size=1), st.binary(min_size=1))
def test_an_envelope_is_read_as_it_was_written(number: int, wrapped: bytes, box: bytes) -> None:
    """There and back."""
    text = envelope.write(Envelope(number, wrapped, box))

    assert envelope.read(text) == Envelope(number, wrapped, box)
    assert envelope.key_number(text) == number


def test_each_reason_is_told_from_the_others(database: Database, vault: Vault, tmp_path: Path) -> None:
    """What to do differs: enter it again, restore, update, or give the right master key."""
    sealed = vault.seal(database, *PLACE, SECRET)
    right = (tmp_path / "master-key").read_text()
    (tmp_path / "master-key").unlink()

    def why(text: str) -> str:
        return reason(vault_in(tmp_path).open(database, *PLACE, text))

    assert why("sk-plain") == "not-sealed"
    assert why("mbv2.1.x") == "unknown-version"
    assert why(sealed.replace("mbv1.1.", "mbv1.7.")) == "no-key"
    assert why(sealed) == "other-master"  # it is gone: nothing here opens it
    (tmp_path / "master-key").write_text(right)
    (tmp_path / "master-key").chmod(0o644)
    assert why(sealed) == "no-master"
    (tmp_path / "master-key").chmod(0o600)
    assert vault_in(tmp_path).open(database, *PLACE, sealed) == Secret(SECRET)


def test_an_unreadable_secret_names_its_field_and_what_to_do(database: Database, vault: Vault) -> None:
    """The status on the page is this sentence."""
    assert str(vault.open(database, *PLACE, "?")) == (
        "api_key: what is stored is not a sealed secret: enter the secret again"
    )


@pytest.mark.parametrize("dump", [pickle.dumps, copy.deepcopy, json.dumps, hash, vars])
def test_an_opened_secret_does_not_leave_by_accident(dump: Callable[[object], object]) -> None:
    """As credentials do not."""
    secret = Secret(SECRET)
    with pytest.raises(TypeError):
        dump(secret)

    assert SECRET not in f"{secret} {secret!r} {[secret]}"
    assert secret != SECRET
    assert secret == Secret(SECRET)


def test_a_warm_secret_is_opened_without_the_database(database: Database, vault: Vault) -> None:
    """The path of a call has no round trip."""
    sealed = vault.seal(database, *PLACE, SECRET)
    database.close()

    assert vault.open(database, *PLACE, sealed) == Secret(SECRET)


def test_all_who_seal_a_workspaces_first_secret_get_one_key_pair(tmp_path: Path, backend: str) -> None:
    """Two key pairs of one number would make half of the secrets unreadable."""

    def seal(number: int) -> str:
        with Database.open(tmp_path) as database:
            return vault_in(tmp_path).seal(database, "default", f"r{number}", "f", SECRET)

    Database.open(tmp_path).close()
    with ThreadPoolExecutor(6) as pool:
        sealed = list(pool.map(seal, range(6)))
    with Database.open(tmp_path) as database:
        vault = vault_in(tmp_path)
        found = [vault.open(database, "default", f"r{n}", "f", text) for n, text in enumerate(sealed)]
        rows = queries.of_workspace(database, "default")

    assert found == [Secret(SECRET)] * 6
    assert [row.number for row in rows] == [1]


def test_a_transaction_that_is_taken_back_takes_its_key_pair_along(database: Database, vault: Vault) -> None:
    """What this process remembers of it must not be used for the next one."""
    with pytest.raises(ZeroDivisionError), database.transaction():
        vault.seal(database, *PLACE, SECRET)
        raise ZeroDivisionError
    sealed = vault.seal(database, *PLACE, SECRET)
    vault.forget()

    assert vault.open(database, *PLACE, sealed) == Secret(SECRET)


def test_nothing_is_sealed_for_a_public_key_that_somebody_has_put_there(
    database: Database, vault: Vault, tmp_path: Path
) -> None:
    """Who can write the database, but has no master key, would read all that is entered from then on."""
    vault.prepare(database, "default")
    theirs = ciphers.public_bytes(ciphers.new_private_key())
    database.change("UPDATE vault_keys SET public_key = :key", {"key": theirs})

    for fresh in (vault, vault_in(tmp_path)):
        with pytest.raises(VaultError, match="key pair 1 cannot be used: it is damaged"):
            fresh.seal(database, *PLACE, SECRET)


def test_nothing_is_sealed_for_a_newer_key_pair_of_somebody_else(
    database: Database, vault: Vault, tmp_path: Path
) -> None:
    """The same by another way: a key pair of their own, kept under a master key of their own."""
    vault.prepare(database, "default")
    theirs = vault_in(tmp_path, MODELBAY_MASTER_KEY="AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    row = queries.numbered(database, "default", 1)
    assert row is not None
    with queries.held(database):
        made = keep(database, "default", 2, ciphers.new_private_key(), theirs.masters.first())
        database.change("UPDATE vault_keys SET master = :m", {"m": row.master})

    assert made.number == 2
    with pytest.raises(VaultError, match="key pair 2 cannot be used"):
        vault.seal(database, *PLACE, SECRET)


def test_the_vault_is_loaded_without_its_ciphers(tmp_path: Path) -> None:
    """A gateway without stored secrets does not pay for them."""
    code = (
        "import sys; from pathlib import Path\n"
        "from modelbay.platform.vault import MasterKeys, Vault; from modelbay.store import Database\n"
        f"path = Path({str(tmp_path)!r})\n"
        "assert Vault(MasterKeys(path, {})).open_at_start(Database.open(path)).ok\n"
        "sys.exit(', '.join({'cryptography', 'sqlalchemy', 'alembic'} & set(sys.modules)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "master-key").exists()
