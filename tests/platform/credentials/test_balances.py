"""Balances as people set them: one list, saved whole, whose broken entries stay visible."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.platform.credentials.conftest import Bay

from modelbay.entities import Credentials, ModelType
from modelbay.errors import InvokeBadRequestError
from modelbay.platform.balances import Balance, clear_balance, seen, set_balance
from modelbay.platform.credentials import named
from modelbay.platform.credentials.resolve import WorkspaceCredentials
from modelbay.platform.credentials.snapshot import Snapshot
from modelbay.platform.credentials.target import Target
from modelbay.runtime.balancing import Candidates, Strategy
from modelbay.store import Database, audit
from modelbay.store import balances as queries
from modelbay.store.balances import BalanceEntryRow

LLM = ModelType.LLM


class Behind:
    """Credentials that an environment holds."""

    def credentials(self, provider: object, model: str | None, model_type: object) -> Credentials:
        return Credentials({"api_key": "good-environment"})


def without_active(snapshot: Snapshot) -> Snapshot:
    """Return a workspace in which nothing stored is active."""
    return replace(snapshot, active={})


def entry(credential: str, weight: int = 1, *, enabled: bool = True) -> BalanceEntryRow:
    return BalanceEntryRow(credential, "", weight, enabled)


def save(
    bay: Bay, *entries: BalanceEntryRow, target: Target | None = None, version: int | None = None
) -> None:
    """Save a balance, as a person does."""
    set_balance(bay.now, target or bay.target(), entries, version=version, actor="cli")


def shown(bay: Bay, target: Target | None = None) -> Balance:
    """Return a balance as people see it."""
    of = target or bay.target()
    row = queries.one(bay.now, of.place)
    assert row is not None
    return seen(bay.snapshot(), row, of.provider)


def candidates(bay: Bay, model: str = "large") -> Candidates:
    """Return what calls of a model use."""
    return WorkspaceCredentials(bay.snapshot()).candidates(bay.target().provider, model, LLM)


def ids(found: Candidates) -> list[str]:
    return [each.using.id for each in found.entries]


async def test_a_list_is_saved_and_calls_use_it(bay: Bay) -> None:
    """All models of the provider share them, in the strategy and by the weights that were set."""
    first, second = await bay.create(), await bay.create("good-two")

    row = set_balance(
        bay.now,
        bay.target(),
        [entry(second.id, 3), entry(first.id)],
        strategy=Strategy.LEAST_BUSY,
        actor="cli",
    )

    found = candidates(bay)
    assert [(each.name, each.weight) for each in row.entries] == [(second.name, 3), (first.name, 1)]
    assert [(each.using.id, each.weight, each.shared) for each in found.entries] == [
        (second.id, 3, True),
        (first.id, 1, True),
    ]
    assert found.strategy is Strategy.LEAST_BUSY
    assert found.entries[0].using.credentials["api_key"] == "good-two"
    assert (shown(bay).status, shown(bay).version) == ("balanced", 1)
    assert bay.actions()[-1] == "balance.set"


async def test_active_stands_for_whichever_credentials_are_active(bay: Bay) -> None:
    """Also where they are the environment's, which have no row."""
    first, second = await bay.create(), await bay.create("good-two")
    save(bay, entry("active"), entry(second.id))
    assert ids(candidates(bay)) == [first.id, second.id]

    named.switch(bay.now, bay.vault, bay.target(), second.id, actor="cli")
    assert [each.status for each in shown(bay).entries] == ["ready", "same-as-another"]
    source = WorkspaceCredentials(without_active(bay.snapshot()), Behind())
    assert ids(source.candidates(bay.target().provider, "large", LLM)) == ["environment", second.id]


async def test_one_credential_by_two_names_takes_part_once(bay: Bay) -> None:
    """Counted twice it would have two turns, and a failure of it would look like two keys tried."""
    first, second = await bay.create(), await bay.create("good-two")
    save(bay, entry(first.id), entry("active"), entry(second.id))

    assert ids(candidates(bay)) == [first.id, second.id]
    assert [each.status for each in shown(bay).entries] == ["ready", "same-as-another", "ready"]


async def test_deleted_credentials_stay_in_the_list_as_broken(bay: Bay) -> None:
    """Nobody should wonder where a key went; the list can be saved with it, or without."""
    made = [await bay.create(f"good-{n}") for n in range(3)]
    save(bay, *(entry(each.id) for each in made))
    named.delete(bay.now, bay.target(), made[1].id, actor="cli")

    gone = shown(bay).entries[1]
    assert (gone.status, gone.name, gone.uses) == ("credential-removed", made[1].name, "")
    assert "deleted" in gone.text
    assert ids(candidates(bay)) == [made[0].id, made[2].id]
    save(bay, *(entry(each.id, 2) for each in made))
    assert shown(bay).entries[1].name == made[1].name


