"""CVE-2026-47101, 47102, 40217: more rights than the key has, by asking for them."""

from __future__ import annotations

from pathlib import Path

from tests.gateway.serving import serving

from modelbay.platform.keys import create_key
from modelbay.store import Database

FIELDS = ("models", "key_id", "workspace", "user_role", "role", "permissions", "routes")


async def test_a_key_for_some_models_opens_no_other(tmp_path: Path) -> None:
    """By no name, and with no field or header that says otherwise; nor does it see the others."""
    async with serving(tmp_path, "openai", routes={"fast": ["openai/gpt-4o"]}) as served:
        with Database.open(tmp_path / "data") as database:
            key = create_key(database, name="some", models=["openai/gpt-4o-mini"]).secret
        asked = [{"role": "user", "content": "Hi"}]
        more = dict.fromkeys(FIELDS, "*")
        headers = {"authorization": f"Bearer {key}", **{f"x-{name}": "*" for name in FIELDS}}
        for model in ("openai/gpt-4o", "gpt-4o", "fast", "OPENAI/gpt-4o", "openai/gpt-4o-mini/../gpt-4o"):
            for extra in ({}, more):
                body = {"model": model, "messages": asked, **extra}
                answer = await served.call("POST", "/v1/chat/completions", body, headers, key=None)
                assert answer.status == 404, model
        allowed = {"model": "openai/gpt-4o-mini", "messages": asked}
        assert (await served.call("POST", "/v1/chat/completions", allowed, headers, key=None)).status == 200
        listed = (await served.call("GET", "/v1/models", headers=headers, key=None)).json["data"]
        assert {each["id"] for each in listed} == {"openai/gpt-4o-mini"}
        assert len(served.upstreams["openai"].requests) == 1


async def test_no_route_makes_or_changes_a_key(tmp_path: Path) -> None:
    """Keys are made by who can write the data directory, by a command."""
    async with serving(tmp_path, "openai") as served:
        for path in ("/key/generate", "/v1/keys", "/keys", "/user/new", "/api/keys", "/config/update"):
            for method in ("POST", "PUT", "PATCH", "DELETE"):
                assert (await served.call(method, path, {"models": ["*"]})).status == 404
        with Database.open(tmp_path / "data") as database:
            assert database.rows("SELECT count(*) FROM keys") == [(1,)]
