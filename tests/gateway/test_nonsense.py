"""Whatever a client sends, it is answered in its dialect: a mistake is told as one, and is never ours."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.gateway.serving import serving
from tests.gateway.speakers import EVERY
from tests.gateway.test_surfaces import JSON_SURFACES
from tests.wires.serving_checks import JSON

from modelbay.sdk.testing import Reply

NAMES: tuple[str, ...] = (
    "messages",
    "input",
    "prompt",
    "tools",
    "stream",
    "stream_options",
    "stop",
    "n",
    "text",
    "texts",
)
NAMES += (
    "documents",
    "query",
    "response_format",
    "reasoning",
    "thinking",
    "metadata",
    "tool_choice",
    "system",
)
NAMES += ("max_tokens", "store", "include", "previous_response_id", "encoding_format", "embedding_types")
FIELDS = st.dictionaries(st.sampled_from(NAMES), JSON, min_size=1, max_size=2)
FAMILIES = ("openai", "anthropic", "cohere")


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, Any]:
    """Make a call of any surface: a good body, but for a field or two."""
    name = draw(st.sampled_from([*JSON_SURFACES]))
    _, path, good, *_ = JSON_SURFACES[name]
    body: dict[str, Any] = good
    if name in EVERY:
        tools, stream = draw(st.booleans()), draw(st.booleans())
        body = EVERY[name].ask(body["model"], "weather", tools=tools, stream=stream)
    return path, {**body, **draw(FIELDS)}


async def answers(asked: Sequence[tuple[str, Any]], *, lanes: bool) -> list[tuple[str, Any, Any]]:
    """Send the calls to one gateway, and return what came back."""
    with TemporaryDirectory() as folder:
        async with serving(Path(folder), *FAMILIES, lanes=lanes) as served:
            for upstream in served.upstreams.values():
                upstream.reply = Reply(("Hi ", "you"))
            return [(path, body, await served.post(path, body)) for path, body in asked]


@settings(max_examples=25)
@given(asked=st.lists(calls(), min_size=10, max_size=10), lanes=st.booleans())
def test_nonsense_is_never_an_error_of_ours(asked: list[tuple[str, Any]], lanes: bool) -> None:
    """No status above 499, no answer that breaks off, and every refusal says why."""
    for path, body, answer in asyncio.run(answers(asked, lanes=lanes)):
        assert answer.status < 500, (path, json.dumps(body), answer.body)
        assert answer.complete
        if answer.status >= 400:
            told = answer.json.get("error", answer.json)
            assert told["message"], (path, body)
