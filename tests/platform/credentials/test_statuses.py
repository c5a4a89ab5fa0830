"""Every model with its status; whatever is wrong with one is said in its row, and hides no other."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.platform.credentials.conftest import Bay

from modelbay.catalog import Catalog
from modelbay.entities import Credentials, ModelType
from modelbay.platform.credentials.models import add_model, enable_model
from modelbay.platform.credentials.statuses import model_list
from modelbay.platform.limits.hosted import Hosted, HostedProvider, Kind, QuotaTerms, Unit
from modelbay.platform.limits.lending import Lent
from modelbay.platform.limits.quotas import prefer


async def test_without_credentials_each_model_says_what_it_needs(bay: Bay) -> None:
    """And one that needs none can be called."""
    found = bay.statuses()

    assert {name: row.status for name, row in found.items()} == {
        "acme/chat": "no-configure",
        "acme/org/chat-2:free": "no-configure",
        "acme/vectors": "no-configure",
        "open/free": "active",
    }
    assert found["acme/chat"].text.startswith("no credentials are known for acme: it needs api_key")
    assert not found["acme/chat"].usable


async def test_the_environments_credentials_count(bay: Bay, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fresh set-up with a key in the environment has models at once."""
    monkeypatch.setenv("ACME_KEY", "good-from-environment")

    assert bay.statuses()["acme/chat"].credential == "environment"
    monkeypatch.delenv("ACME_KEY")
    monkeypatch.setenv("ACME_REGION", "eu")
    assert bay.statuses()["acme/chat"].status == "no-configure"


async def test_models_are_listed_by_provider_and_type(bay: Bay) -> None:
    """Those that were added come behind those of their own provider."""
    add_model(bay.now, bay.target(model="tuned"), actor="cli")

    assert list(bay.statuses()) == [
        *("acme/chat", "acme/org/chat-2:free", "acme/vectors", "acme/tuned", "open/free"),
    ]
    assert list(bay.statuses(model_type=ModelType.TEXT_EMBEDDING)) == ["acme/vectors"]
    assert list(bay.statuses(provider="open")) == ["open/free"]


async def test_what_cannot_be_opened_has_a_status(bay: Bay) -> None:
    """With the reason and what to do; the provider's own credentials do not step in for a model's."""
    await bay.create()
    made = await bay.create("good-own-key", bay.target(model="mine"), context_size="1", name="own")
    bay.now.change("UPDATE credential_secrets SET sealed = 'x' WHERE credential = :id", {"id": made.id})
    row = bay.statuses()["acme/mine"]

    assert row.status == "credential-unreadable"
    assert row.text.startswith("the credentials 'own' cannot be opened: api_key: what is stored is not")
    assert bay.statuses()["acme/chat"].usable


def lending(limit: int, *models: str) -> Hosted:
    """Return an installation that lends acme under a trial."""
    terms = QuotaTerms(kind=Kind.TRIAL, unit=Unit.TIMES, limit=Decimal(limit), models=list(models))
    lent = Credentials({"api_key": "good-lent-key"})
    return Hosted([HostedProvider("acme", lent, {Kind.TRIAL: terms})])


async def test_what_is_lent_is_used_where_there_is_nothing_else(bay: Bay) -> None:
    """What it does not cover says so, and a model that is switched off stays off."""
    enable_model(bay.now, bay.target(model="chat"), False, actor="cli")
    found = bay.statuses(hosted=Lent(bay.now, lending(5, "vec*", "chat"), "default"))

    assert (found["acme/vectors"].status, found["acme/vectors"].credential) == ("active", "hosted:trial")
    assert found["acme/org/chat-2:free"].status == "no-permission"
    assert "does not cover this model" in found["acme/org/chat-2:free"].text
    assert (found["acme/chat"].status, found["open/free"].status) == ("disabled", "active")


async def test_a_quota_that_is_used_up_is_told_unless_own_credentials_take_over(bay: Bay) -> None:
    """Own ones count first unless the workspace prefers what is lent; that falls back to them."""
    used_up = lending(0)
    before = bay.statuses(hosted=Lent(bay.now, used_up, "default"))["acme/chat"]
    made = await bay.create()
    prefer(bay.now, used_up, "default", "acme", "hosted", actor="cli")
    after = bay.statuses(hosted=Lent(bay.now, used_up, "default"))["acme/chat"]
    lent = bay.statuses(hosted=Lent(bay.now, lending(5), "default"))["acme/chat"]

    assert (before.status, before.usable) == ("quota-exceeded", False)
    assert (after.status, after.credential) == ("active", made.id)
    assert (lent.status, lent.credential) == ("active", "hosted:trial")


async def test_a_model_whose_plugin_is_gone_stays_with_its_error(bay: Bay) -> None:
    """Its credentials are still stored; the plugin can be installed again."""
    add_model(bay.now, bay.target(model="tuned"), actor="cli")
    without = Catalog(folders=[bay.folder / "open", bay.folder / "other"], builtin=False)
    [row] = [row for row in model_list(without, bay.snapshot()) if row.provider == "acme"]

    assert (row.model, row.status, row.custom) == ("tuned", "error", True)
    assert row.text.startswith("There is no provider 'acme'")
