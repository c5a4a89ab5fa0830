"""Named credentials: proved before they are saved, one of them active, nothing replaced behind one's back."""

from __future__ import annotations

import asyncio

import pytest
from tests.platform.credentials.conftest import Bay
from tests.platform.databases import stored_bytes

from modelbay.errors import CredentialsValidateFailedError, InvokeBadRequestError
from modelbay.platform.credentials.forms import HIDDEN
from modelbay.platform.credentials.named import delete, prove, switch


async def test_the_first_credentials_are_active_and_later_ones_are_not(bay: Bay) -> None:
    """Saving a second key must not change what calls use."""
    first = await bay.create()
    second = await bay.create(name="spare", region="eu")

    assert (first.name, first.active) == ("API key 1", True)
    assert (second.name, second.active, second.values["region"]) == ("spare", False, "eu")
    assert bay.active() == "API key 1"
    assert bay.actions() == ["credential.create"] * 2


async def test_names_that_are_left_out_are_numbered_on(bay: Bay) -> None:
    """A number is not used again while a higher one is there."""
    await bay.create(name="API key 7")

    assert (await bay.create()).name == "API key 8"


async def test_a_secret_is_masked_when_it_is_read_and_sealed_when_it_is_stored(
    bay: Bay, request: pytest.FixtureRequest
) -> None:
    """Neither a page nor a stolen database shows it."""
    await bay.create("good-0123456789-123")
    [row] = bay.listed()

    assert row.values == {"api_key": "good-0************23", "mode": "chat"}
    assert b"0123456789" not in stored_bytes(bay.data_dir, request)


async def test_what_the_provider_refuses_is_not_saved_nor_repeated(bay: Bay) -> None:
    """Its words may quote the key: they are shown to people."""
    with pytest.raises(CredentialsValidateFailedError, match=r"the key \[redacted\] is unknown"):
        await bay.create("bad-key-12345")

    assert bay.listed() == []
    assert bay.actions() == []


@pytest.mark.parametrize("name", ["x" * 31, "two\nlines", " x"])
async def test_a_name_that_is_none_is_refused(bay: Bay, name: str) -> None:
    """Before the provider is asked for nothing."""
    with pytest.raises(InvokeBadRequestError, match=r"^name: at most 30 characters"):
        await bay.create("bad-key", name=name)


async def test_of_two_who_take_a_name_at_once_one_is_told(bay: Bay) -> None:
    """The check and the row are apart by a call of the provider: the database decides."""
    done = await asyncio.gather(*(bay.create(name="prod") for _ in range(4)), return_exceptions=True)
    failures = [each for each in done if isinstance(each, BaseException)]

    assert len(bay.listed()) == 1
    assert [str(each) for each in failures] == ["name: there are credentials named 'prod' already"] * 3


async def test_those_who_give_no_name_at_once_get_one_each(bay: Bay) -> None:
    """The number is taken in the transaction that saves."""
    await asyncio.gather(*(bay.create() for _ in range(4)))

    assert {each.name for each in bay.listed()} == {f"API key {number}" for number in (1, 2, 3, 4)}
    assert sum(each.active for each in bay.listed()) == 1


@pytest.mark.parametrize("kept", [HIDDEN, "good-a************-1"])
async def test_a_secret_can_be_kept_while_the_rest_is_edited(bay: Bay, kept: str) -> None:
    """By the marker; what was shown of it, sent back, is no new secret either."""
    made = await bay.create("good-a-long-key-1")
    edited = await bay.edit(made.id, {"api_key": kept, "region": "us"}, name="renamed", version=1)

    assert (edited.name, edited.version, edited.active) == ("renamed", 2, True)
    assert edited.values == {"api_key": "good-a************-1", "region": "us", "mode": "chat"}
    assert bay.used() == {
        "api_key": "good-a-long-key-1",
        "region": "us",
        "mode": "chat",
    }


async def test_a_kept_secret_is_proved_again(bay: Bay) -> None:
    """It may have stopped working; a new value that does not work replaces nothing."""
    made = await bay.create()
    with pytest.raises(CredentialsValidateFailedError):
        await bay.edit(made.id, {"api_key": "bad-new-key"})

    assert bay.listed() == [made]


async def test_a_change_by_somebody_else_is_not_overwritten(bay: Bay) -> None:
    """The second of two who have read the same version is told."""
    made = await bay.create()
    await bay.edit(made.id, name="one", version=1)

    with pytest.raises(InvokeBadRequestError, match=r"^version: somebody has changed"):
        await bay.edit(made.id, name="two", version=1)
    with pytest.raises(InvokeBadRequestError, match=r"^version: somebody has changed"):
        delete(bay.now, bay.target(), made.id, version=1, actor="cli")
    assert [each.name for each in bay.listed()] == ["one"]


async def test_edits_at_once_leave_one_whole_edit(bay: Bay) -> None:
    """Never the name of one with the region of the other."""
    made = await bay.create()
    given = [{"api_key": f"good-key-number-{n}", "region": f"r{n}"} for n in range(4)]
    done = await asyncio.gather(
        *(bay.edit(made.id, each, name=each["region"]) for each in given), return_exceptions=True
    )
    [row] = bay.listed()
    number = row.values["region"][1:]

    assert sum(not isinstance(each, BaseException) for each in done) == row.version - 1
    assert (row.name, row.values["api_key"]) == (f"r{number}", f"good-k************-{number}")


