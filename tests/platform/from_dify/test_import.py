"""What Dify's workspaces have is made here: whole, once, and with every reason where it cannot be."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from pathlib import Path

import pytest
from tests.platform.from_dify.conftest import CATALOG, Here, said
from tests.platform.from_dify.dify import GOOGLE, OPENAI, Dify
from tests.platform.vault.dify_sealing import sealed_at_first

from modelbay.entities import Credentials, ModelType
from modelbay.errors import InvokeBadRequestError
from modelbay.platform.credentials.snapshot import Status
from modelbay.platform.from_dify.plan import plan_of
from modelbay.platform.from_dify.reading import read
from modelbay.platform.limits.hosted import Hosted, HostedProvider, Kind, QuotaTerms, Unit
from modelbay.platform.limits.quotas import prefer
from modelbay.platform.people.workspaces import create_workspace, list_workspaces
from modelbay.store import StoreError, audit
from modelbay.store import credentials as queries

LLM = ModelType.LLM


def workspace_of(here: Here, name: str) -> str:
    """Return the id of the workspace of a name."""
    [found] = [row.id for row in list_workspaces(here.database) if row.name == name]
    return found


def why_of(here: Here, **more: object) -> str:
    """Return why the one thing that cannot be made cannot be."""
    [line] = [line for line in here.run(**more) if line.state == "cannot"]
    return line.why


def test_a_tenant_becomes_a_workspace_with_its_credentials(here: Here, dify: Dify) -> None:
    """All names, the ones in use, and the secrets, which are sealed anew here."""
    tenant = dify.tenant("Search team")
    base = {"openai_api_base": "https://proxy.example"}
    dify.credentials(tenant, OPENAI, {"openai_api_key": dify.seal(tenant, "sk-first")}, name="first")
    second = dify.credentials(
        tenant, OPENAI, {"openai_api_key": dify.seal(tenant, "sk-second-é"), **base}, name="second"
    )
    dify.add("providers", tenant, provider_name=OPENAI, is_valid=True, credential_id=second)
    lines = here.run()
    workspace = workspace_of(here, "Search team")
    names = [row.name for row in queries.of_workspace(here.database, workspace)]

    assert said(lines) == [
        ("made", "workspace", "Search team", ""),
        ("made", "credentials", "openai: first", ""),
        ("made", "credentials", "openai: second", ""),
        ("made", "active", "openai: second", ""),
    ]
    assert {(line.tenant, line.workspace) for line in lines} == {(tenant, workspace)}
    assert names == ["first", "second"]
    assert here.used(workspace, "openai") == {"openai_api_key": "sk-second-é", **base}


def test_a_dry_run_says_the_same_and_writes_nothing(here: Here, dify: Dify) -> None:
    """No workspace, no key pair, no master key, no line in the audit log."""
    tenant = dify.tenant("Search team")
    own = dify.credentials(tenant, OPENAI, {"openai_api_key": dify.seal(tenant, "sk-1")})
    dify.add("providers", tenant, provider_name=OPENAI, credential_id=own)
    dify.credentials(tenant, "acme/acme/acme", {})
    before = here.everything()
    dry = here.run(dry_run=True)

    assert here.everything() == before
    assert not (here.folder / "master-key").exists()
    assert dry == here.run()


def test_a_second_run_changes_nothing(here: Here, dify: Dify) -> None:
    """Nor does it say that it has; what people have changed here since stays as they want it."""
    tenant = dify.tenant("Search team")
    own = dify.credentials(tenant, OPENAI, {"openai_api_key": dify.seal(tenant, "sk-1")})
    dify.add("providers", tenant, provider_name=OPENAI, credential_id=own)
    of_model = {"provider_name": OPENAI, "model_name": "gpt-4.1", "model_type": "llm"}
    dify.add("provider_model_settings", tenant, **of_model, enabled=False)
    dify.add("tenant_default_models", tenant, **of_model)
    first = here.run()
    before = here.everything()
    second = here.run()

    assert [line.state for line in first] == ["made"] * 5
    assert [(line.state, line.what, line.name) for line in second] == [
        ("there", line.what, line.name) for line in first
    ]
    assert here.everything() == before


def test_models_that_were_added_come_with_their_credentials(here: Here, dify: Dify) -> None:
    """One in use, one that was deleted and can be added again; old names of types."""
    tenant = dify.tenant("T")
    of = {"provider_name": "langgenius/openai_api_compatible/openai_api_compatible"}
    own = dify.credentials(
        tenant,
        of["provider_name"],
        {"api_key": dify.seal(tenant, "k-1"), "endpoint_url": "https://a.example/v1", "mode": "chat"},
        model="house",
    )
    dify.add(
        "provider_models", tenant, **of, model_name="house", model_type="text-generation", credential_id=own
    )
    config = {"endpoint_url": "https://b.example/v1", "context_size": "512", "max_chunks": "1"}
    dify.credentials(tenant, of["provider_name"], config, model="gone", model_type="embeddings")
    here.run()
    workspace = workspace_of(here, "T")
    snapshot = here.snapshot(workspace)

    assert [place[1:] for place in snapshot.custom] == [("openai_api_compatible", "house", "llm")]
    assert here.used(workspace, "openai_api_compatible", "house", LLM)["api_key"] == "k-1"
    places = {row.place[1:] for row in queries.of_workspace(here.database, workspace)}
    assert ("openai_api_compatible", "gone", "text-embedding") in places


def test_models_that_are_off_and_defaults_come_too(here: Here, dify: Dify) -> None:
    """Those of models that there are here; of others it is said."""
    tenant = dify.tenant("T")
    for model in ("gpt-4.1", "gpt-none"):
        of = {"provider_name": OPENAI, "model_name": model, "model_type": "llm"}
        dify.add("provider_model_settings", tenant, **of, enabled=False)
    dify.add("provider_model_settings", tenant, **of | {"model_name": "gpt-4o"}, enabled=True)
    google = {"provider_name": GOOGLE, "model_name": "gemini-embedding-001"}
    dify.add("tenant_default_models", tenant, **google, model_type="text-embedding")
    lines = here.run()
    snapshot = here.snapshot(workspace_of(here, "T"))

    assert {place.model for place in snapshot.disabled} == {"gpt-4.1"}
    assert snapshot.defaults["text-embedding"][:2] == ("gemini", "gemini-embedding-001")
    assert said(lines)[1] == (
        "cannot",
        "off",
        f"{OPENAI} gpt-none (llm)",
        "the provider has no such model here",
    )


def test_a_default_that_somebody_has_chosen_here_stays(here: Here, dify: Dify) -> None:
    """And it is said which one it is."""
    workspace = create_workspace(here.database, "Ours", actor="cli").id
    tenant = dify.tenant("T")
    of = {"provider_name": OPENAI, "model_type": "llm"}
    first = dify.add("tenant_default_models", tenant, **of, model_name="gpt-4.1")
    here.run(workspace=workspace)
    dify.run("DELETE FROM tenant_default_models WHERE id = :id", {"id": first})
    dify.add("tenant_default_models", tenant, **of, model_name="gpt-4o")

    assert said(here.run(workspace=workspace)) == [
        ("there", "default", "openai/gpt-4o (llm)", "openai/gpt-4.1 is the default")
    ]


def test_rows_with_short_and_full_names_are_of_one_provider(here: Here, dify: Dify) -> None:
    """Rows of before the plugins have bare names; `google` is the one whose plugin is called otherwise."""
    tenant = dify.tenant("T")
    for name in ("google", GOOGLE):
        dify.credentials(tenant, name, {"google_api_key": dify.seal(tenant, f"k {name}")})
    lines = here.run()

    assert said(lines)[1:] == [
        ("made", "credentials", "gemini: API KEY 1", ""),
        ("made", "credentials", "gemini: API KEY 1 (2)", ""),
    ]


def test_secrets_of_the_first_releases_are_opened(here: Here, dify: Dify) -> None:
    """Plain RSA; their credentials are in the rows of providers and models, and have no name."""
    tenant = dify.tenant("T")
    config = {"openai_api_key": sealed_at_first(dify.keys[tenant], "sk-old")}
    for table in ("providers", "provider_models"):
        dify.run(f"ALTER TABLE {table} ADD COLUMN encrypted_config text")
    for table in ("provider_credentials", "provider_model_credentials", "load_balancing_model_configs"):
        dify.run(f"DROP TABLE {table}")
    dify.add("providers", tenant, provider_name="openai", encrypted_config=json.dumps(config))
    model = {"model_name": "ft:mine", "model_type": "text-generation"}
    config["openai_api_key"] = sealed_at_first(dify.keys[tenant], "sk-mine")
    dify.add("provider_models", tenant, provider_name="openai", encrypted_config=json.dumps(config), **model)
    here.run()
    workspace = workspace_of(here, "T")

    assert here.used(workspace, "openai") == {"openai_api_key": "sk-old"}
    assert here.used(workspace, "openai", "ft:mine", LLM) == {"openai_api_key": "sk-mine"}
    assert here.run() and all(line.state == "there" for line in here.run())


def test_a_tenant_that_was_read_can_be_planned_again(dify: Dify) -> None:
    """Planning leaves the rows as they are; old releases have credentials without a row of their own."""
    tenant = dify.tenant("T")
    for table in ("providers", "provider_models"):
        dify.run(f"ALTER TABLE {table} ADD COLUMN encrypted_config text")
    config = json.dumps({"openai_api_key": dify.seal(tenant, "sk-old")})
    dify.add("providers", tenant, provider_name=OPENAI, encrypted_config=config)
    model = {"model_name": "ft:mine", "model_type": "llm"}
    dify.add("provider_models", tenant, provider_name=OPENAI, encrypted_config=config, **model)
    [found] = read(dify.place, dify.storage)
    before = copy.deepcopy(found.rows)
    first, second = (plan_of(found, CATALOG, {}, None, Hosted()) for _ in range(2))

    assert found.rows == before
    assert first.active == second.active
    assert [each.id for each in first.credentials] == list(first.active.values())


def test_what_cannot_be_made_is_said_and_the_rest_is_made(here: Here, dify: Dify) -> None:
    """An unknown provider, a damaged row, a secret of another key, a form that asks for more."""
    tenant, other = dify.tenant("T"), dify.tenant("Other")
    key = dify.seal(tenant, "sk-1")
    dify.credentials(tenant, "langgenius/hunyuan/hunyuan", {"secret_key": key}, name="a")
    dify.credentials(tenant, "acme/openai/openai", {"openai_api_key": key}, name="b")
    dify.credentials(tenant, OPENAI, {"openai_api_key": dify.seal(other, "sk")}, name="c")
    dify.credentials(tenant, OPENAI, {"openai_api_key": "sk-plain"}, name="d")
    dify.credentials(tenant, OPENAI, {"openai_api_base": "https://x.example"}, name="e")
    dify.credentials(tenant, OPENAI, {"openai_api_key": key, "openai_api_base": key}, name="f")
    broken = dify.credentials(tenant, OPENAI, {}, name="g")
    dify.run("UPDATE provider_credentials SET encrypted_config = '[' WHERE id = :id", {"id": broken})
    dify.credentials(tenant, OPENAI, {"openai_api_key": key, "openai_new_field": "x"}, name="h")
    dify.credentials(tenant, OPENAI, {"openai_api_key": key}, model="m", model_type="text2video", name="i")
    lines = here.run(tenants=[tenant])
    why = {name[-1]: reason for state, what, name, reason in said(lines) if what == "credentials"}

    unknown = "there is no such provider here; --provider THEIRS=OURS names one that is alike"
    assert why == {
        "a": unknown,
        "b": unknown,
        "c": "openai_api_key: it was sealed with another key than the tenant's private.pem, or is damaged",
        "d": "openai_api_key: it is not sealed as Dify seals",
        "e": "openai_api_key: is required",
        "f": "openai_api_base: it is a secret there, and none here",
        "g": "its configuration is no JSON object",
        "h": "fields that the form has not, left out: openai_new_field",
        "i": "there is no type 'text2video' here",
    }
    assert [row.name for row in queries.of_workspace(here.database, workspace_of(here, "T"))] == ["h"]


def test_a_provider_can_be_named_by_who_imports(here: Here, dify: Dify) -> None:
    """A private fork of a plugin has the same form under another name."""
    tenant = dify.tenant("T")
    dify.credentials(tenant, "acme/openai/openai", {"openai_api_key": dify.seal(tenant, "sk-1")})

    assert said(here.run(providers={"acme/openai/openai": "openai"}))[1][:3] == (
        "made",
        "credentials",
        "openai: API KEY 1",
    )


@pytest.mark.parametrize("content", [None, b"no key"])
def test_a_tenant_without_its_private_key_is_said(here: Here, dify: Dify, content: bytes | None) -> None:
    """Its name comes, and what is no secret; when the key is found, another run makes the rest."""
    tenant = dify.tenant("T")
    own = dify.credentials(tenant, OPENAI, {"openai_api_key": dify.seal(tenant, "sk-1")})
    dify.add("providers", tenant, provider_name=OPENAI, credential_id=own)
    path = dify.storage / "privkeys" / tenant / "private.pem"
    key = path.read_bytes()
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    why = why_of(here)
    workspace = workspace_of(here, "T")
    without = here.snapshot(workspace).choice(CATALOG.provider("openai").provider).status
    path.write_bytes(key)
    again = here.run()

    assert ("there is no" if content is None else "is no RSA private key") in why
    assert without is Status.CREDENTIAL_REMOVED
    assert [line.state for line in again] == ["there", "made", "made"]
    assert here.used(workspace, "openai") == {"openai_api_key": "sk-1"}


def test_the_private_keys_may_be_named_directly(here: Here, dify: Dify) -> None:
    """Whoever has copied only that folder."""
    tenant = dify.tenant("T")
    dify.credentials(tenant, OPENAI, {"openai_api_key": dify.seal(tenant, "sk-1")})
    dify.storage = dify.storage / "privkeys"

    assert [line.state for line in here.run()] == ["made", "made"]


def test_credentials_none_of_which_is_in_use_stay_so(here: Here, dify: Dify) -> None:
    """Dify's pointer is empty after the active ones were deleted: nobody chooses others here either."""
    tenant = dify.tenant("T")
    dify.credentials(tenant, OPENAI, {"openai_api_key": dify.seal(tenant, "sk-1")})
    dify.add("providers", tenant, provider_name=OPENAI)
    lines = here.run()
    choice = here.snapshot(workspace_of(here, "T")).choice(CATALOG.provider("openai").provider)

    assert choice.status is Status.CREDENTIAL_REMOVED
    assert said(lines)[-1] == (
        "made",
        "active",
        "openai: -",
        "none is in use: choose with modelbay credential switch",
    )


