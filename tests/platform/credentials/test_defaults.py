"""Defaults: reading one writes nothing, and one that cannot be called is told, not replaced."""

from __future__ import annotations

import pytest
from tests.platform.credentials.conftest import Bay

from modelbay.entities import ModelType
from modelbay.errors import InvokeBadRequestError
from modelbay.platform.credentials.defaults import DefaultModel, read_default, set_defaults
from modelbay.platform.credentials.forms import FormError
from modelbay.platform.credentials.models import enable_model

LLM, VECTORS = ModelType.LLM, ModelType.TEXT_EMBEDDING


def default(bay: Bay, kind: ModelType = LLM) -> DefaultModel:
    """Return the default of a type."""
    return read_default(bay.snapshot(), list(bay.statuses().values()), kind)


def choose(bay: Bay, chosen: dict[ModelType, str | None], **versions: int) -> None:
    """Choose defaults."""
    expected = {ModelType(kind): version for kind, version in versions.items()}
    rows = list(bay.statuses().values())
    set_defaults(bay.now, "default", rows, chosen, versions=expected, actor="cli")


async def test_a_default_that_nobody_chose_is_suggested_and_not_written(bay: Bay) -> None:
    """Looking at a page must not decide what calls use."""
    await bay.create()
    found = default(bay)

    assert (found.model, found.usable, found.suggested) == (None, False, "acme/chat")
    assert found.text == "there is no default model of type llm: choose one"
    assert bay.snapshot().defaults == {}
    assert bay.actions() == ["credential.create"]


async def test_what_needs_no_credentials_is_suggested_last(bay: Bay) -> None:
    """It is a model for trying things out, and nobody's choice."""
    assert default(bay).suggested == "open/free"
    assert default(bay, VECTORS).suggested == ""


async def test_a_default_is_chosen_and_changed(bay: Bay) -> None:
    """By provider and name, with slashes in it or not."""
    await bay.create()
    choose(bay, {LLM: "acme/org/chat-2:free", VECTORS: "acme/vectors"})
    found = default(bay)

    assert (found.provider, found.model, found.version) == ("acme", "org/chat-2:free", 1)
    assert (found.usable, found.text, found.suggested) == (True, "", "")
    choose(bay, {LLM: "acme/chat"}, llm=1)
    assert default(bay).version == 2
    choose(bay, {LLM: None})
    assert default(bay).model is None
    assert default(bay, VECTORS).usable
    assert bay.actions()[1:] == ["default.set"] * 4


async def test_defaults_are_chosen_all_or_none(bay: Bay) -> None:
    """Every one that cannot be is named with the reason."""
    await bay.create()
    enable_model(bay.now, bay.target(model="chat"), False, actor="cli")
    with pytest.raises(FormError) as refused:
        choose(bay, {VECTORS: "acme/vectors", LLM: "acme/chat", ModelType.TTS: "acme/vectors"})

    assert refused.value.complaints == {
        "llm": "acme/chat cannot be called (disabled): "
        "the model is switched off in this workspace: switch it on",
        "tts": "'acme/vectors' is of another type",
    }
    with pytest.raises(FormError, match=r"^llm: 'chat' is no model here; write provider/model"):
        choose(bay, {LLM: "chat"})
    assert bay.snapshot().defaults == {}


async def test_a_default_that_can_no_longer_be_called_stays_and_says_what_to_do(bay: Bay) -> None:
    """With another that can be, for who decides."""
    await bay.create()
    choose(bay, {LLM: "acme/chat"})
    enable_model(bay.now, bay.target(model="chat"), False, actor="cli")
    found = default(bay)

    assert (found.model, found.status, found.usable) == ("chat", "disabled", False)
    assert found.text.startswith("acme/chat: the model is switched off in this workspace: switch it on")
    assert found.suggested == "acme/org/chat-2:free"


async def test_a_default_whose_model_is_gone_says_so(bay: Bay) -> None:
    """A plugin's new release may have dropped it."""
    await bay.create()
    choose(bay, {LLM: "acme/chat"})
    rows = [row for row in bay.statuses().values() if row.model != "chat"]
    found = read_default(bay.snapshot(), rows, LLM)

    assert (found.status, found.text) == (
        "error",
        "acme/chat: there is no such model any more; or choose another default",
    )


async def test_a_choice_by_somebody_else_is_not_overwritten(bay: Bay) -> None:
    """The second of two who have seen the same is told, and nothing of theirs is saved."""
    await bay.create()
    choose(bay, {LLM: "acme/chat"}, llm=0)

    with pytest.raises(InvokeBadRequestError, match=r"^llm: somebody has chosen another default since"):
        choose(bay, {VECTORS: "acme/vectors", LLM: None}, llm=0)
    assert default(bay).model == "chat"
    assert default(bay, VECTORS).model is None
