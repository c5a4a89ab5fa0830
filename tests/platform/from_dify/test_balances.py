"""What Dify's load balancing knows shares the calls here, and where it cannot, the reason is said."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from typing import Any

import pytest
from tests.platform.from_dify.conftest import CATALOG, Here, said
from tests.platform.from_dify.dify import OPENAI, Dify

from modelbay.entities import ModelType
from modelbay.platform.balances import clear_balance, set_balance
from modelbay.platform.credentials.resolve import WorkspaceCredentials
from modelbay.platform.credentials.target import Target
from modelbay.runtime.balancing import Candidates, Strategy
from modelbay.store import balances as queries
from modelbay.store import credentials as credential_queries
from modelbay.store.balances import BalanceEntryRow, BalanceRow

LLM = ModelType.LLM
INHERIT = "__inherit__"
SEALED_ELSEWHERE = "it was sealed with another key than the tenant's private.pem, or is damaged"
COMPATIBLE = "langgenius/openai_api_compatible/openai_api_compatible"
Facts = list[tuple[str, int, bool]]


class Team:
    """A tenant whose provider has credentials in use and spare ones, and where they come to."""

    def __init__(self, here: Here, dify: Dify, provider: str = OPENAI) -> None:
        self.here = here
        self.dify = dify
        self.provider = provider
        self.id = dify.tenant("Team")
        self.named = {name: self.credentials(name) for name in ("main", "spare")}
        dify.add("providers", self.id, provider_name=provider, credential_id=self.named["main"])

    def config(self, secret: str) -> dict[str, str]:
        """Return a configuration of OpenAI's form."""
        return {"openai_api_key": self.dify.seal(self.id, f"sk-{secret}")}

    def credentials(self, name: str, **more: Any) -> str:
        """Store named credentials; return their id."""
        return self.dify.credentials(self.id, self.provider, self.config(name), name=name, **more)

    def balanced(self, model: str = "gpt-4.1", *, on: bool | None = True, kind: str = "llm") -> None:
        """Switch load balancing of a model on, or off; None leaves no row about it."""
        if on is not None:
            of = {"provider_name": self.provider, "model_name": model, "model_type": kind}
            self.dify.add("provider_model_settings", self.id, **of, load_balancing_enabled=on)

    def row(self, name: str, model: str = "gpt-4.1", **more: Any) -> str:
        """Add a row to a model's list; return its id."""
        of = {"provider_name": self.provider, "model_name": model, "model_type": "llm"}
        return self.dify.add("load_balancing_model_configs", self.id, **{**of, "name": name, **more})

    def rows(self, *names: str, model: str = "gpt-4.1") -> None:
        """Add rows for the credentials of these names."""
        for name in names:
            pointer = {} if name == INHERIT else {"credential_id": self.named[name]}
            self.row(name, model, **pointer)

    def own(self, name: str, model: str = "gpt-4.1", **more: Any) -> str:
        """Add a row with credentials that nothing else has, as old releases do."""
        return self.row(name, model, encrypted_config=json.dumps(self.config(name)), **more)

    @property
    def workspace(self) -> str:
        """Where it has come to."""
        [found] = {line.workspace for line in self.here.run(dry_run=True)}
        return found

    def target(self, model: str = "gpt-4.1", provider: str = "openai") -> Target:
        """Return a model here."""
        return Target(self.workspace, CATALOG.provider(provider).provider, model, LLM)

    def balance(self, model: str = "gpt-4.1", provider: str = "openai") -> BalanceRow | None:
        """Return the balance of a model."""
        return queries.one(self.here.database, self.target(model, provider).place)

    def facts(self, model: str = "gpt-4.1", provider: str = "openai") -> Facts:
        """Return the entries of a balance: name, weight, whether it is on."""
        row = self.balance(model, provider)
        return [(each.name, each.weight, each.enabled) for each in row.entries] if row else []

    def keys(self, model: str = "gpt-4.1", provider: str = "openai") -> list[str]:
        """Return the secrets that calls of a model share now."""
        return [
            str(each.using.credentials["openai_api_key"]) for each in self.shared(model, provider).entries
        ]

    def shared(self, model: str = "gpt-4.1", provider: str = "openai") -> Candidates:
        """Return who shares the calls of a model now."""
        source = WorkspaceCredentials(self.here.snapshot(self.workspace))
        return source.candidates(CATALOG.provider(provider).provider, model, LLM)


@pytest.fixture
def team(here: Here, dify: Dify) -> Team:
    return Team(here, dify)


