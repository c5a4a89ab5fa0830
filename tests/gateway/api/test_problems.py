"""What is wrong is told as RFC 9457 has it, names the field, and says nothing that is secret."""

from __future__ import annotations

from typing import Any

import pytest
from tests.gateway.api.site import Site

from modelbay.gateway.api.operation import BODY_LIMIT
from modelbay.platform.people.permissions import Role

SECRET = "sk-very-secret-indeed"
CREDENTIALS = "/api/workspaces/default/credentials"


async def test_an_error_is_a_problem_with_fields(site: Site) -> None:
    """A form shows each message beside its field."""
    owner = site.person(Role.OWNER)

    answer = await owner.post("/api/workspaces/default/keys", {"nam": "x", "expires_in": -1, "models": [""]})

    assert answer.status == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert {each["field"] for each in answer.json["errors"]} == {"nam", "expires_in", "models.0"}
    assert answer.json["type"] == "urn:modelbay:problem:invalid"
    assert answer.json["status"] == 422
    assert answer.json["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        (b"{}", "text/plain", 415),
        (b"a=1", "application/x-www-form-urlencoded", 415),
        (b"{}", "application/json; charset=latin-1", 415),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 422),
        (b'{"name": "\\ud800"}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"name": "' + b"x" * BODY_LIMIT + b'"}', "application/json", 413),
    ],
)
async def test_what_is_no_json_is_refused(site: Site, body: bytes, media: str, status: int) -> None:
    """A form of another site cannot send JSON, and nothing too large or too deep is built."""
    owner = site.person(Role.OWNER)

    answer = await owner.post("/api/workspaces", body, content_type=media)

    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("cursor=e30", "cursor"),
        ("a=1", "a"),
        ("limit=1&limit=2", "limit"),
    ],
)
async def test_a_query_is_checked_as_a_body_is(site: Site, query: str, field: str) -> None:
    """A mistyped parameter must not be taken for none."""
    answer = await site.person(Role.OWNER).get(f"/api/workspaces?{query}")

    assert (answer.status, [each["field"] for each in answer.json["errors"]]) == (422, [field])


@pytest.mark.parametrize(
    "body",
    [
        {"provider": "openai", "values": {"openai_api_key": SECRET, "wrong": 1}},
        {"provider": "openai", "values": {"openai_api_key": [SECRET]}},
        {"provider": SECRET, "type": SECRET, "values": {}},
        {"provider": "openai", "values": SECRET},
    ],
)
async def test_no_value_is_quoted_in_an_error(site: Site, body: Any) -> None:
    """It may be the secret, in a wrong field."""
    answer = await site.person(Role.OWNER).post(CREDENTIALS, body)

    assert answer.status == 422
    assert SECRET not in answer.body.decode() or body["provider"] == SECRET
    assert SECRET not in str(site.audited())


async def test_every_answer_keeps_to_itself(site: Site) -> None:
    """No cache keeps it, no other site reads it, no browser takes it for a page."""
    owner = site.person(Role.OWNER)
    answers = [
        await owner.get("/api/workspaces"),
        await owner.get("/api/no-such"),
        await site.call("GET", "/api/session", headers={"origin": "https://evil.example"}),
        await site.call("GET", "/api/openapi.json"),
    ]

    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert not any(name.startswith("access-control") for name in answer.headers)


async def test_a_question_before_a_foreign_request_is_not_answered_with_leave(site: Site) -> None:
    """Browsers ask before they send JSON elsewhere; there is no CORS."""
    headers = {"origin": "https://evil.example", "access-control-request-method": "POST"}

    answer = await site.call("OPTIONS", "/api/session", headers=headers)

    assert answer.status == 405
    assert not any(name.startswith("access-control") for name in answer.headers)


async def test_reading_the_head_alone_costs_no_body(site: Site) -> None:
    """HTTP wants HEAD wherever there is GET."""
    answer = await site.person(Role.OWNER).call("HEAD", "/api/workspaces/default")

    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["etag"] == '"v1"'


async def test_a_fault_of_ours_is_told_without_its_words(site: Site) -> None:
    """They are for the log: they name tables, files and lines."""
    owner = site.person(Role.OWNER)
    site.now.change("DROP TABLE sessions")

    answer = await owner.get("/api/session")

    assert answer.status == 500
    assert "sessions" not in answer.body.decode()
    assert answer.json["detail"] == "the gateway failed; its log says why"
