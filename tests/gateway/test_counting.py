"""`POST /v1/messages/count_tokens`: the provider's count where it has one, ours before any other model."""

from __future__ import annotations

from typing import Any

import pytest
from tests.gateway.conftest import Serve

from modelbay.sdk.testing import faults

PATH = "/v1/messages/count_tokens"
ASKED: dict[str, Any] = {
    "model": "anthropic/claude-sonnet-4-5",
    "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
    "system": [{"type": "text", "text": "Be brief."}],
    "tools": [{"name": "weather", "input_schema": {"type": "object", "properties": {}}}],
    "tool_choice": {"type": "any"},
    "thinking": {"type": "disabled"},
}


async def test_the_provider_counts_what_the_client_sent(serve: Serve) -> None:
    """Tools, their choice and thinking have tokens too; the client's betas decide what may be sent."""
    served = await serve("anthropic")

    answer = await served.post(PATH, ASKED, anthropic_beta="some-beta-2026-01-01")

    assert (answer.status, list(answer.json)) == (200, ["input_tokens"])
    [sent] = served.upstreams["anthropic"].requests
    assert sent.path == PATH
    assert sent.body == ASKED | {"model": "claude-sonnet-4-5"}
    assert sent.headers["anthropic-beta"] == "some-beta-2026-01-01"
    [record] = await served.records()
    assert (record["prompt_tokens"], record["completion_tokens"], record["status"]) == (0, 0, 200)


async def test_no_provider_makes_an_estimate(serve: Serve) -> None:
    """Clients ask in order to cut a prompt in time; without an answer they stop."""
    served = await serve("anthropic")
    served.upstreams["anthropic"].will_fail(faults.status(503), times=9)

    answer = await served.post(PATH, ASKED)

    assert answer.status == 200
    assert answer.json["input_tokens"] > 0


@pytest.mark.parametrize("model", ["openai/gpt-4.1-mini", "sandbox/sandbox-chat"])
async def test_before_other_models_the_wishes_make_no_difference(serve: Serve, model: str) -> None:
    """Nothing is answered, so nothing that an answer would be like can be refused."""
    served = await serve("openai")

    answer = await served.post(PATH, ASKED | {"model": model, "speed": "fast"})

    assert answer.status == 200, answer.body
    assert answer.json["input_tokens"] > 0
    assert not served.upstreams["openai"].requests


async def test_what_the_provider_refuses_is_told(serve: Serve) -> None:
    """It would refuse the call itself as well."""
    served = await serve("anthropic")
    served.upstreams["anthropic"].will_fail(faults.status(400, "no such thing"))

    answer = await served.post(PATH, ASKED)

    assert (answer.status, answer.json["error"]["type"]) == (400, "invalid_request_error")
    assert "no such thing" in answer.json["error"]["message"]