def about(lines: Sequence[Any]) -> list[tuple[str, str, str]]:
    """Return what was said of load balancing: state, name, reason."""
    return [(line.state, line.name, line.why) for line in lines if line.what == "balancing"]


def test_a_list_becomes_a_balance(team: Team) -> None:
    """The active credentials, named ones, and those that only the row has, which get a name; in turn."""
    team.balanced()
    team.rows("spare", INHERIT)
    team.own("third")
    dry = team.here.run(dry_run=True)
    lines = team.here.run()
    row = team.balance()

    assert dry == lines
    assert said(lines)[1:] == [
        ("made", "credentials", "openai: main", ""),
        ("made", "credentials", "openai: spare", ""),
        ("made", "credentials", "openai/gpt-4.1: third", ""),
        ("made", "active", "openai: main", ""),
        ("made", "balancing", "openai/gpt-4.1 (llm): active; spare; third", ""),
    ]
    assert team.facts() == [("active", 1, True), ("spare", 1, True), ("third", 1, True)]
    assert row is not None and row.strategy == Strategy.ROUND_ROBIN
    assert team.keys() == ["sk-main", "sk-spare", "sk-third"]
    assert team.here.used(team.workspace, "openai", "gpt-4.1", LLM)["openai_api_key"] == "sk-main"


def test_a_second_run_changes_nothing(team: Team) -> None:
    """Ids are derived from Dify's, also those of credentials that only a row has."""
    team.balanced()
    team.rows(INHERIT, "spare")
    team.own("third")
    first = team.here.run()
    before = team.here.everything()
    second = team.here.run()

    assert [(line.state, line.what, line.name) for line in second] == [
        ("there", line.what, line.name) for line in first
    ]
    assert team.here.everything() == before


def test_a_balance_that_is_there_stays(team: Team) -> None:
    """As somebody has set it; what it is without is said, since another run may have mended something."""
    team.balanced()
    team.rows(INHERIT, "spare")
    team.here.run()
    ids = {row.name: row.id for row in credential_queries.of_workspace(team.here.database, team.workspace)}
    entries = [BalanceEntryRow(ids[name], "", 2) for name in ("main", "spare")]
    set_balance(team.here.database, team.target(), entries, actor="cli")
    team.own("third")

    [line] = about(team.here.run())
    assert line == (
        "there",
        "openai/gpt-4.1 (llm): active; spare; third",
        "it stays as it is, without active, third",
    )
    assert team.facts() == [("main", 2, True), ("spare", 2, True)]


def test_credentials_that_are_twice_in_a_list_have_more_weight(team: Team) -> None:
    """It is how people weigh keys in Dify; rows that are off do not count, and if all are, it is off."""
    third = team.named["third"] = team.credentials("third")
    team.balanced()
    team.rows("main", INHERIT, "main", "spare")
    team.row("main", credential_id=team.named["main"], enabled=False)
    for _ in range(2):
        team.row("third", credential_id=third, enabled=False)
    [line] = about(team.here.run())
    row = team.balance()

    assert line[:2] == ("made", "openai/gpt-4.1 (llm): active; main,weight=2; spare; third,off")
    assert team.facts() == [("active", 1, True), ("main", 2, True), ("spare", 1, True), ("third", 1, False)]
    assert row is not None and row.strategy == Strategy.WEIGHTED


def test_rows_that_are_off_are_entries_that_are_off(team: Team) -> None:
    """They can be switched on here, too."""
    team.balanced()
    team.rows(INHERIT, "spare")
    team.own("third", enabled=False)
    team.here.run()

    assert team.facts() == [("active", 1, True), ("spare", 1, True), ("third", 1, False)]
    assert team.keys() == ["sk-main", "sk-spare"]


@pytest.mark.parametrize("on", [False, None], ids=["off", "no-row"])
def test_a_list_that_is_off_makes_no_balance(team: Team, on: bool | None) -> None:
    """It is said how to have it; its credentials come all the same."""
    team.balanced(on=on)
    team.rows(INHERIT)
    third = team.own("third", enabled=False)
    [(state, name, why)] = about(team.here.run())
    [made] = [
        row.id
        for row in credential_queries.of_workspace(team.here.database, team.workspace)
        if row.name == "third"
    ]
    command = shlex.split(why.partition("here: ")[2])

    assert (state, name) == ("note", f"{OPENAI} gpt-4.1 (llm)")
    assert command == [
        *("modelbay", "balance", "set", "openai", "--model", "gpt-4.1", "--type", "llm"),
        *("--workspace", team.workspace, "--strategy", "round-robin"),
        *("--entry", "active", "--entry", f"{made},off"),
    ]
    assert third not in made
    assert team.balance() is None
    assert team.keys() == ["sk-main"]