async def test_another_is_made_active_by_hand(bay: Bay) -> None:
    """And the change is in the log."""
    await bay.create(name="a")
    second = await bay.create(name="b")
    switch(bay.now, bay.vault, bay.target(), second.id, actor="usr_1")

    assert bay.active() == "b"
    assert bay.actions()[-1] == "credential.switch"


async def test_no_other_takes_the_place_of_deleted_active_credentials(bay: Bay) -> None:
    """Whose key is billed is nobody's guess."""
    first, second = await bay.create(name="a"), await bay.create(name="b")

    assert delete(bay.now, bay.target(), first.id, actor="cli")
    assert bay.active() is None
    assert bay.statuses()["acme/chat"].status == "credential-removed"
    assert not (await bay.create(name="c")).active
    switch(bay.now, bay.vault, bay.target(), second.id, actor="cli")
    assert bay.statuses()["acme/chat"].status == "active"


async def test_without_its_last_credentials_a_provider_is_as_before(bay: Bay) -> None:
    """Not configured; and the next ones are the first again."""
    for made in (await bay.create(), await bay.create()):
        delete(bay.now, bay.target(), made.id, actor="cli")

    assert bay.statuses()["acme/chat"].status == "no-configure"
    assert bay.now.rows("SELECT * FROM credential_secrets") == []
    assert (await bay.create()).active


async def test_credentials_are_only_found_where_they_belong(bay: Bay) -> None:
    """Neither another workspace nor another provider or model reaches them by their id."""
    made = await bay.create()
    for target in (bay.target(workspace="ws_b"), bay.target("other"), bay.target(model="chat")):
        with pytest.raises(InvokeBadRequestError, match=r"^id: .* has no credentials"):
            delete(bay.now, target, made.id, actor="cli")
        with pytest.raises(InvokeBadRequestError, match=r"^id: .* has no credentials"):
            switch(bay.now, bay.vault, target, made.id, actor="cli")

    assert bay.active() == made.name
    assert bay.listed(bay.target(workspace="ws_b")) == []


async def test_stored_credentials_can_be_proved_again(bay: Bay) -> None:
    """A key that was revoked at the provider is found out without a call of a model."""
    made = await bay.create()
    await prove(bay.database, bay.vault, bay.proving, bay.target(), made.id)


async def test_what_cannot_be_opened_is_shown_and_can_be_replaced(bay: Bay) -> None:
    """The list opens all the same; the secret is neither used nor kept nor switched to."""
    made = await bay.create()
    bay.now.change("UPDATE credential_secrets SET sealed = 'mbv1.1.AAAA.AAAA'")
    [row] = bay.listed()

    assert (row.status, row.values) == ("credential-unreadable", {"mode": "chat"})
    assert "enter the secret again" in row.unreadable["api_key"]
    with pytest.raises(InvokeBadRequestError, match=r"^api_key: .*enter the secret again"):
        await bay.edit(made.id, {"api_key": HIDDEN})
    with pytest.raises(InvokeBadRequestError, match=r"^api_key: .*enter the secret again"):
        switch(bay.now, bay.vault, bay.target(), made.id, actor="cli")
    assert (await bay.edit(made.id, {"api_key": "good-again"})).status == "ready"


async def test_the_environments_credentials_are_listed_and_cannot_be_changed(
    bay: Bay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Active where nothing is stored; of the first workspace only."""
    monkeypatch.setenv("ACME_OLD_KEY", "good-from-environment")
    [row] = bay.listed()

    assert (row.id, row.active, row.read_only) == ("environment", True, True)
    assert row.values == {"api_key": "good-f************nt"}
    assert row.variables == {"api_key": "ACME_OLD_KEY"}
    assert bay.listed(bay.target(workspace="ws_b")) == []
    with pytest.raises(InvokeBadRequestError, match="change its variables"):
        await bay.edit("environment", name="mine")
    with pytest.raises(InvokeBadRequestError, match="change its variables"):
        delete(bay.now, bay.target(), "environment", actor="cli")


async def test_one_can_switch_back_to_the_environment(bay: Bay, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stored ones come first only while they are active."""
    await bay.create(name="stored")
    with pytest.raises(InvokeBadRequestError, match=r"^id: the environment holds no credentials for acme"):
        switch(bay.now, bay.vault, bay.target(), "environment", actor="cli")
    monkeypatch.setenv("ACME_KEY", "good-from-environment")
    assert bay.active() == "stored"

    switch(bay.now, bay.vault, bay.target(), "environment", actor="cli")
    assert bay.active() == "environment"


async def test_who_takes_no_credentials_says_so(bay: Bay) -> None:
    """Each with what to do instead."""
    for provider, model, text in (
        ("open", "", "^provider: open needs no credentials"),
        ("other", "", "^model: other takes credentials for each model: name the model and its type"),
        ("open", "free", "^model: models cannot be added to open"),
    ):
        with pytest.raises(InvokeBadRequestError, match=text):
            await bay.create(target=bay.target(provider, model))