def test_hosted_credentials_are_spoken_of(here: Here, dify: Dify) -> None:
    """They belong to Dify, and so do their quotas."""
    tenant = dify.tenant("T")
    dify.add("providers", tenant, provider_name=OPENAI, provider_type="system", quota_type="trial")
    dify.add(
        "tenant_preferred_model_providers", tenant, provider_name=OPENAI, preferred_provider_type="system"
    )

    assert [(line.state, line.what) for line in here.run()[1:]] == [("note", "hosted")] * 2


def test_what_is_lent_here_is_preferred_where_hosted_ones_were(here: Here, dify: Dify) -> None:
    """Of a provider that this installation lends; somebody's choice here stays."""
    tenant = dify.tenant("T")
    for name in (OPENAI, GOOGLE, "acme/acme/acme"):
        dify.add(
            "tenant_preferred_model_providers", tenant, provider_name=name, preferred_provider_type="system"
        )
    terms = QuotaTerms(kind=Kind.TRIAL, unit=Unit.TIMES, limit=Decimal(5))
    lent = HostedProvider("openai", Credentials({"openai_api_key": "sk-lent"}), {Kind.TRIAL: terms})
    hosted = Hosted([lent])
    dry = here.run(hosted=hosted, dry_run=True)
    lines = here.run(hosted=hosted)
    workspace = workspace_of(here, "T")
    preferred = here.snapshot(workspace).terms.preferred
    again = here.run(hosted=hosted)
    prefer(here.database, hosted, workspace, "openai", "own", actor="cli")
    chosen = here.run(hosted=hosted)

    none = "prefers hosted credentials, and none are lent here (modelbay quota list): its own are used"
    notes = [("note", "hosted", name, none) for name in (GOOGLE, "acme/acme/acme")]
    assert dry == lines
    assert said(lines)[1:] == [*notes, ("made", "hosted", "openai", "what is lent is used first")]
    assert preferred == {"openai": "hosted"}
    assert said(again)[-1] == ("there", "hosted", "openai", "what is lent is used first")
    assert said(chosen)[-1] == ("there", "hosted", "openai", "what is its own is used first")
    assert here.snapshot(workspace).terms.preferred == {"openai": "own"}