def test_a_list_that_nobody_has_set_up_is_not_spoken_of(team: Team) -> None:
    """Dify writes the row of the active credentials when somebody only looks."""
    team.balanced("gpt-4o", on=False)
    team.rows(INHERIT, model="gpt-4o")
    team.rows(INHERIT, model="gpt-none")

    assert about(team.here.run()) == []


def test_what_cannot_take_part_is_said_and_the_rest_shares(team: Team, dify: Dify) -> None:
    """Each with its reason; two that remain are enough."""
    other = dify.tenant("Other")
    of_another = team.credentials("another", model="gpt-4o")
    foreign = {"openai_api_key": dify.seal(other, "sk")}
    lost = dify.credentials(team.id, OPENAI, foreign, name="lost")
    team.balanced()
    team.rows(INHERIT, "spare")
    team.row("lost", credential_id=lost)
    team.row("gone", credential_id="11111111-1111-4111-8111-111111111111")
    team.row("another", credential_id=of_another)
    team.row("bare")
    team.row("broken", encrypted_config="[")
    team.row("foreign", encrypted_config=json.dumps(foreign))
    lines = about(team.here.run(tenants=[team.id]))
    why = {name.rpartition(": ")[2]: reason for state, name, reason in lines if state == "cannot"}

    assert why == {
        "lost": "its credentials cannot be made",
        "gone": "its credentials are no more in Dify",
        "another": "its credentials are those of openai/gpt-4o",
        "bare": "it has no credentials in Dify either",
        "broken": "its configuration is no JSON object",
        "foreign": f"openai_api_key: {SEALED_ELSEWHERE}",
    }
    assert lines[-1] == ("made", "openai/gpt-4.1 (llm): active; spare", "")


def test_one_that_remains_shares_with_nobody(team: Team) -> None:
    """Calls then use the active credentials, as before."""
    team.balanced()
    team.rows(INHERIT)
    team.row("gone", credential_id="11111111-1111-4111-8111-111111111111")
    lines = about(team.here.run())

    assert lines[-1] == (
        "note",
        f"{OPENAI} gpt-4.1 (llm)",
        "1 of 2 can be used here, and balancing takes 2",
    )
    assert team.balance() is None


def test_a_model_that_there_is_not_here_has_no_balance(team: Team) -> None:
    """Nor one of a provider or a type that there is not; what its row has is not lost."""
    team.balanced("gpt-none")
    team.rows(INHERIT, "spare", model="gpt-none")
    team.own("third", "gpt-none")
    team.balanced(kind="text2video")
    for name in ("a", "b"):
        team.row(name, model_type="text2video")
        team.row(name, provider_name="acme/acme/acme")
    lines = team.here.run()

    unknown = "there is no such provider here; --provider THEIRS=OURS names one that is alike"
    assert about(lines) == [
        ("cannot", f"{OPENAI} gpt-none (llm)", "the provider has no such model here"),
        ("cannot", f"{OPENAI} gpt-4.1 (text2video)", "there is no type 'text2video' here"),
        ("cannot", "acme/acme/acme gpt-4.1 (llm)", unknown),
    ]
    assert ("made", "credentials", "openai/gpt-none: third", "") in said(lines)


def test_a_model_that_was_added_shares_its_own_credentials(here: Here, dify: Dify) -> None:
    """Rows with the type's old name, and the provider's short one, are of the same list."""
    tenant = dify.tenant("T")
    own = {
        name: dify.credentials(
            tenant,
            COMPATIBLE,
            {"api_key": dify.seal(tenant, name), "endpoint_url": "https://a.example/v1", "mode": "chat"},
            model="house",
            name=name,
        )
        for name in ("one", "two")
    }
    of = {"provider_name": COMPATIBLE, "model_name": "house", "model_type": "text-generation"}
    dify.add("provider_models", tenant, **of, credential_id=own["one"])
    dify.add("provider_model_settings", tenant, **of, load_balancing_enabled=True)
    dify.add("load_balancing_model_configs", tenant, **of, name=INHERIT)
    short = of | {"provider_name": "openai_api_compatible", "model_type": "llm"}
    pointer = {"credential_id": own["two"], "credential_source_type": "custom_model"}
    dify.add("load_balancing_model_configs", tenant, **short, name="two", **pointer)
    lines = here.run()
    provider = CATALOG.provider("openai_api_compatible").provider
    source = WorkspaceCredentials(here.snapshot(lines[0].workspace))

    assert about(lines) == [("made", "openai_api_compatible/house (llm): active; two", "")]
    found = source.candidates(provider, "house", LLM).entries
    assert [each.using.credentials["api_key"] for each in found] == ["one", "two"]


