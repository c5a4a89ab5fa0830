"""`modelbay vault`: what seals the stored secrets is checked, replaced, and carried elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.commands import Here
from tests.cli.terminal import Terminal

from modelbay.platform.vault import MasterKeys, Secret, Vault
from modelbay.store import Database
from modelbay.store import credentials as queries
from modelbay.store.credentials import CredentialRow

SECRET = "sk-live-4f1c9ad7e2b84c6f"
PASSPHRASE = {"MODELBAY_PASSPHRASE": "correct horse battery"}
OLD, NEW = (f"{letter}AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=" for letter in "AB")


def vault_of(folder: Path) -> Vault:
    """Return the vault of a data directory."""
    return Vault(MasterKeys(folder, {}))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with one credential."""
    folder = tmp_path / "data"
    row = CredentialRow(
        workspace="default",
        id="cred_1",
        provider="openai",
        model="",
        model_type="",
        name="main",
        plain={},
        created=1.0,
        updated=1.0,
    )
    with Database.open(folder) as database:
        sealed = vault_of(folder).seal(database, "default", "cred_1", "api_key", SECRET)
        with database.transaction():
            queries.insert(database, row)
            queries.SECRETS.put(database, "default", "cred_1", {"api_key": sealed})
    return folder


def stored(folder: Path) -> Secret | object:
    """Return the credential's secret as it opens now."""
    with Database.open(folder) as database:
        [row] = database.rows("SELECT sealed FROM credential_secrets")
        return vault_of(folder).open(database, "default", "cred_1", "api_key", row[0])


def test_status_says_that_all_is_well(here: Here, data: Path) -> None:
    """Lines for people and for awk; JSON for programs."""
    done = here("vault", "status", "--data-dir", data)
    said = json.loads(here("vault", "status", "--json", "--data-dir", data).out)

    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[1] == "default key pair 1\tcurrent\t1 secrets"
    assert said["ok"]
    assert said["master"]["source"] == str(data / "master-key")
    assert [(key["number"], key["secrets"]) for key in said["keys"]] == [(1, 1)]


def test_status_of_a_lost_master_key_is_a_failure(here: Here, data: Path) -> None:
    """A script that watches sees it by the exit code, a person by the sentence."""
    (data / "master-key").unlink()
    done = here("vault", "status", "--data-dir", data)
    said = json.loads(here("vault", "status", "--json", "--data-dir", data).out)

    assert done.code == 1
    assert f"failure\t{data / 'master-key'} is missing: restore it from a backup" in done.out
    assert (said["ok"], said["unreadable"]) == (False, {"other-master": 1})
    assert said["unreadable_pairs"] == [{"workspace": "default", "number": 1, "reason": "other-master"}]


def test_status_of_a_fresh_directory_makes_no_key(here: Here, tmp_path: Path) -> None:
    """To look is not to change."""
    done = here("vault", "status", "--data-dir", tmp_path)

    assert (done.code, done.out) == (0, f"master key\tnone yet\t{tmp_path / 'master-key'}\n")
    assert not (tmp_path / "master-key").exists()


def test_on_a_terminal_status_is_a_table(data: Path) -> None:
    """Its columns stand below each other."""
    with Terminal("vault", "status", "--data-dir", str(data), COLUMNS="100") as terminal:
        assert terminal.ended() == 0
        shown = terminal.rest().splitlines()

    [pair] = [line for line in shown if "key pair 1" in line]
    assert shown[0].split() == ["WHAT", "STATE"]
    assert pair.find("1 secrets") == shown[1].find(str(data)[:9])


def test_a_key_pair_is_rotated_and_its_secrets_sealed_anew(here: Here, data: Path) -> None:
    """In one command; an interrupted one is resumed without another key pair."""
    done = here("vault", "rotate", "--data-dir", data)
    resumed = json.loads(here("vault", "rotate", "--resume", "--json", "--data-dir", data).out)

    assert (done.code, done.out) == (0, "workspace default: key pair 2; 1 secrets sealed anew\n")
    assert resumed == {"workspace": "default", "number": 2, "sealed": 0, "unchanged": 1, "unreadable": []}
    assert stored(data) == Secret(SECRET)