def test_archived_tenants_are_left_out_unless_they_are_named(here: Here, dify: Dify) -> None:
    """Their workspaces are closed there."""
    old, new = dify.tenant("Old", status="archive"), dify.tenant("New")

    assert [line.tenant for line in here.run(dry_run=True)] == [new]
    assert [line.tenant for line in here.run(tenants=[old])] == [old]


def test_names_are_made_to_fit(here: Here, dify: Dify) -> None:
    """Dify has names of 255 characters, and nothing there keeps two from being the same."""
    tenant = dify.tenant(" \tTabs and " + "n" * 200)
    for name in ("x" * 40, "x" * 35, " spaced\n"):
        dify.credentials(tenant, OPENAI, {"openai_api_key": dify.seal(tenant, "sk-1")}, name=name)
    here.run()
    workspace = workspace_of(here, "Tabs and " + "n" * 91)

    names = [row.name for row in queries.of_workspace(here.database, workspace)]
    assert names == ["x" * 30, "x" * 26 + " (2)", "spaced"]


def test_a_name_that_is_taken_here_gets_a_number(here: Here, dify: Dify) -> None:
    """The workspace had credentials of its own before; those stay in use."""
    one, other = dify.tenant("One"), dify.tenant("Other")
    workspace = create_workspace(here.database, "Ours", actor="cli").id
    for tenant in (one, other):
        own = dify.credentials(tenant, OPENAI, {"openai_api_key": dify.seal(tenant, f"sk-{tenant}")})
        dify.add("providers", tenant, provider_name=OPENAI, credential_id=own)
    here.run(workspace=workspace, tenants=[one])
    lines = here.run(workspace=workspace, tenants=[other])

    assert said(lines)[0] == ("made", "credentials", "openai: API KEY 1 (2)", "")
    assert lines[1].state == "there"
    assert here.used(workspace, "openai") == {"openai_api_key": f"sk-{one}"}


