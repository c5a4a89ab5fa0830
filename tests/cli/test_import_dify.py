"""`modelbay vault import-dify`: Dify's workspaces, made here from its database and its private keys."""

from __future__ import annotations

import json
import shlex
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from tests.cli.commands import Here
from tests.gateway.serving import serving
from tests.platform.from_dify.dify import OPENAI, Dify
from tests.upstreams.openai import OpenAIUpstream


@pytest.fixture
def dify(tmp_path: Path) -> Dify:
    """A small installation: one tenant with credentials for a provider that there is here, and one not."""
    (tmp_path / "storage").mkdir()
    dify = Dify(str(tmp_path / "dify.db"), tmp_path / "storage")
    tenant = dify.tenant("Search")
    dify.credentials(
        tenant, OPENAI, {"openai_api_key": dify.seal(tenant, "sk-1234567890123456")}, name="main"
    )
    return dify


def arguments(dify: Dify, *more: str | Path) -> tuple[str | Path, ...]:
    """Return the command line."""
    return ("vault", "import-dify", "--database", dify.place, "--private-keys", dify.storage, *more)


def test_a_dry_run_then_the_import(here: Here, dify: Dify, tmp_path: Path) -> None:
    """Lines for awk, in both the same; then there are a workspace and its credentials."""
    data = ("--data-dir", tmp_path / "data")
    dry = here(*arguments(dify, "--dry-run", *data))
    empty = here("workspace", "list", *data)
    done = here(*arguments(dify, *data))
    workspace = done.out.split("\t")[4]
    listed = here("credential", "list", "--workspace", workspace, *data)

    assert (dry.code, done.code, done.err) == (0, 0, "")
    assert dry.out == done.out
    assert [line.split("\t")[:3] for line in done.out.splitlines()] == [
        ["made", "workspace", "Search"],
        ["made", "credentials", "openai: main"],
    ]
    assert "Search" not in empty.out
    assert "\tmain\topenai\t" in listed.out


def test_what_cannot_be_made_is_in_the_exit_code(here: Here, dify: Dify, tmp_path: Path) -> None:
    """And every reason in the lines, as JSON for programs."""
    [tenant] = dify.keys
    dify.credentials(tenant, "acme/acme/acme", {}, name="x")
    done = here(*arguments(dify, "--json", "--data-dir", tmp_path / "data"))
    said = json.loads(done.out)
    [line] = [line for line in said["lines"] if line["state"] == "cannot"]

    assert (done.code, said["dry_run"]) == (1, False)
    assert (line["what"], line["name"], line["tenant"]) == ("credentials", "acme/acme/acme: x", tenant)
    assert line["why"].startswith("there is no such provider here; --provider THEIRS=OURS")


def test_the_database_may_be_named_by_the_environment(here: Here, dify: Dify, tmp_path: Path) -> None:
    """A URL with a password has no place among arguments, which everybody on the machine can see."""
    data = ("--private-keys", dify.storage, "--data-dir", tmp_path / "data")

    assert here("vault", "import-dify", *data, MODELBAY_DIFY_DATABASE_URL=dify.place).code == 0