def test_the_master_key_is_rotated(here: Here, data: Path) -> None:
    """The file in the data directory is replaced; the old one stays for old backups."""
    done = json.loads(here("vault", "rotate-master", "--json", "--data-dir", data).out)

    assert (done["pairs"], done["finished"]) == (1, False)
    assert (data / f"master-key.{done['old'][0]}").exists()
    assert stored(data) == Secret(SECRET)


def test_a_new_master_key_is_given_by_file_or_environment(here: Here, data: Path, tmp_path: Path) -> None:
    """Never as an argument, which everybody on the machine can see."""
    path = tmp_path / "new"
    path.write_text(NEW)
    path.chmod(0o600)
    first = here("vault", "rotate-master", "--new-file", path, "--data-dir", data)
    old, new = {"MODELBAY_MASTER_KEY_FILE": str(path)}, {"MODELBAY_NEW_MASTER_KEY": OLD}
    second = here("vault", "rotate-master", "--data-dir", data, env=old | new)
    again = here("vault", "rotate-master", "--data-dir", data, env=old | new)
    status = here("vault", "status", "--data-dir", data, MODELBAY_MASTER_KEY=OLD)

    assert [done.code for done in (first, second, again, status)] == [0, 0, 0, 0]
    assert first.out.startswith("1 key pairs are kept under mk_")
    assert again.out.startswith("nothing was left to do: ")


def test_without_a_new_key_the_operators_own_is_not_replaced(here: Here, data: Path) -> None:
    """One line that says how to give it."""
    done = here("vault", "rotate-master", "--data-dir", data, MODELBAY_MASTER_KEY=OLD)

    assert done.code == 1
    assert "comes from MODELBAY_MASTER_KEY: say what the new one is, with --new-file or" in done.error


def test_secrets_travel_to_another_installation(here: Here, data: Path, tmp_path: Path) -> None:
    """In a file that nobody else can read, and that does not hold them in the open."""
    file = tmp_path / "secrets"
    out = here("vault", "export", "-o", file, "--data-dir", data, env=PASSPHRASE)
    other = tmp_path / "other"
    arguments = ("vault", "import", file, "--data-dir", other)
    dry = here(*arguments, "--dry-run", env=PASSPHRASE)
    done = json.loads(here(*arguments, "--json", env=PASSPHRASE).out)

    assert out.out == f"{file}: 1 credentials; 1 secrets\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert SECRET.encode() not in file.read_bytes()
    assert dry.out == "made\tcredentials\topenai main\t\n"
    assert done == {
        "from": "default",
        "dry_run": False,
        "things": [
            {"what": "credentials", "name": "openai main", "state": "made", "id": "cred_1", "why": ""}
        ],
    }
    assert stored(other) == Secret(SECRET)


def test_a_whole_workspace_travels(here: Here, tmp_path: Path) -> None:
    """What the commands show of it is the same elsewhere; what cannot come is said, and is a failure."""
    first, second, file = tmp_path / "first", tmp_path / "second", tmp_path / "file"
    key = json.loads(here("key", "create", "--name", "crawler", "--json", "--data-dir", first).out)["id"]
    for line in (
        ("route", "create", "fast", "--model", "sandbox/sandbox-chat"),
        ("budget", "set", "5.50", "--period", "day"),
        ("rate", "set", "workspace", "--requests", "5"),
        ("network", "set", "openai", "--rpm", "5"),
        ("price", "set", "sandbox/sandbox-chat", "--input", "1", "--output", "2"),
        ("usage", "retain", "--keep", "30d"),
    ):
        done = here(*line, "--data-dir", first)
        assert done.code == 0, done.err
    file_out = here("vault", "export", "-o", file, "--data-dir", first, env=PASSPHRASE)
    here("rate", "set", "key", key, "--parallel", "1", "--data-dir", first)
    with_key = here("vault", "export", "-o", tmp_path / "more", "--data-dir", first, env=PASSPHRASE)
    done = here("vault", "import", file, "--data-dir", second, env=PASSPHRASE)
    more = here("vault", "import", tmp_path / "more", "--data-dir", second, env=PASSPHRASE)

    assert file_out.out == f"{file}: 1 network, 1 route, 1 budget, 1 rate, 1 price, 1 retention; 0 secrets\n"
    assert (done.code, done.out.count("made\t"), with_key.code) == (0, 6, 0)
    assert more.code == 1
    assert f"cannot\trate\tkey {key}\tkey: there is no key" in more.out
    for what in ("route", "budget", "rate", "price"):
        shown = here(what, "list", "--data-dir", first).out.splitlines(keepends=True)
        assert here(what, "list", "--data-dir", second).out == "".join(
            part for part in shown if key not in part
        )


