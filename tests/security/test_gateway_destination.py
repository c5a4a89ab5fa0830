"""CVE-2024-6587, GHSA-9f46 (new-api), one-api #2388: a client chooses a model, never an address.

Nor does what belongs to the gateway go along: its client's key and headers stay here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.gateway.serving import serving
from tests.gateway.ways import WAYS, Way
from tests.upstreams.openai import OpenAIUpstream

every_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
NAMES = (
    "api_base",
    "base_url",
    "api_key",
    "openai_api_base",
    "endpoint_url",
    "organization",
    "extra_headers",
)


@every_way
async def test_no_field_or_header_of_a_client_changes_where_a_call_goes(
    way: Way, thief: OpenAIUpstream, tmp_path: Path
) -> None:
    """The credentials and their address are one thing, and it is the installation's."""
    fields: dict[str, Any] = dict.fromkeys(NAMES, thief.url)
    headers = {name.replace("_", "-"): thief.url for name in NAMES}
    headers |= {
        "x-forwarded-host": thief.url,
        "host": thief.url.removeprefix("http://"),
        "x-upstream": thief.url,
    }
    async with way.serving(tmp_path) as served:
        upstream = way.upstream(served)
        for drop in ({}, {"modelbay-drop": "params"}):
            for stream in (True, False):
                body = way.body(stream=stream, **fields)
                answer = await served.call("POST", way.path, body, {**headers, **drop})
                assert answer.status in {200, 400}
        assert (await served.call("POST", way.path, way.body(), headers)).status == 200
        for request in upstream.requests:
            assert thief.url not in repr(request.headers)


@every_way
async def test_a_clients_key_and_headers_go_no_further(way: Way, tmp_path: Path) -> None:
    """The upstream is somebody else: it learns the credentials that are for it, and no others."""
    secret = {"cookie": "session=1", "x-internal": "1", "openai-organization": "org", "forwarded": "for=1"}
    async with way.serving(tmp_path) as served:
        for stream in (True, False):
            assert (await served.call("POST", way.path, way.body(stream=stream), secret)).status == 200
        for request in way.upstream(served).requests:
            assert served.key not in repr(request.headers)
            assert served.key.encode() not in request.raw
            assert not secret.keys() & request.headers.keys()


async def test_an_address_in_a_message_is_passed_on_and_never_fetched(
    thief: OpenAIUpstream, tmp_path: Path
) -> None:
    """A gateway that fetches images is a way into the network it stands in."""
    image = {"type": "image_url", "image_url": {"url": f"{thief.url}/image.png"}}
    for way in WAYS[:3]:
        asked = [{"role": "user", "content": [{"type": "text", "text": "What is it?"}, image]}]
        folder = tmp_path / way.name
        folder.mkdir()
        async with serving(folder, way.family, lanes=way.lanes) as served:
            answer = await served.post(way.path, way.body() | {"messages": asked})
            assert answer.status in {200, 400}
