"""The fake of Replicate: predictions as published, inputs checked by the model's own schema."""

from __future__ import annotations

from typing import Any

import pytest
from tests.upstreams.client import ask
from tests.upstreams.published import as_published
from tests.upstreams.replicate import ReplicateUpstream, version_of

fits = as_published("replicate.schemas.json")
CHATTY, OFFICIAL = "acme/chatty", "/v1/models/meta/llama-3-8b-instruct/predictions"


def creation(**given: Any) -> dict[str, Any]:
    """Make the body that creates a prediction."""
    return {"version": version_of(CHATTY), "input": {"prompt": "Hello there"} | given}


async def test_what_it_tells_is_as_published() -> None:
    """The fake is the judge of the wire, so that it must not drift."""
    async with ReplicateUpstream() as upstream:
        fits((await ask(upstream, "/v1/account")).json, "AccountGetResponse")
        fits((await ask(upstream, f"/v1/models/{CHATTY}")).json, "ModelGetResponse")
        version = await ask(upstream, f"/v1/models/{CHATTY}/versions/{version_of(CHATTY)}")
        fits(version.json, "VersionGetResponse")
        created = await ask(upstream, "/v1/predictions", creation() | {"stream": True})
        fits(created.json, "Prediction")
        fits((await ask(upstream, f"/v1/predictions/{created.json['id']}")).json, "Prediction")

        assert (created.status, created.json["status"]) == (201, "starting")


async def test_a_prediction_that_is_asked_for_grows_until_it_has_ended() -> None:
    """It shows one piece more each time."""
    async with ReplicateUpstream(streams=False) as upstream:
        upstream.will_stream("one ", "two")
        created = (await ask(upstream, "/v1/predictions", creation())).json
        seen = [(await ask(upstream, f"/v1/predictions/{created['id']}")).json for _ in range(3)]

        assert "stream" not in created["urls"]
        assert [told["status"] for told in seen] == ["processing", "processing", "succeeded"]
        assert [told["output"] for told in seen] == [["one "], ["one ", "two"], ["one ", "two"]]


async def test_a_cancelled_prediction_stays_cancelled() -> None:
    """Whoever asks afterwards is told so."""
    async with ReplicateUpstream() as upstream:
        created = (await ask(upstream, "/v1/predictions", creation())).json
        await ask(upstream, f"/v1/predictions/{created['id']}/cancel", method="POST")
        told = (await ask(upstream, f"/v1/predictions/{created['id']}")).json

        assert (told["status"], upstream.cancelled) == ("canceled", [created["id"]])


@pytest.mark.parametrize(
    ("path", "body", "status", "named"),
    [
        ("/v1/predictions", creation(typo=1), 422, "typo"),
        ("/v1/predictions", creation(temperature="hot"), 422, "input.temperature"),
        ("/v1/predictions", creation() | {"version": "0" * 64}, 422, "version"),
        ("/v1/predictions", {"version": version_of(CHATTY)}, 422, "input"),
        ("/v1/models/acme/chatty/predictions", {"input": {"prompt": "Hi"}}, 404, "found"),
        (OFFICIAL, {"input": {"prompt": "Hi", "max_new_tokens": 3}}, 422, "max_new_tokens"),
    ],
)
async def test_bad_requests_are_refused_as_problems(
    path: str, body: dict[str, Any], status: int, named: str
) -> None:
    """As `application/problem+json` has it."""
    async with ReplicateUpstream() as upstream:
        got = await ask(upstream, path, body)

        assert (got.status, got.json["status"]) == (status, status)
        assert named in got.json["detail"]
        assert got.headers["content-type"] == "application/problem+json"


async def test_a_misspelt_field_beside_the_input_is_refused() -> None:
    """By the published types, where they are there."""
    async with ReplicateUpstream() as upstream:
        if not upstream.described:
            pytest.skip("the published descriptions are not there")
        got = await ask(upstream, "/v1/predictions", creation() | {"streem": True})

        assert "streem" in got.json["detail"]
