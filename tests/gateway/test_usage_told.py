"""What an upstream tells of its usage beyond counts reaches clients of its own dialect in any lane."""

from __future__ import annotations

from typing import Any

from tests.gateway.behind import BEHIND, STREAMED, said, start
from tests.gateway.conftest import Serve
from tests.gateway.speakers import CHAT, MESSAGES

OWN: dict[str, Any] = {
    "service_tier": "priority",
    "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 0},
    "cache_creation": {"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 4},
}


def foreign() -> list[dict[str, Any]]:
    """Return turns that another provider's model began: they have to be translated."""
    return [{"role": "assistant", "content": "Hm."}, {"role": "user", "content": "And?"}]


@STREAMED
async def test_all_of_a_usage_is_given_back(serve: Serve, stream: bool) -> None:
    """Whoever pays by the tier, or by the search, reads it there."""
    served = await serve("anthropic", lanes=False)
    served.upstreams["anthropic"].will_stream("Hi", usage={"in": 5, "out": 6, **OWN})
    body = MESSAGES.ask(BEHIND["anthropic"][2], "Hi", stream=stream)
    body["messages"] += foreign()

    _, whole = await said(served, "messages", body)

    assert OWN.items() <= whole["usage"].items()
    assert (whole["usage"]["input_tokens"], whole["usage"]["output_tokens"]) == (5, 6)


@STREAMED
async def test_other_clients_are_told_what_they_can_read(serve: Serve, stream: bool) -> None:
    """The fields of one dialect mean nothing in another."""
    served, upstream, model = await start(serve, "anthropic")
    upstream.will_stream("Hi", usage={"in": 5, "out": 6, **OWN})
    body = CHAT.ask(model, "Hi", stream=stream)

    _, whole = await said(
        served, "chat", body | ({"stream_options": {"include_usage": True}} if stream else {})
    )

    assert not OWN.keys() & whole["usage"].keys()
