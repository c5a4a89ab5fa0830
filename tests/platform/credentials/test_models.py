"""Models that people add to a provider, and models of any kind switched off."""

from __future__ import annotations

import pytest
from tests.platform.credentials.conftest import Bay

from modelbay.entities import ModelType
from modelbay.errors import CredentialsValidateFailedError, InvokeBadRequestError
from modelbay.platform.credentials.models import add_model, delete_model, enable_model, removed_models
from modelbay.platform.credentials.named import delete, switch


async def test_a_model_is_added_with_credentials_of_its_own(bay: Bay) -> None:
    """It uses those, and nothing else of the provider."""
    mine = bay.target(model="mine")
    made = await bay.create("good-mine-12345", mine, context_size=4096, name="own")
    row = bay.statuses()["acme/mine"]

    assert (made.values["context_size"], made.active) == ("4096", True)
    assert (row.custom, row.status, row.credential_name) == (True, "active", "own")
    assert bay.statuses()["acme/chat"].status == "no-configure"
    assert bay.active(bay.target()) is None


async def test_a_model_is_not_added_with_credentials_that_do_not_work(bay: Bay) -> None:
    """Nothing half-made stays."""
    with pytest.raises(CredentialsValidateFailedError):
        await bay.create("bad", bay.target("acme", "mine"), context_size="1")

    assert "acme/mine" not in bay.statuses()


async def test_more_credentials_of_a_model_make_no_second_model(bay: Bay) -> None:
    """They are attached to the one that is there."""
    mine = bay.target(model="mine")
    for _ in range(2):
        await bay.create(target=mine, context_size="1")

    assert [name for name in bay.statuses() if name.endswith("/mine")] == ["acme/mine"]
    assert [each.active for each in bay.listed(mine)] == [True, False]


async def test_a_declared_model_can_have_credentials_of_its_own(bay: Bay) -> None:
    """Its neighbours go on with the provider's."""
    await bay.create(name="all")
    await bay.create(target=bay.target(model="chat"), context_size="1", name="one")
    found = bay.statuses()

    assert (found["acme/chat"].credential_name, found["acme/chat"].custom) == ("one", False)
    assert found["acme/org/chat-2:free"].credential_name == "all"


async def test_a_model_without_credentials_uses_its_providers(bay: Bay) -> None:
    """A fine-tuned model is called with the key that the provider has anyway."""
    add_model(bay.now, bay.target(model="tuned"), actor="cli")
    assert bay.statuses()["acme/tuned"].status == "no-configure"
    await bay.create(name="key")

    assert bay.statuses()["acme/tuned"].credential_name == "key"
    assert bay.actions() == ["model.create", "credential.create"]


@pytest.mark.parametrize(
    ("provider", "model", "error"),
    [
        ("acme", "chat", "^model: acme/chat comes with its plugin"),
        ("acme", " x", "^model: 1 to 255 characters"),
        ("other", "x", "^credentials: other has none of its own"),
        ("open", "x", "^model: models cannot be added to open"),
    ],
)
async def test_a_model_that_cannot_be_added_is_refused(
    bay: Bay, provider: str, model: str, error: str
) -> None:
    """And says why."""
    with pytest.raises(InvokeBadRequestError, match=error):
        add_model(bay.now, bay.target(provider, model), actor="cli")


async def test_a_type_that_the_provider_has_not_is_refused(bay: Bay) -> None:
    """The choices are named."""
    target = bay.target(model="x")._replace(model_type=ModelType.TTS)
    with pytest.raises(InvokeBadRequestError, match=r"^type: acme has models of type llm, text-embedding"):
        add_model(bay.now, target, actor="cli")


async def test_a_model_is_added_once(bay: Bay) -> None:
    """A second time is a mistake that somebody should hear of."""
    target = bay.target(model="x")
    add_model(bay.now, target, actor="cli")

    with pytest.raises(InvokeBadRequestError, match=r"^model: acme/x has been added already, as llm"):
        add_model(bay.now, target, actor="cli")


async def test_a_deleted_model_leaves_its_credentials_and_can_come_back(bay: Bay) -> None:
    """Deleting by mistake costs no key."""
    mine = bay.target(model="mine")
    made = await bay.create(target=mine, context_size="1")
    delete_model(bay.now, mine, actor="cli")
    assert "acme/mine" not in bay.statuses()
    assert removed_models(bay.now, "default") == [mine.model_place]

    add_model(bay.now, mine, credential=made.id, actor="cli")
    assert bay.statuses()["acme/mine"].credential == made.id
    assert removed_models(bay.now, "default") == []


async def test_a_model_whose_credentials_are_deleted_stays_and_says_so(bay: Bay) -> None:
    """It neither vanishes nor begins to use the provider's key by itself."""
    mine = bay.target(model="mine")
    await bay.create()
    made = await bay.create(target=mine, context_size="1")
    delete(bay.now, mine, made.id, actor="cli")
    row = bay.statuses()["acme/mine"]

    assert (row.status, row.text) == (
        "credential-removed",
        "the active credentials were deleted: switch to others, or add some",
    )
    switch(bay.now, bay.vault, mine, "provider", actor="cli")
    assert bay.statuses()["acme/mine"].credential_name == "API key 1"


async def test_a_model_that_needs_its_own_cannot_switch_to_its_providers(bay: Bay) -> None:
    """There is nothing behind it."""
    with pytest.raises(InvokeBadRequestError, match=r"^id: other has no credentials of its own"):
        switch(bay.now, bay.vault, bay.target("other", "x"), "provider", actor="cli")


async def test_a_model_is_switched_off_and_on(bay: Bay) -> None:
    """Declared or added; in this workspace only."""
    await bay.create()
    target = bay.target(model="chat")
    enable_model(bay.now, target, False, actor="cli")
    enable_model(bay.now, target, False, actor="cli")

    assert bay.statuses()["acme/chat"].status == "disabled"
    assert bay.snapshot("ws_b").disabled == frozenset()
    enable_model(bay.now, target, True, actor="cli")
    assert bay.statuses()["acme/chat"].status == "active"
    assert bay.actions()[1:] == ["model.disable", "model.disable", "model.enable"]


async def test_what_is_no_model_cannot_be_switched_or_deleted(bay: Bay) -> None:
    """Rows for models that are not there would pile up."""
    nothing = bay.target(model="nothing")
    with pytest.raises(InvokeBadRequestError, match=r"^model: acme has no such model of type llm"):
        delete_model(bay.now, nothing, actor="cli")
    with pytest.raises(InvokeBadRequestError, match=r"^model: acme has no such model of type llm"):
        enable_model(bay.now, nothing, False, actor="cli")