async def test_with_fewer_than_two_the_plain_choice_stands_and_it_is_said(bay: Bay) -> None:
    """Balancing that has silently ended would be noticed at the next rate limit."""
    first, second = await bay.create(), await bay.create("good-two")
    save(bay, entry(first.id, enabled=False), entry(second.id))

    found = shown(bay)
    assert (found.status, found.entries[0].status) == ("plain", "off")
    assert "1 of its entries can be used" in found.text
    assert ids(candidates(bay)) == [first.id]
    assert not candidates(bay).entries[0].shared


async def test_unreadable_credentials_take_no_part(bay: Bay) -> None:
    """A secret that cannot be opened is never passed on, and never hides the others."""
    made = [await bay.create(f"good-{n}") for n in range(3)]
    save(bay, *(entry(each.id) for each in made))
    bay.now.change(
        "UPDATE credential_secrets SET sealed = 'spoilt' WHERE credential = :id", {"id": made[0].id}
    )

    assert shown(bay).entries[0].status == "credential-unreadable"
    assert ids(candidates(bay)) == [made[1].id, made[2].id]


async def test_a_models_own_balance_comes_before_its_providers(bay: Bay) -> None:
    """And a model with active credentials of its own has no part in its provider's."""
    first, second = await bay.create(), await bay.create("good-two")
    third = await bay.create("good-three", bay.target(model="mine"), context_size="8")
    save(bay, entry(first.id), entry(second.id))
    assert ids(candidates(bay, "mine")) == [third.id]

    save(bay, entry(third.id), entry(second.id), target=bay.target(model="mine"))
    assert ids(candidates(bay, "mine")) == [third.id, second.id]
    assert ids(candidates(bay)) == [first.id, second.id]


async def test_what_was_changed_meanwhile_is_not_overwritten(bay: Bay) -> None:
    """Two people who save at once: the second is told, and nothing of the list is half-saved."""
    first, second = await bay.create(), await bay.create("good-two")
    save(bay, entry(first.id), entry(second.id), version=0)
    save(bay, entry(second.id), entry(first.id), version=1)

    with pytest.raises(InvokeBadRequestError, match="read it again") as refused:
        save(bay, entry(first.id, 9), entry(second.id), version=1)

    assert refused.value.status == 409
    assert [each.weight for each in shown(bay).entries] == [1, 1]
    assert shown(bay).version == 2
    with pytest.raises(InvokeBadRequestError, match="read it again"):
        clear_balance(bay.now, bay.target(), version=1, actor="cli")
    clear_balance(bay.now, bay.target(), version=2, actor="cli")
    assert queries.of_workspace(bay.now, "default") == []
    assert not candidates(bay).entries[0].shared
    with pytest.raises(InvokeBadRequestError, match="not balanced"):
        clear_balance(bay.now, bay.target(), actor="cli")


async def test_what_cannot_be_balanced_is_refused_and_changes_nothing(bay: Bay) -> None:
    """The message names the field."""
    first, second = await bay.create(), await bay.create("good-two")
    own = await bay.create("good-three", bay.target(model="mine"), context_size="8")
    elsewhere = bay.target()._replace(workspace="other")
    wrong = {
        "entries: 2 to 100": [entry(first.id)],
        "named twice": [entry(first.id), entry(first.id)],
        "weight: 1 to 1000": [entry(first.id, 0), entry(second.id)],
        "has no credentials 'cred_nothing'": [entry(first.id), entry("cred_nothing")],
        f"has no credentials '{own.id}'": [entry(first.id), entry(own.id)],
    }

    for message, entries in wrong.items():
        with pytest.raises(InvokeBadRequestError, match=message):
            save(bay, *entries)
    with pytest.raises(InvokeBadRequestError, match="has no credentials"):
        save(bay, entry(first.id), entry(second.id), target=elsewhere)

    assert queries.of_workspace(bay.now, "default") == []
    assert "balance.set" not in bay.actions()


async def test_another_process_sees_it(bay: Bay) -> None:
    """The change raises the mark that running gateways compare."""
    first, second = await bay.create(), await bay.create("good-two")
    before = bay.snapshot().mark
    save(bay, entry(first.id), entry(second.id))

    with Database.open(bay.data_dir) as other:
        assert queries.one(other, bay.target().place) is not None
        assert audit.listed(other, "default")[0].detail["strategy"] == "weighted"
    assert bay.snapshot().mark == before + 1