AWS = ("aws_access_key_id", "aws_secret_access_key")


@pytest.mark.parametrize(
    ("provider", "model", "plain", "secrets"),
    [
        ("spark", "spark-lite", {"app_id": "a"}, ("api_key", "api_secret")),
        ("azure_openai", "gpt-6-luna", {"openai_api_base": "https://a.example"}, ("openai_api_key",)),
        ("bedrock", "amazon.nova-lite-v1:0", {"aws_region": "us-east-1"}, AWS),
        ("openai", "gpt-4.1", {"validate_model": "gpt-4o"}, ("openai_api_key",)),
    ],
    ids=["takes-no-models", "asks-for-more", "asks-for-more-too", "has-fewer-fields"],
)
def test_credentials_of_a_row_go_to_the_provider_where_its_form_fits_better(
    here: Here,
    dify: Dify,
    provider: str,
    model: str,
    plain: dict[str, str],
    secrets: tuple[str, ...],
) -> None:
    """To the provider where models take none, or have another form than Dify's dialog had."""
    tenant = dify.tenant("T")
    config = plain | {name: dify.seal(tenant, name) for name in secrets}
    of = {"provider_name": f"langgenius/{provider}/{provider}", "model_name": model, "model_type": "llm"}
    dify.add("provider_model_settings", tenant, **of, load_balancing_enabled=True)
    dify.add("load_balancing_model_configs", tenant, **of, name=INHERIT)
    dify.add("load_balancing_model_configs", tenant, **of, name="own", encrypted_config=json.dumps(config))

    assert said(here.run())[1:] == [
        ("made", "credentials", f"{provider}: own", ""),
        ("made", "balancing", f"{provider}/{model} (llm): active; own", ""),
    ]


def test_more_than_share_calls_here_are_too_many(team: Team) -> None:
    """All of them come; which of them share calls is for people to say."""
    names = [f"key {number}" for number in range(100)]
    team.named |= {name: team.credentials(name) for name in names}
    team.balanced()
    team.rows(INHERIT, *names)

    [line] = about(team.here.run())
    assert line[::2] == ("cannot", "101 share the calls in Dify, and here at most 100 can")
    assert team.balance() is None


def test_credentials_never_go_to_another_provider(here: Here, dify: Dify) -> None:
    """Not where somebody has taken theirs for one of ours at first, and for another now."""
    tenant, theirs = dify.tenant("T"), "acme/acme/acme"
    own = [
        dify.credentials(tenant, theirs, {"api_key": dify.seal(tenant, name)}, name=name)
        for name in ("one", "two")
    ]
    dify.add("providers", tenant, provider_name=theirs, credential_id=own[0])
    of = {"provider_name": theirs, "model_name": "openai/gpt-oss-20b", "model_type": "llm"}
    dify.add("provider_model_settings", tenant, **of, load_balancing_enabled=True)
    for each in own:
        dify.add("load_balancing_model_configs", tenant, **of, name="x", credential_id=each)
    here.run(providers={theirs: "deepseek"})
    lines = here.run(providers={theirs: "groq"})

    elsewhere = "they are here already, as credentials of deepseek"
    assert said(lines)[1:] == [
        ("cannot", "credentials", "groq: one", elsewhere),
        ("cannot", "credentials", "groq: two", elsewhere),
    ]
    assert here.used(lines[0].workspace, "groq") == {}
    assert queries.of_workspace(here.database, lines[0].workspace) == []


def test_a_pointer_to_another_providers_credentials_leads_nowhere(team: Team) -> None:
    """Nothing in Dify's database keeps one from being there."""
    of = {"provider_name": COMPATIBLE, "model_name": "house", "model_type": "llm"}
    team.dify.add("provider_models", team.id, **of, credential_id=team.named["main"])
    lines = team.here.run()

    assert ("made", "active", "openai_api_compatible/house (llm): -") in [each[:3] for each in said(lines)]


def test_a_balance_that_was_cleared_is_made_again(team: Team) -> None:
    """As are credentials that were deleted here: an import makes what is missing."""
    team.balanced()
    team.rows(INHERIT, "spare")
    team.here.run()
    clear_balance(team.here.database, team.target(), actor="cli")

    assert [line[0] for line in about(team.here.run())] == ["made"]
