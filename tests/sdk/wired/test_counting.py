"""Counting tokens where the upstream does it itself, over a real socket."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sdk.wired.conftest import Make
from tests.upstreams.anthropic import AnthropicUpstream

from modelbay.entities import ModelType, PromptMessageTool, UserPromptMessage
from modelbay.errors import InvokeAuthorizationError, InvokeBadRequestError
from modelbay.sdk.testing import faults

MODEL = "claude-sonnet-4-5"
SAID = [UserPromptMessage(content="One two three")]
TOOL = PromptMessageTool(name="weather", parameters={"type": "object", "properties": {}})


def key(upstream: AnthropicUpstream) -> dict[str, Any]:
    return {"anthropic_api_key": "test-key", "anthropic_api_url": upstream.url}


@pytest.fixture
def claude(make: Make) -> Any:
    """Return a model of Anthropic's."""
    return make("anthropic", ModelType.LLM)


async def test_the_upstream_counts(anthropic: AnthropicUpstream, claude: Any) -> None:
    """Its tokenizer is published nowhere: only itself can tell."""
    counted = await claude.get_num_tokens(MODEL, key(anthropic), SAID, [TOOL])

    assert (counted.tokens, counted.exact, counted.method) == (9, True, "upstream")  # as the fake counts
    [request] = anthropic.requests
    assert request.path == "/v1/messages/count_tokens"
    assert request.body.keys() == {"model", "messages", "tools"}
    assert not anthropic.refused


async def test_without_credentials_nothing_is_asked(anthropic: AnthropicUpstream, claude: Any) -> None:
    """Counting works on a machine that has neither key nor network."""
    counted = await claude.get_num_tokens(MODEL, {}, SAID)

    assert (counted.tokens > 0, counted.exact, counted.method) == (True, False, "estimate")
    assert not anthropic.requests


@pytest.mark.parametrize(
    "fault",
    [faults.status(503), faults.status(404), faults.rate_limited(retry_after=90), faults.reset()],
    ids=["down", "does not count", "busy", "gone"],
)
async def test_ours_is_the_count_where_the_upstream_cannot_be_asked(
    anthropic: AnthropicUpstream, claude: Any, fault: Any
) -> None:
    """A count is to decide what to send; an estimate is better than none."""
    anthropic.will_fail(fault, times=9)

    counted = await claude.get_num_tokens(MODEL, key(anthropic), SAID)

    assert (counted.tokens > 0, counted.exact) == (True, False)
    assert anthropic.requests


@pytest.mark.parametrize(("status", "error"), [(400, InvokeBadRequestError), (401, InvokeAuthorizationError)])
async def test_what_the_upstream_refuses_is_told(
    anthropic: AnthropicUpstream, claude: Any, status: int, error: type[Exception]
) -> None:
    """It would refuse the call itself as well."""
    anthropic.will_fail(faults.status(status, "no"))

    with pytest.raises(error, match="no"):
        await claude.get_num_tokens(MODEL, key(anthropic), SAID)


async def test_other_upstreams_are_not_asked(openai: Any, make: Make) -> None:
    """Where the tokenizer is published the count is exact here."""
    model = make("openai", ModelType.LLM)
    credentials = {"openai_api_key": "test-key", "openai_api_base": openai.url}

    counted = await model.get_num_tokens("gpt-4o", credentials, SAID)

    assert (counted.exact, counted.method, len(openai.requests)) == (True, "o200k_base", 0)
