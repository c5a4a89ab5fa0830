"""Changes: two who edit do not undo each other, every change is in the audit log, roles hold."""

from __future__ import annotations

from typing import Any

from tests.gateway.api.site import Site

from modelbay.platform.people.permissions import Role


async def test_who_has_not_seen_the_last_change_does_not_undo_it(site: Site) -> None:
    """By `If-Match`, or by the version in the body; without either the last one wins."""
    workspace = site.workspace()
    owner = site.person(Role.OWNER, workspace)
    path = f"/api/workspaces/{workspace}"
    seen = (await owner.get(path)).headers["etag"]

    first = await owner.call("PATCH", path, {"name": "First"}, if_match=seen)
    second = await owner.call("PATCH", path, {"name": "Second"}, if_match=seen)
    third = await owner.call("PATCH", path, {"name": "Third", "version": 1})
    foreign = await owner.call("PATCH", path, {"name": "Fourth"}, if_match='"other"')
    deleted = await owner.call("DELETE", path, if_match=seen)
    weak = await owner.call("PATCH", path, {"name": "Fifth"}, if_match=f"W/{first.headers['etag']}")
    any_version = await owner.call("PATCH", path, {"name": "Sixth"}, if_match="*")

    assert (seen, first.headers["etag"]) == ('"v1"', '"v2"')
    assert (second.status, second.json["code"]) == (412, "changed_since")
    assert (third.status, third.json["errors"][0]["field"]) == (409, "version")
    assert (foreign.status, deleted.status) == (412, 412)
    assert (weak.status, any_version.json["version"]) == (200, 4)


async def test_every_change_is_in_the_audit_log_with_who_made_it(site: Site) -> None:
    """When a key has leaked the first question is who made it."""
    owner = site.person(Role.OWNER)
    workspace = (await owner.post("/api/workspaces", {"name": "Team"})).json["id"]
    path = f"/api/workspaces/{workspace}"
    member = site.person(Role.MEMBER, workspace)
    key = (await owner.post(f"{path}/keys", {"name": "bot"})).json
    made = await owner.post(f"{path}/invitations", {"email": "bo@example.com", "role": "admin"})
    steps: list[tuple[str, str, Any]] = [
        ("PATCH", path, {"name": "Crew"}),
        ("DELETE", f"{path}/keys/{key['id']}", None),
        ("DELETE", f"{path}/invitations/{made.json['id']}", None),
        ("PATCH", f"{path}/members/{member.id}", {"role": "admin"}),
        ("DELETE", f"{path}/members/{member.id}", None),
        ("POST", f"{path}/models/disable", {"provider": "openai", "model": "gpt-4.1-mini", "type": "llm"}),
        ("POST", f"{path}/models/enable", {"provider": "openai", "model": "gpt-4.1-mini", "type": "llm"}),
        ("PUT", f"{path}/defaults", {"models": {"llm": "sandbox/sandbox-chat"}}),
        ("POST", f"{path}/vault/rotate", {}),
    ]
    for method, place, body in steps:
        answer = await owner.call(method, place, body)
        assert answer.status < 300, (place, answer.body)

    log = (await owner.get(f"{path}/audit?limit=100")).json["items"]

    assert {each["actor"] for each in log} == {owner.id}
    assert [each["action"] for each in reversed(log)] == [
        *("workspace.create", "key.create", "invitation.create", "workspace.rename", "key.revoke"),
        *("invitation.revoke", "member.role", "member.remove", "model.disable", "model.enable"),
        *("default.set", "vault.rotate"),
    ]
    assert key["key"] not in str(log)
    assert made.json["token"] not in str(log)


async def test_nobody_gives_what_is_above_their_own(site: Site) -> None:
    """Else an admin would be an owner one request later."""
    workspace = site.workspace()
    admin, owner = site.person(Role.ADMIN, workspace), site.person(Role.OWNER, workspace)
    path = f"/api/workspaces/{workspace}"
    tries: list[tuple[str, str, Any]] = [
        ("PATCH", f"{path}/members/{admin.id}", {"role": "owner"}),
        ("PATCH", f"{path}/members/{owner.id}", {"role": "member"}),
        ("DELETE", f"{path}/members/{owner.id}", None),
        ("POST", f"{path}/invitations", {"email": "bo@example.com", "role": "owner"}),
    ]

    for method, place, body in tries:
        answer = await admin.call(method, place, body)
        assert (answer.status, answer.json["code"]) == (403, "forbidden"), place


async def test_the_last_owner_stays(site: Site) -> None:
    """A workspace that nobody owns is nobody's to repair."""
    workspace = site.workspace()
    owner, member = site.person(Role.OWNER, workspace), site.person(Role.MEMBER, workspace)
    path = f"/api/workspaces/{workspace}"

    refused = await owner.post(f"{path}/leave")
    left = await member.post(f"{path}/leave")

    assert (refused.status, left.status) == (409, 204)
    assert (await owner.get(path)).status == 200


async def test_a_workspace_with_something_in_it_is_deleted_on_purpose_only(site: Site) -> None:
    """Its keys open nothing any more, and its members find nothing there."""
    owner = site.person(Role.OWNER)
    workspace = (await owner.post("/api/workspaces", {"name": "Team"})).json["id"]
    path = f"/api/workspaces/{workspace}"
    await owner.post(f"{path}/keys", {})

    refused = await owner.call("DELETE", path)
    done = await owner.call("DELETE", f"{path}?force=true")
    first = await owner.call("DELETE", "/api/workspaces/default")

    assert (refused.status, done.status, first.status) == (409, 204, 409)
    assert (await owner.get(path)).status == 404
    assert [each.action for each in site.audited(workspace)][-1] == "workspace.delete"


async def test_ids_of_another_workspace_are_unknown_here(site: Site) -> None:
    """A path names the workspace, and what it names in it has to be there."""
    own, other = site.workspace(), site.workspace("Other")
    owner, stranger = site.person(Role.OWNER, own), site.person(Role.OWNER, other)
    key, path = site.key(other), f"/api/workspaces/{own}"
    theirs = f"/api/workspaces/{other}/invitations"
    invitation = (await stranger.post(theirs, {"email": "bo@example.com", "role": "member"})).json["id"]

    for place in (f"keys/{key.id}", f"invitations/{invitation}", f"members/{stranger.id}"):
        assert (await owner.call("DELETE", f"{path}/{place}")).status == 404

    assert (await stranger.get(f"/api/workspaces/{other}/keys/{key.id}")).json["state"] == "active"
    assert len((await stranger.get(theirs)).json["items"]) == 1


async def test_a_key_opens_the_gateway_until_it_is_revoked(site: Site) -> None:
    """Made and closed here, for calls that go on beside it."""
    owner = site.person(Role.OWNER)
    made = (await owner.post("/api/workspaces/default/keys", {"name": "bot", "expires_in": 3600})).json

    async def calls() -> int:
        return (await site.served.call("GET", "/v1/models", key=made["key"])).status

    before = await calls()
    listed = (await owner.get("/api/workspaces/default/keys")).json["items"]
    revoked = await owner.call("DELETE", f"/api/workspaces/default/keys/{made['id']}")
    again = await owner.call("DELETE", f"/api/workspaces/default/keys/{made['id']}")
    await site.served.look()

    assert (before, revoked.status, again.status) == (200, 204, 404)
    assert made["key"] not in str(listed)
    assert await calls() == 401