def test_what_was_done_is_in_the_audit_log(here: Here, dify: Dify) -> None:
    """Once: a run that changes nothing is no change."""
    tenant = dify.tenant("T")
    here.run()
    here.run()
    [row] = audit.listed(here.database, workspace_of(here, "T"))

    assert (row.action, row.actor, row.detail) == (
        "vault.import",
        "cli",
        {"from": "dify", "tenant": tenant, "made": 1},
    )


def test_no_line_shows_a_secret(here: Here, dify: Dify) -> None:
    """Nor what is stored in its place, which opens with the key."""
    tenant = dify.tenant("T")
    sealed = dify.seal(tenant, "sk-secret")
    dify.credentials(tenant, OPENAI, {"openai_api_key": sealed, "strange": sealed})
    dify.credentials(tenant, OPENAI, {"openai_api_key": "sk-secret", "openai_api_base": sealed})
    shown = repr(here.run())

    assert "sk-secret" not in shown
    assert sealed not in shown


def test_two_tenants_do_not_go_into_one_workspace(here: Here, dify: Dify) -> None:
    """Nothing of either is made."""
    dify.tenant("One")
    dify.tenant("Other")
    before = here.everything()
    with pytest.raises(InvokeBadRequestError, match=r"^workspace: 2 tenants do not go into one workspace"):
        here.run(workspace="default")

    assert here.everything() == before


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"tenants": ["nobody"]}, "tenant: Dify has no tenant 'nobody'"),
        ({"workspace": "nowhere"}, "workspace: there is no workspace 'nowhere'"),
    ],
)
def test_what_is_not_there_is_said(here: Here, more: dict[str, object], said: str) -> None:
    """Before anything is made."""
    with pytest.raises(InvokeBadRequestError, match=said):
        here.run(**more)