async def test_calls_take_turns_between_the_imported_keys(here: Here, dify: Dify, tmp_path: Path) -> None:
    """Each reaches the provider as it was stored in Dify: named, and of a row of old releases."""
    [tenant] = dify.keys
    of = {"provider_name": OPENAI, "model_name": "gpt-4.1-mini", "model_type": "llm"}
    async with AsyncExitStack() as stack:
        keys = [f"sk-key-{number}" for number in range(3)]
        fakes = [await stack.enter_async_context(OpenAIUpstream(key=key)) for key in keys]
        active, named, own = (
            {
                "openai_api_key": dify.seal(tenant, key),
                "openai_api_base": fake.base_url,
                "api_protocol": "chat",
            }
            for key, fake in zip(keys, fakes, strict=True)
        )
        pointers = [
            dify.credentials(tenant, OPENAI, each, name=str(n)) for n, each in enumerate([active, named])
        ]
        dify.add("providers", tenant, provider_name=OPENAI, credential_id=pointers[0])
        dify.add("provider_model_settings", tenant, **of, load_balancing_enabled=True)
        for more in ({"name": "__inherit__"}, {"name": "1", "credential_id": pointers[1]}):
            dify.add("load_balancing_model_configs", tenant, **of, **more)
        dify.add("load_balancing_model_configs", tenant, **of, name="2", encrypted_config=json.dumps(own))
        done = here(*arguments(dify, "--workspace", "default", "--data-dir", tmp_path / "data"))
        served = await stack.enter_async_context(serving(tmp_path))
        asked = {"messages": [{"role": "user", "content": "Hi"}]}
        for model in ["openai/gpt-4.1-mini"] * 6 + ["openai/gpt-4o"]:
            assert (await served.post("/v1/chat/completions", {"model": model, **asked})).status == 200

        assert "made\tbalancing\topenai/gpt-4.1-mini (llm): active; 1; 2" in done.out
        assert [len(fake.requests) for fake in fakes] == [3, 2, 2]
        used = [row["credential_name"] for row in await served.records()]
        assert used == ["0", "1", "2"] * 2 + ["0"]


def test_what_the_installation_lends_is_looked_up(here: Here, dify: Dify, tmp_path: Path) -> None:
    """As modelbay quota does; a file of it that cannot be used is no reason to import nothing."""
    [tenant] = dify.keys
    dify.add(
        "tenant_preferred_model_providers", tenant, provider_name=OPENAI, preferred_provider_type="system"
    )
    data = ("--data-dir", tmp_path / "data")
    lent = here(*arguments(dify, "--dry-run", *data), MODELBAY_HOSTED_OPENAI_API_KEY="sk-lent")
    (tmp_path / "data" / "hosted.yaml").write_text("openai: [")
    spoilt = here(*arguments(dify, *data))

    assert (lent.code, spoilt.code) == (0, 0)
    assert "made\thosted\topenai\twhat is lent is used first" in lent.out
    assert f"note\thosted\t{OPENAI}\tprefers hosted credentials, and none are lent here" in spoilt.out


def test_a_list_that_is_off_comes_with_the_command_that_makes_it(
    here: Here, dify: Dify, tmp_path: Path
) -> None:
    """As it can be pasted into a shell."""
    [tenant] = dify.keys
    of = {"provider_name": OPENAI, "model_name": "gpt-4.1-mini", "model_type": "llm"}
    config = {"openai_api_key": dify.seal(tenant, "sk-1234567890123457")}
    dify.add("load_balancing_model_configs", tenant, **of, name="__inherit__")
    dify.add("load_balancing_model_configs", tenant, **of, name="own", encrypted_config=json.dumps(config))
    data = ("--data-dir", tmp_path / "data")
    done = here(*arguments(dify, *data))
    [why] = [line.split("\t")[3] for line in done.out.splitlines() if "\tbalancing\t" in line]
    program, *command = shlex.split(why.partition("here: ")[2])
    ran = here(*command, *data)

    assert (program, done.code, ran.code) == ("modelbay", 0, 0)
    assert ran.out.startswith("the calls of openai/gpt-4.1-mini are shared by 2 credentials")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            ("--provider", "openai"),
            "--provider: write THEIRS=OURS, such as acme/acme/acme=openai, not 'openai'",
        ),
        (("--provider", "a=nope"), "nope"),
        (("--workspace", "nowhere"), "workspace: there is no workspace 'nowhere'"),
        (("--tenant", "nobody"), "tenant: Dify has no tenant 'nobody'"),
    ],
)
def test_a_mistake_is_one_line(
    here: Here, dify: Dify, tmp_path: Path, more: tuple[str, ...], said: str
) -> None:
    """It names the argument and makes nothing."""
    done = here(*arguments(dify, *more, "--data-dir", tmp_path / "data"))

    assert (done.code, done.out) == (2, "")
    assert said in done.error
