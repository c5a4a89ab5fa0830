"""Hosted quotas: what a workspace is granted, what it prefers, and where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from tests.platform.limits.lent import SECRET, Holding, lending, terms, times
from tests.platform.people.persons import actions

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.limits.hosted import Hosted, HostedProvider, Kind, QuotaTerms, Unit
from modelbay.platform.limits.periods import Period
from modelbay.platform.limits.quotas import QuotaLimit, grant, list_quotas, prefer
from modelbay.platform.people.workspaces import create_workspace
from modelbay.runtime.accounts import LimitReachedError
from modelbay.runtime.worst_case import WorstCase
from modelbay.store import Database
from modelbay.store import limits as queries
from modelbay.store.spending import Balance

pytestmark = pytest.mark.usefixtures("backend")


def kinds(*given: tuple[Kind, int]) -> Hosted:
    """Return a provider that lends several quotas."""
    quotas = {kind: QuotaTerms(kind=kind, unit=Unit.TIMES, limit=Decimal(limit)) for kind, limit in given}
    return Hosted([HostedProvider("acme", SECRET, quotas)])


def offered(database: Database, hosted: Hosted, workspace: str = "default") -> Sequence[str]:
    """Return the kinds that a workspace may borrow, in the order in which they are used."""
    found = hosted.offers("acme", "large", queries.terms_of(database, workspace))
    return [using.hosted for using in found]


def test_paid_goes_before_free_and_free_before_trial(tmp_path: Path) -> None:
    """However the file has them; what is worth nothing is not offered, -1 is worth everything."""
    with Database.open(tmp_path) as database:
        hosted = kinds((Kind.TRIAL, 200), (Kind.PAID, 0), (Kind.FREE, -1))
        assert offered(database, hosted) == ["free", "trial"]
        grant(database, hosted, "default", "acme", "paid", "500", actor="cli")
        assert offered(database, hosted) == ["paid", "free", "trial"]
        grant(database, hosted, "default", "acme", "free", "0", actor="cli")
        assert offered(database, hosted) == ["paid", "trial"]

        assert [each.kind for each in list_quotas(database, hosted, "default")] == ["paid", "free", "trial"]


def test_a_grant_is_one_workspaces(tmp_path: Path) -> None:
    """The others keep what the file says; so does it when the grant is taken back."""
    with Database.open(tmp_path) as database:
        other, hosted = create_workspace(database, "Other", actor="cli").id, lending(200)
        grant(database, hosted, other, "acme", "trial", "1000.5", actor="cli")
        found = [list_quotas(database, hosted, name)[0] for name in ("default", other)]
        assert [(each.limit, each.granted) for each in found] == [(200, False), (Decimal("1000.5"), True)]

        grant(database, hosted, other, "acme", "trial", None, actor="cli")
        assert list_quotas(database, hosted, other)[0].limit == 200
        assert actions(database, other) == ["workspace.create", "quota.set", "quota.set"]
        assert actions(database) == []


@pytest.mark.parametrize("amount", ["x", "-2", "-0.5", "NaN", "sNaN", "Infinity", "1e15"])
def test_what_is_no_limit_is_refused(tmp_path: Path, amount: str) -> None:
    """By its field, with what to write; and nothing is changed."""
    with Database.open(tmp_path) as database:
        with pytest.raises(InvokeBadRequestError, match=r"^limit: "):
            grant(database, lending(5), "default", "acme", "trial", amount, actor="cli")
        assert not list_quotas(database, lending(5), "default")[0].granted


def test_what_is_not_lent_can_be_neither_granted_nor_preferred(tmp_path: Path) -> None:
    """A slip of the pen must not look like a success."""
    with Database.open(tmp_path) as database:
        hosted = lending(5)
        for kind, provider, workspace, said in [
            ("paid", "acme", "default", r"^kind: no 'paid' quota of 'acme' is lent"),
            ("gold", "acme", "default", r"^kind: no 'gold' quota"),
            ("trial", "other", "default", r"^kind: no 'trial' quota of 'other'"),
            ("trial", "acme", "ws_x", r"^workspace: there is no workspace"),
        ]:
            with pytest.raises(InvokeBadRequestError, match=said):
                grant(database, hosted, workspace, provider, kind, "1", actor="cli")
        for preferred, provider, workspace, said in [
            ("theirs", "acme", "default", r"^preferred: 'theirs' is none of hosted, own, auto"),
            ("own", "other", "default", r"^provider: nothing of 'other' is lent"),
            ("own", "acme", "ws_x", r"^workspace: there is no workspace"),
        ]:
            with pytest.raises(InvokeBadRequestError, match=said):
                prefer(database, hosted, workspace, provider, preferred, actor="cli")
        with pytest.raises(InvokeBadRequestError, match=r"^workspace: there is no workspace"):
            list_quotas(database, hosted, "ws_x")
        assert actions(database) == []


def test_a_preference_is_kept_until_it_is_left_to_the_rule(tmp_path: Path) -> None:
    """`auto` is no third preference: it is none."""
    with Database.open(tmp_path) as database:
        for preferred in ("hosted", "own", "auto"):
            prefer(database, lending(5), "default", "acme", preferred, actor="cli")
            assert list_quotas(database, lending(5), "default")[0].preferred == preferred
        assert queries.terms_of(database, "default").preferred == {}
        assert actions(database) == ["quota.prefer"] * 3


async def test_a_list_tells_where_a_quota_stands(tmp_path: Path) -> None:
    """What calls under way hold is not to be had either."""
    async with Holding(tmp_path) as gateway:
        assert await gateway.takes("one", times(2, 2))
        with Database.open(tmp_path) as database:
            [quota] = list_quotas(database, lending(2), "default")
            assert (quota.used, quota.held, quota.valid, quota.ends) == (Decimal(0), Decimal(2), False, None)
            assert list_quotas(database, lending(3), "default")[0].valid
            assert list_quotas(database, lending(-1), "default")[0].valid


def test_models_outside_a_quota_are_not_lent(tmp_path: Path) -> None:
    """Patterns name those that are."""
    with Database.open(tmp_path) as database:
        quotas = {Kind.TRIAL: terms(5, models=["lar*", "tiny"])}
        hosted, known = (
            Hosted([HostedProvider("acme", SECRET, quotas)]),
            queries.terms_of(database, "default"),
        )

    assert [bool(hosted.offers("acme", model, known)) for model in ("large", "tiny", "small")] == [
        True,
        True,
        False,
    ]
    assert not hosted.offers("other", "large", known)


@pytest.mark.parametrize(
    ("unit", "model", "held", "spent"),
    [
        (Unit.TIMES, "large", 1, 1),
        (Unit.TOKENS, "large", 900, 42),
        (Unit.CREDITS, "large", 20, 20),
        (Unit.CREDITS, "other", 1, 1),
    ],
)
def test_each_unit_counts_its_own(unit: Unit, model: str, held: int, spent: int) -> None:
    """Calls, tokens, or what a call of the model is worth; a call of no use counts nothing."""
    quota = QuotaTerms(
        kind=Kind.TRIAL, unit=unit, limit=Decimal(1000), credits={"lar*": Decimal(20), "large": Decimal(3)}
    )
    limit = QuotaLimit("default", "acme", model, quota, Decimal(1000), 5.0)

    assert limit.worst(WorstCase(900, None, "")) == held
    assert limit.units(42, used=True) == spent
    assert limit.units(42, used=False) == 0


def test_a_quota_of_tokens_needs_a_bound() -> None:
    """A call that may use any number of them is none that a quota can pay for."""
    quota = QuotaTerms(kind=Kind.TRIAL, unit=Unit.TOKENS, limit=Decimal(1000))
    with pytest.raises(InvokeBadRequestError, match="nothing bounds those of this call: set max_tokens"):
        QuotaLimit("default", "acme", "x", quota, Decimal(1000), 5.0).worst(WorstCase(None, None, ""))


def test_a_quota_that_is_used_up_says_so() -> None:
    """With its code, what is left, and when it begins anew if it does."""
    daily = QuotaLimit("default", "acme", "x", terms(5, period=Period.DAY), Decimal(5), 86_400.0 - 60)

    assert daily.refusal(Balance(Decimal(3), Decimal(1)), Decimal(1)) is None
    refused = daily.refusal(Balance(Decimal(3), Decimal(1)), Decimal(2))
    assert isinstance(refused, LimitReachedError)
    assert (refused.status, refused.code, refused.retry_after) == (429, "quota_exceeded", 60)
    assert "the trial quota of acme is used up: 1 of 5 times are left" in str(refused)
    unlimited = QuotaLimit("default", "acme", "x", terms(-1), Decimal(-1), 5.0)
    assert unlimited.refusal(Balance(Decimal(10**9), Decimal(1)), Decimal(2)) is None