def test_a_folder_that_is_none_is_said(here: Here, dify: Dify) -> None:
    """Else every secret would be a line."""
    dify.storage = Path("/nowhere")
    with pytest.raises(InvokeBadRequestError, match="private-keys: /nowhere is no folder"):
        here.run()


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("/nowhere/dify.db", "there is no file /nowhere/dify.db"),
        ("mysql://u:s3cret@h/d", "'mysql' is no database that can be read"),
        ("postgresql://u:s3c@ret@h/d", "the URL of Dify's database cannot be read"),
        ("postgresql://u:s3cret@127.0.0.1:port/d", "the URL of Dify's database cannot be read"),
        ("postgresql://u:s3c/ret@127.0.0.1/d", "the URL of Dify's database cannot be read"),
        ("postgresql://u:5432/s3cret@127.0.0.1/d", "the URL of Dify's database cannot be read"),
        ("postgresql://u:s3cret@127.0.0.1:1/d", "Dify's database cannot be read: connection failed"),
        (__file__, "cannot be read as an SQLite database"),
    ],
)
def test_a_database_that_cannot_be_read_is_one_line(here: Here, dify: Dify, place: str, said: str) -> None:
    """And never its password."""
    dify.place = place
    with pytest.raises(StoreError) as refused:
        here.run()

    assert said in str(refused.value)
    assert "s3c" not in str(refused.value)


def test_a_database_of_something_else_is_said(here: Here, dify: Dify) -> None:
    """A mistyped name."""
    dify.run("DROP TABLE tenants")
    with pytest.raises(StoreError, match="this is no database of Dify"):
        here.run()


def test_the_database_of_dify_is_only_read(dify: Dify) -> None:
    """Whatever we do: the server, and SQLite, are told so."""
    from modelbay.store.dify import DifyDatabase

    tenant = dify.tenant("T")
    with pytest.raises(StoreError, match=r"read-only|readonly"), DifyDatabase.open(dify.place) as database:
        database._connection.execute(f"UPDATE tenants SET name = 'x' WHERE id = '{tenant}'")  # type: ignore[attr-defined]
