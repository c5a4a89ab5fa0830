"""What stands behind the gateway, and asking through it with the answer checked."""

from __future__ import annotations

from typing import Any

import pytest
from tests.gateway.conftest import Serve
from tests.gateway.serving import Served
from tests.gateway.speakers import EVERY, Said
from tests.upstreams.published import as_published

# By what is behind: the fake, the settings of the gateway, the model.
BEHIND: dict[str, tuple[str, dict[str, Any], str]] = {
    "openai": ("openai", {}, "openai/gpt-4.1-mini"),
    "openai responses": ("openai", {"api": "responses"}, "openai/gpt-4.1-mini"),
    "anthropic": ("anthropic", {}, "anthropic/claude-sonnet-4-5"),
    "cohere": ("cohere", {}, "cohere/command-a-03-2025"),
    "ollama": ("ollama", {}, "ollama/qwen3:8b"),
    "compatible": ("compatible", {}, "openai_api_compatible/some-model"),
}

STREAMED = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


async def start(serve: Serve, name: str) -> tuple[Served, Any, str]:
    """Start a gateway in front of one provider; return it, the fake and the model's name."""
    family, settings, model = BEHIND[name]
    served = await serve(family, **settings)
    return served, served.upstreams[family], model


async def said(served: Served, client: str, body: Any) -> tuple[Said, Any]:
    """Ask, check the answer against the published description, and return it read and as it is."""
    speaker = EVERY[client]
    answer = await served.post(speaker.path, body)
    assert answer.status == 200, answer.body
    fits = as_published(speaker.file)
    if body.get("stream"):
        assert answer.headers["content-type"].startswith("text/event-stream")
        for event in answer.events:
            if speaker.event and event not in ("[DONE]", {"type": "ping"}):
                fits(event, speaker.event)
        whole = speaker.whole(answer)
    else:
        assert answer.headers["content-type"] == "application/json"
        fits(whole := answer.json, speaker.schema)
    return speaker.read(whole), whole
