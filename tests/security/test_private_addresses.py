"""A workspace that is not the installation's own reaches the internet, not the installation's neighbours.

The base URL of credentials is the workspace's choice: without a guard it is a way into the network that the
gateway stands in, and to the keys that clouds give their machines.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.gateway.neighbours import Neighbour
from tests.gateway.serving import serving
from tests.upstreams.openai import OpenAIUpstream

from modelbay.errors import CredentialsValidateFailedError

PLACES = ["127.0.0.1", "localhost", "127.1", "2130706433", "[::ffff:127.0.0.1]"]
CALLS: list[tuple[str, dict[str, Any]]] = [
    (
        "/v1/chat/completions",
        {"model": "openai/gpt-4.1-mini", "messages": [{"role": "user", "content": "Hi"}]},
    ),
    ("/v1/responses", {"model": "openai/gpt-4.1-mini", "input": "Hi"}),
    ("/v1/embeddings", {"model": "openai/text-embedding-3-small", "input": ["Hi"]}),
    ("/v1/moderations", {"model": "openai/omni-moderation-latest", "input": "Hi"}),
    ("/v1/audio/speech", {"model": "openai/tts-1", "input": "Hi", "voice": "alloy"}),
]
OWN: dict[str, Any] = {"private_addresses": ["default"]}


@pytest.mark.parametrize("lanes", [True, False], ids=["passed-on", "translated"])
async def test_no_call_of_another_workspace_reaches_a_private_address(
    thief: OpenAIUpstream, tmp_path: Path, lanes: bool
) -> None:
    """By whichever spelling and of whichever type, in the fast lane too; and the answer says what to do."""
    async with serving(tmp_path, "openai", lanes=lanes, **OWN) as served:
        for place in PLACES:
            team = Neighbour(served, place)
            await team.give_openai(thief.url.replace("127.0.0.1", place))
            for path, body in CALLS:
                for stream in (False, True):
                    streams = {"stream": True} if stream and path in {CALLS[0][0], CALLS[1][0]} else {}
                    answer = await team.call(path, body | streams)
                    assert answer.status in {502, 503}, answer.body
                    assert b"only hosts that are allowed may be private" in answer.body
        assert (await Neighbour(served).ask()).status == 200


async def test_what_the_owner_allows_is_reached_and_nothing_beside_it(
    thief: OpenAIUpstream, tmp_path: Path
) -> None:
    """A host with its port, for one provider of one workspace."""
    async with serving(tmp_path, "openai", **OWN) as served, OpenAIUpstream() as allowed:
        team = Neighbour(served, "Team")
        await team.give_openai(allowed.url)
        await team.set(private_hosts=[allowed.url.removeprefix("http://")])
        other = Neighbour(served, "Other")
        await other.give_openai(allowed.url)

        assert (await team.ask()).status == 200
        assert (await other.ask()).status in {502, 503}
        await team.set(private_hosts=None)
        assert (await team.ask()).status in {502, 503}
        assert len(allowed.requests) == 1


async def test_a_proxy_is_no_way_round(thief: OpenAIUpstream, tmp_path: Path) -> None:
    """A proxy that the workspace names must be on the internet too."""
    async with serving(tmp_path, "openai", **OWN) as served:
        team = Neighbour(served, "Team")
        await team.give_openai("http://api.openai.example/v1")
        await team.set(proxy=thief.url)
        answer = await team.ask()

        assert answer.status in {502, 503}
        assert b"127.0.0.1 is not on the public internet" in answer.body


async def test_the_base_url_of_the_settings_is_judged_too(thief: OpenAIUpstream, tmp_path: Path) -> None:
    """It is the same choice in another place."""
    async with serving(tmp_path, "openai", **OWN) as served:
        team = Neighbour(served, "Team")
        await team.give("openai", openai_api_key="test-key", api_protocol="chat")
        await team.set(base_url=thief.url)

        assert b"only hosts that are allowed may be private" in (await team.ask()).body


async def test_checking_credentials_and_listing_models_is_judged_too(
    thief: OpenAIUpstream, tmp_path: Path
) -> None:
    """Both happen at the wish of who entered the address."""
    async with serving(tmp_path, "openai", **OWN) as served:
        team = Neighbour(served, "Team")
        await team.give_openai(thief.url)
        source = await served.gateway.platform.credentials.of(team.id)
        engine = served.gateway.bays.of(source).engine
        given = {"openai_api_key": "test-key", "openai_api_base": thief.url}
        with pytest.raises(
            CredentialsValidateFailedError, match="only hosts that are allowed may be private"
        ):
            await engine.validate_credentials("openai", given)
        fetched = await engine.fetch_models("openai")

        assert "only hosts that are allowed may be private" in str(fetched.failure)


@pytest.mark.parametrize("host", ["169.254.169.254", "[fd00:ec2::254]", "2852039166"])
async def test_not_even_the_first_workspace_asks_where_clouds_keep_keys(tmp_path: Path, host: str) -> None:
    """Its private addresses are its own servers; these are the machine's keys."""
    async with serving(tmp_path, "openai", **OWN) as served:
        first = Neighbour(served)
        await first.give_openai(f"http://{host}/v1")
        answer = await first.ask()

        assert answer.status in {502, 503}
        assert b"clouds keep the keys of machines" in answer.body


async def test_the_installation_may_close_private_addresses_to_all(tmp_path: Path) -> None:
    """Also to its own workspace."""
    async with serving(tmp_path, "openai", private_addresses="none") as served:
        first = Neighbour(served)
        refused = await first.ask()
        await first.set(private_hosts=["127.0.0.1"])

        assert b"only hosts that are allowed may be private" in refused.body
        assert (await first.ask()).status == 200


@pytest.mark.parametrize(("allowed", "refused"), [(["default"], True), ("none", True), ("all", False)])
async def test_the_machines_identity_is_not_every_workspaces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allowed: Any, refused: bool
) -> None:
    """The role of a shared gateway pays for whoever may sign with it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    async with serving(tmp_path, "openai", machine_identities=allowed) as served:
        team = Neighbour(served, "Team")
        await team.give("bedrock", auth_method="IAM_Role", aws_region="us-east-1")
        answer = await team.ask("bedrock/amazon.nova-lite-v1:0")

        assert answer.status == 401
        assert (b"may not use the machine's own identity" in answer.body) is refused
