"""A workspace as a file over the API: out under a passphrase, in with a line for each thing."""

from __future__ import annotations

from typing import Any

import pytest
from tests.gateway.api.site import Person, Site
from tests.platform.databases import stored_bytes
from tests.platform.moving.full import PASSPHRASE, SECRETS, everything, fill, keep

from modelbay.platform.people.permissions import Role
from modelbay.platform.vault import MasterKeys, Vault

HOME = "/api/workspaces/default/vault"
ORDER = {"passphrase": PASSPHRASE}


def vault_of(site: Site) -> Vault:
    """Return the vault of the installation, as another process has it."""
    return Vault(MasterKeys(site.data_dir))


async def exported(owner: Person) -> str:
    """Return the first workspace as a file."""
    return (await owner.post(f"{HOME}/export", ORDER)).body.decode()


async def taken(owner: Person, workspace: str, file: str, **more: Any) -> Any:
    """Import a file; return the answer."""
    path, headers = f"/api/workspaces/{workspace}/vault/import", more.pop("headers", {})
    return await owner.post(path, {"file": file, **ORDER, **more}, **headers)


async def test_a_workspace_goes_out_as_a_file_and_comes_in_elsewhere(site: Site) -> None:
    """Nothing on the way may keep the file, and no browser may show it."""
    fill(site.now, vault_of(site), "default")
    owner, there = site.person(Role.OWNER), site.workspace()
    site_owner = site.person(Role.OWNER, there)
    out = await owner.post(f"{HOME}/export", ORDER)
    dry = await taken(site_owner, there, out.body.decode(), dry_run=True)
    done = await taken(site_owner, there, out.body.decode())
    again = await taken(site_owner, there, out.body.decode())

    assert (out.status, out.headers["content-type"]) == (200, "application/octet-stream")
    assert out.headers["content-disposition"] == 'attachment; filename="default.modelbay"'
    assert out.headers["cache-control"] == "no-store"
    assert all(secret.encode() not in out.body for secret in SECRETS)
    assert (done.status, done.json["exported_from"], done.json["cannot"]) == (200, "default", 0)
    assert (done.json["made"], done.json["there"]) == (len(done.json["things"]), 0)
    assert dry.json == done.json
    assert (again.json["made"], again.json["there"]) == (0, done.json["made"])
    vault = vault_of(site)
    assert everything(site.now, vault, there) == everything(site.now, vault, "default")
    assert [(row.actor, row.action) for row in site.audited(there)][-2:] == [
        (site_owner.id, "vault.import"),
        (site_owner.id, "vault.import"),
    ]


@pytest.mark.one_process("the other server sees it within a second")
async def test_what_is_imported_holds_for_the_next_request(site: Site) -> None:
    """The gateway that has imported need not look a second later."""
    fill(site.now, vault_of(site), "default")
    owner, there = site.person(Role.OWNER), site.workspace()
    other = site.person(Role.OWNER, there)
    before = await other.get(f"/api/workspaces/{there}/defaults")
    await taken(other, there, await exported(owner))
    after = await other.get(f"/api/workspaces/{there}/defaults")

    assert "gpt-4.1-mini" not in before.body.decode()
    assert "gpt-4.1-mini" in after.body.decode()


async def test_an_export_that_is_sent_again_is_made_again(site: Site, request: pytest.FixtureRequest) -> None:
    """It changes nothing; kept for a day, the file would be one more copy of all secrets."""
    fill(site.now, vault_of(site), "default")
    owner = site.person(Role.OWNER)
    first = await owner.post(f"{HOME}/export", ORDER, idempotency_key="one")
    second = await owner.post(f"{HOME}/export", ORDER, idempotency_key="one")

    assert (first.status, second.status) == (200, 200)
    assert first.body != second.body
    assert site.now.rows("SELECT 1 FROM repeats") == []
    stored = stored_bytes(site.data_dir, request)
    assert first.body.splitlines()[1] not in stored
    assert PASSPHRASE.encode() not in stored


async def test_an_import_that_is_sent_again_is_answered_as_before(
    site: Site, request: pytest.FixtureRequest
) -> None:
    """A client that did not get the answer learns what was made; passphrase and file are not kept."""
    fill(site.now, vault_of(site), "default")
    owner, there = site.person(Role.OWNER), site.workspace()
    other, file = site.person(Role.OWNER, there), await exported(owner)
    first = await taken(other, there, file, headers={"idempotency_key": "one"})
    second = await taken(other, there, file, headers={"idempotency_key": "one"})

    assert first.json["made"] == second.json["made"] > 0
    assert second.headers["idempotency-replayed"] == "true"
    stored = stored_bytes(site.data_dir, request)
    assert file.splitlines()[1].encode() not in stored
    assert PASSPHRASE.encode() not in stored


@pytest.mark.parametrize(
    ("change", "status", "field", "said"),
    [
        ({"passphrase": "another one entirely"}, 422, "file", "the passphrase is another"),
        ({"file": "{}"}, 422, "file", "is not an export"),
        ({"file": "ä\n"}, 422, "file", "is not an export"),
        ({"file": ""}, 422, "file", "at least 1 character"),
        ({"file": "x" * 8 * 1024**2}, 413, "", "8388608 bytes"),
    ],
)
async def test_what_cannot_be_opened_is_said_and_changes_nothing(
    site: Site, change: dict[str, str], status: int, field: str, said: str
) -> None:
    """In the words of the command line, with the field; no value is quoted."""
    keep(site.now, vault_of(site), "default", "first", SECRETS[0])
    owner, there = site.person(Role.OWNER), site.workspace()
    other, file = site.person(Role.OWNER, there), await exported(owner)
    path = f"/api/workspaces/{there}/vault/import"
    told = await other.post(path, {"file": file, **ORDER, **change})

    assert told.status == status
    assert said in told.json["detail"]
    assert [each["field"] for each in told.json["errors"]] == ([field] if field else [])
    assert everything(site.now, vault_of(site), there)["credentials"] == []


async def test_a_short_passphrase_is_refused(site: Site) -> None:
    """Whoever finds the file can try as often as they like."""
    told = await site.person(Role.OWNER).post(f"{HOME}/export", {"passphrase": "short"})

    assert (told.status, told.json["errors"][0]["field"]) == (422, "passphrase")


async def test_a_file_without_all_secrets_is_made_only_if_that_is_said(site: Site) -> None:
    """A backup that is not whole must not look like one that is."""
    keep(site.now, vault_of(site), "default", "first", SECRETS[0])
    site.now.change("UPDATE credential_secrets SET sealed = 'mbv1.1.AAAA.AAAA'")
    owner = site.person(Role.OWNER)
    refused = await owner.post(f"{HOME}/export", ORDER)
    done = await owner.post(f"{HOME}/export", ORDER | {"incomplete": True})

    assert (refused.status, refused.json["errors"][0]["field"]) == (409, "incomplete")
    assert "1 secrets cannot be opened" in refused.json["detail"]
    assert (done.status, done.headers["content-disposition"][:10]) == (200, "attachment")
    assert [row.action for row in site.audited()].count("vault.export") == 1
