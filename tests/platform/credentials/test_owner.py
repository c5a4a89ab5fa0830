"""What the vault asks of the credentials: sealed anew, exported, restored."""

from __future__ import annotations

import pytest
from tests.platform.credentials.conftest import Bay

from modelbay.platform.credentials.owner import CredentialOwner
from modelbay.platform.vault import Secret
from modelbay.platform.vault.owners import every

OWNER = CredentialOwner()


def restored(bay: Bay, record: str, *, replace: bool = False, workspace: str = "ws_b", **more: bool) -> bool:
    """Restore credentials of the first workspace in another, with secrets sealed for there."""
    described = {**OWNER.described(bay.now, "default", record), **more}
    secrets = {}
    for each in every(bay.now, "default", OWNER):
        opened = bay.vault.open(bay.now, "default", each.record, each.field, each.text)
        if each.record == record and isinstance(opened, Secret):
            secrets[each.field] = bay.vault.seal(bay.now, workspace, record, each.field, opened.reveal())
    with bay.now.transaction():
        fate = OWNER.restore(bay.now, workspace, record, described, secrets, replace=replace)
    return fate.state == "made"


async def test_all_secrets_are_found_in_order_page_by_page(bay: Bay) -> None:
    """However many fit into a page, none is left out or found twice."""
    for number in range(5):
        await bay.create(f"good-{number}", bay.target(workspace="ws_b" if number == 4 else "default"))
    found = every(bay.now, "default", OWNER, at_once=2)

    assert len(found) == 4
    assert found == sorted(found)
    assert {each.field for each in found} == {"api_key"}


async def test_a_secret_that_was_edited_meanwhile_is_not_overwritten(bay: Bay) -> None:
    """Sealing anew goes on while people work."""
    made = await bay.create("good-old")
    [old] = every(bay.now, "default", OWNER)
    again = bay.vault.seal(bay.now, "default", made.id, "api_key", "good-old")
    assert OWNER.replace(bay.now, "default", old, again)
    assert not OWNER.replace(bay.now, "default", old, "something else")
    await bay.edit(made.id, {"api_key": "good-new"})

    assert not OWNER.replace(bay.now, "default", old, "x")
    assert bay.used() == {"api_key": "good-new", "mode": "chat"}


@pytest.mark.parametrize("model", ["", "mine"])
async def test_credentials_come_back_as_they_were(bay: Bay, model: str) -> None:
    """With their names, what is no secret, and the model that they were for, as older files have it."""
    more = {"context_size": "1"} if model else {"region": "eu"}
    made = await bay.create("good-key-12345", bay.target(model=model), name="prod", **more)

    assert restored(bay, made.id, active=True, custom=bool(model))
    [row] = bay.listed(bay.target(model=model, workspace="ws_b"))
    assert (row.name, row.active, row.values) == (made.name, True, made.values)
    assert [place.model for place in bay.snapshot("ws_b").custom] == ([model] if model else [])


async def test_what_is_there_is_kept_unless_it_is_to_be_replaced(bay: Bay) -> None:
    """By id or by name; active credentials stay the active ones."""
    made = await bay.create("good-export", name="prod")
    theirs = await bay.create("good-theirs", bay.target(workspace="ws_b"), name="prod")

    assert not restored(bay, made.id)
    assert bay.listed(bay.target(workspace="ws_b")) == [theirs]
    assert restored(bay, made.id, replace=True)
    [row] = bay.listed(bay.target(workspace="ws_b"))
    assert (row.id, row.active) == (made.id, True)
    assert bay.used("ws_b") == {
        "api_key": "good-export",
        "mode": "chat",
    }
