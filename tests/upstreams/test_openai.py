"""The fake of OpenAI takes what the sheet shows and refuses the rest by name."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.upstreams.client import ask, form
from tests.upstreams.openai import OpenAIUpstream
from tests.upstreams.openai_requests import BAD, BY_DESCRIPTION, GOOD, chat


@pytest.fixture
async def upstream() -> AsyncIterator[OpenAIUpstream]:
    """Run a fake of OpenAI itself."""
    async with OpenAIUpstream() as running:
        yield running


@pytest.mark.parametrize("name", GOOD)
async def test_requests_of_the_sheet_are_taken(upstream: OpenAIUpstream, name: str) -> None:
    """A fake that refused good requests would teach providers a wrong dialect."""
    path, body = GOOD[name]

    got = await ask(upstream, path, body)

    assert got.status == 200, got.body
    assert upstream.refused == []


@pytest.mark.parametrize("name", BAD)
async def test_bad_requests_are_refused_by_name(upstream: OpenAIUpstream, name: str) -> None:
    """The refusal says which field, so that a failing test points at the mistake."""
    if name in BY_DESCRIPTION and not upstream.described:
        pytest.skip("the published descriptions are not there")
    (path, body), param = BAD[name]

    got = await ask(upstream, path, body)

    assert got.status == 400, got.body
    assert got.json["error"]["param"] == param, got.json
    assert [refusal.complaint.param for refusal in upstream.refused] == [param]


async def test_models_of_another_endpoint_are_unknown(upstream: OpenAIUpstream) -> None:
    """Some models answer on one endpoint only, and say so with a 404."""
    got = await ask(upstream, *chat("gpt-5.5-pro"))

    assert (got.status, got.json["error"]["code"]) == (404, "model_not_found")


@pytest.mark.parametrize("headers", [{"authorization": "Bearer wrong"}, {"authorization": ""}])
async def test_wrong_key_is_401_and_no_refusal(upstream: OpenAIUpstream, headers: dict[str, str]) -> None:
    """A wrong key says nothing about the request."""
    got = await ask(upstream, *chat(), headers=headers)

    assert (got.status, got.json["error"]["code"], upstream.refused) == (401, "invalid_api_key", [])


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/chat"])
async def test_unknown_paths_are_404(upstream: OpenAIUpstream, path: str) -> None:
    """A provider that joins its base badly must see it."""
    assert (await ask(upstream, path)).status == 404


@pytest.mark.parametrize(
    ("fields", "name", "param"),
    [
        ({"model": "whisper-1"}, "noending", "file"),
        ({"model": "gpt-4o-transcribe", "response_format": "srt"}, "a.wav", "response_format"),
        ({"model": "whisper-1", "languege": "en"}, "a.wav", "languege"),
        ({"model": "whisper-1", "temperature": "hot"}, "a.wav", "temperature"),
    ],
)
async def test_bad_forms_are_refused_by_name(
    upstream: OpenAIUpstream, fields: dict[str, str], name: str, param: str
) -> None:
    """Forms are checked field by field, as JSON is."""
    if param in {"languege", "temperature"} and not upstream.described:
        pytest.skip("the published descriptions are not there")
    body, headers = form(fields, (name, b"RIFF"))

    got = await ask(upstream, "/v1/audio/transcriptions", body, headers=headers)

    assert (got.status, got.json["error"]["param"]) == (400, param)


async def test_checks_the_sheet_without_descriptions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the folder of descriptions is absent the fake says so, and the sheet still holds."""
    monkeypatch.setattr("tests.upstreams.described.specification", lambda file, free: None)
    async with OpenAIUpstream() as upstream:
        got = await ask(upstream, *chat("gpt-5.4", max_tokens=5))

    assert (upstream.described, got.status, got.json["error"]["param"]) == (False, 400, "max_tokens")


async def test_a_sound_over_the_limit_is_refused(upstream: OpenAIUpstream) -> None:
    """25 MB is the most; providers split longer recordings."""
    body, headers = form({"model": "whisper-1"}, ("a.wav", bytes(25 * 1024 * 1024)))

    got = await ask(upstream, "/v1/audio/transcriptions", body, headers=headers)

    assert (got.status, got.json["error"]["param"]) == (413, "file")