def test_a_passphrase_comes_from_a_file_or_from_stdin(here: Here, data: Path, tmp_path: Path) -> None:
    """Its first line."""
    path = tmp_path / "passphrase"
    path.write_text("correct horse battery\nsomething else\n")
    out = here("vault", "export", "-o", tmp_path / "x", "--passphrase-file", path, "--data-dir", data)
    dry = ("vault", "import", tmp_path / "x", "--dry-run", "--passphrase-file", "-", "--data-dir", data)

    assert out.code == 0
    assert here(*dry, stdin=b"correct horse battery\r\n").code == 0
    assert here(*dry, stdin=b"something else").error == (
        "error: file: the passphrase is another, or the file is damaged"
    )


def test_an_unreadable_secret_is_a_failure_that_is_named(here: Here, data: Path, tmp_path: Path) -> None:
    """A backup that is not whole must not look like one that is."""
    with Database.open(data) as database:
        database.change("UPDATE credential_secrets SET sealed = 'mbv1.1.AAAA.AAAA'")
    out = here("vault", "export", "-o", tmp_path / "x", "--data-dir", data, env=PASSPHRASE)
    rotated = here("vault", "rotate", "--data-dir", data)

    assert (out.code, rotated.code) == (1, 1)
    assert out.err.splitlines() == [
        "note: cred_1: api_key: it is damaged, or was moved here from another place: enter the secret again",
        "note: 1 secrets that cannot be opened are not in the file",
    ]
    assert "stay as they are" in rotated.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("rotate", "--workspace", "nowhere"), "there is no workspace 'nowhere'"),
        (("status", "--workspace", "nowhere"), "there is no workspace 'nowhere'"),
        (("export", "-o", "new"), "there is no passphrase: set MODELBAY_PASSPHRASE, or give"),
        (("export", "-o", "/"), "--output: / is there already: name a new file"),
        (("import", "/nowhere"), "FILE: /nowhere cannot be read: No such file"),
        (
            ("export", "-o", "x", "--passphrase-file", "/nowhere"),
            "--passphrase-file: /nowhere cannot be read",
        ),
    ],
)
def test_a_mistake_is_one_line(here: Here, data: Path, arguments: tuple[str, ...], said: str) -> None:
    """It names the argument and changes nothing."""
    done = here("vault", *arguments, "--data-dir", data)

    assert (done.code, done.out) == (2, "")
    assert said in done.error


def test_a_short_passphrase_makes_no_file(here: Here, data: Path, tmp_path: Path) -> None:
    """Whoever finds the file could guess it."""
    done = here("vault", "export", "-o", tmp_path / "x", "--data-dir", data, MODELBAY_PASSPHRASE="short")

    assert done.error == "error: passphrase: at least 12 characters"
    assert not (tmp_path / "x").exists()


def test_vault_alone_shows_its_commands(here: Here) -> None:
    """As `key` does."""
    done = here("vault")

    assert done.code == 0
    assert all(name in done.out for name in ("status", "rotate", "rotate-master", "export", "import"))
