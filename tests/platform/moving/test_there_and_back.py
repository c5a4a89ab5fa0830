"""A workspace that is moved is what it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.platform.moving.full import SECRETS, everything, exported, fill, imported, workspace_named
from tests.platform.vault.held import disguises

from modelbay.entities import ModelType
from modelbay.platform.moving import things
from modelbay.platform.moving.content import PARTS
from modelbay.platform.moving.part import Here
from modelbay.platform.vault import MasterKeys, Vault
from modelbay.runtime.balancing import Strategy
from modelbay.runtime.cooling import ErrorClass
from modelbay.runtime.routing import RouteStrategy
from modelbay.store import Database
from modelbay.store.sqlite import SqliteDatabase

NAMES = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=12
)
WORDS = st.from_regex(r"[a-z][a-z0-9-]{0,11}", fullmatch=True)
TYPES = st.sampled_from([each.value for each in ModelType])
TIMES = st.floats(0, 4e9, allow_nan=False)
MODEL = {"provider": WORDS, "model": NAMES, "model_type": TYPES}
IDS = WORDS.map("cred_{}".format)


def many(*, key: str, **fields: st.SearchStrategy[object]) -> st.SearchStrategy[list[dict[str, object]]]:
    """Return lists of things of which no two are of the same."""
    names = key.split()
    return st.lists(
        st.fixed_dictionaries(fields), max_size=4, unique_by=lambda each: tuple(each[name] for name in names)
    )


ENTRIES = many(
    key="provider model",
    provider=WORDS,
    model=NAMES,
    weight=st.integers(1, 1000),
    timeout=st.none() | st.floats(0.001, 3600),
    goes_on=st.lists(st.sampled_from([each.value for each in ErrorClass]), unique=True).map(tuple),
).filter(bool)
SHARES = many(
    key="credential", credential=IDS, name=NAMES, weight=st.integers(1, 1000), enabled=st.booleans()
).filter(lambda entries: len(entries) > 1)
NUMBERS = st.integers(1, 10**12)
CONTENT = st.fixed_dictionaries(
    {
        "added_models": many(key="provider model model_type", **MODEL, created=TIMES),
        "switched_models": many(key="provider model model_type", **MODEL, enabled=st.booleans()),
        "active_credentials": many(key="provider model model_type", **MODEL, credential=st.none()),
        "defaults": many(key="model_type", **MODEL),
        "routes": many(
            key="name",
            name=WORDS.filter(lambda name: name != "default"),
            model_type=TYPES,
            strategy=st.sampled_from([each.value for each in RouteStrategy]),
            entries=ENTRIES.map(tuple),
            created=TIMES,
        ),
        "balances": many(
            key="provider model model_type",
            **MODEL,
            strategy=st.sampled_from([each.value for each in Strategy]),
            entries=SHARES.map(tuple),
        ),
        "preferences": many(key="provider", provider=WORDS, preferred=st.sampled_from(["hosted", "own"])),
        "budgets": many(
            key="id",
            id=WORDS,
            scope=st.just("model"),
            target=WORDS.map("acme/{}".format),
            amount=st.decimals(0, 10**14, places=12).map("{:f}".format),
            currency=st.sampled_from(["USD", "EUR"]),
            period=st.sampled_from(["day", "month", "total"]),
            action=st.sampled_from(["warn", "refuse"]),
            unpriced=st.none() | st.just("0.25"),
            created=TIMES,
        ),
        "rates": many(
            key="scope scope_id",
            scope=st.just("model"),
            scope_id=WORDS.map("acme/{}".format),
            requests=NUMBERS,
            tokens=st.none() | NUMBERS,
            parallel=st.none() | NUMBERS,
            created=TIMES,
        ),
        "prices": many(
            key="number",
            **MODEL,
            number=st.integers(1, 10**6),
            valid_from=TIMES,
            content=st.sampled_from(["", '{"input":"0.1","unit":"0.001","currency":"USD"}']),
            created=TIMES,
            actor=NAMES,
        ),
        "retention": many(key="keep", keep=st.floats(86_400, 3e9)).map(lambda each: each[:1]),
    }
)
KINDS: dict[str, type[things.Thing]] = {
    "added_models": things.AddedModel,
    "switched_models": things.SwitchedModel,
    "active_credentials": things.ActiveCredentials,
    "defaults": things.DefaultModel,
    "routes": things.Route,
    "balances": things.Balance,
    "preferences": things.Preference,
    "budgets": things.Budget,
    "rates": things.Rate,
    "prices": things.Price,
    "retention": things.Retention,
}


def test_a_workspace_is_the_same_in_another_workspace(database: Database, vault: Vault) -> None:
    """With all that it has: what is forgotten here would be lost by everybody who moves."""
    fill(database, vault, "default")
    there = workspace_named(database, "there")
    done = imported(database, vault, there, exported(database, vault, "default"))

    assert {each.state for each in done.things} == {"made"}
    assert everything(database, vault, there) == everything(database, vault, "default")
    assert all(everything(database, vault, there).values())


def test_a_workspace_is_the_same_in_another_installation(
    database: Database, vault: Vault, tmp_path: Path
) -> None:
    """With a master key and a database of its own, whatever the first one has."""
    fill(database, vault, "default")
    folder = tmp_path / "other"
    folder.mkdir()
    with SqliteDatabase.open(folder) as other:
        theirs = Vault(MasterKeys(folder, {}))
        imported(other, theirs, "default", exported(database, vault, "default"))
        there = everything(other, theirs, "default")

    assert there == everything(database, vault, "default")


def test_no_secret_is_in_the_file_in_the_open(database: Database, vault: Vault) -> None:
    """In no encoding; nor what a workspace is called inside, or where it calls."""
    fill(database, vault, "default")
    file = exported(database, vault, "default")

    assert all(each not in file for secret in SECRETS for each in disguises(secret.encode()))
    assert b"openai" not in file
    assert file.isascii()


def test_importing_twice_changes_nothing_more(database: Database, vault: Vault) -> None:
    """So that it can be done again where somebody does not know whether it was done."""
    fill(database, vault, "default")
    there, file = workspace_named(database, "there"), exported(database, vault, "default")
    imported(database, vault, there, file)
    tables = ("credentials", "credential_secrets", "network_settings", "routes", "budgets", "rates", "marks")
    before = [sorted(map(str, database.rows(f"SELECT * FROM {table}"))) for table in tables]
    again = imported(database, vault, there, file)
    after = [sorted(map(str, database.rows(f"SELECT * FROM {table}"))) for table in tables]

    assert {each.state for each in again.things} == {"there"}
    assert before == after


def test_a_dry_run_says_the_same_and_changes_nothing(database: Database, vault: Vault) -> None:
    """Not even a mark is raised, or an entry written in the audit log."""
    fill(database, vault, "default")
    there, file = workspace_named(database, "there"), exported(database, vault, "default")
    before = everything(database, vault, there)
    marks = database.rows("SELECT name, number FROM marks ORDER BY name")
    dry = imported(database, vault, there, file, dry_run=True)

    assert everything(database, vault, there) == before
    assert database.rows("SELECT name, number FROM marks ORDER BY name") == marks
    assert database.rows("SELECT 1 FROM audit WHERE action = 'vault.import'") == []
    assert dry.things == imported(database, vault, there, file).things


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(content=CONTENT)
def test_any_content_survives(database: Database, content: dict[str, list[dict[str, object]]]) -> None:
    """Whatever names, numbers and times there are: what is read is what was put, here and there."""
    first, second = (workspace_named(database, name) for name in ("one", "two"))
    for name, part in PARTS.items():
        given = [KINDS[name].model_validate(each) for each in content[name]]
        given = [
            each for number, each in enumerate(given) if part.key(each) not in map(part.key, given[:number])
        ]
        with database.transaction():
            made = list(part.move(Here(database, first, replace=False), given))
            found = part.read(database, first)
            list(part.move(Here(database, second, replace=False), found))

        assert {each.state for each in made} <= {"made"}, made
        assert part.read(database, second) == found
        assert sorted(map(str, found)) == sorted(map(str, given))


@pytest.mark.parametrize("name", PARTS)
def test_every_kind_is_in_the_property_above(name: str) -> None:
    """A kind that is added and not there would not be proved."""
    assert name in KINDS
