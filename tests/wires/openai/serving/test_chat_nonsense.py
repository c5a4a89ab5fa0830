"""Whatever a client of chat completions sends is read or refused, and so is what any wire makes of it."""

from __future__ import annotations

import contextlib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.wires.serving_checks import JSON, any_body, refused_or_read

from modelbay.errors import InvokeBadRequestError
from modelbay.wires.family import ChatCall, Endpoint, family
from modelbay.wires.openai.serving import CHAT

WIRES: Any = [
    family("openai").chat({}),  # type: ignore[misc]
    family("openai").chat({"api": "responses"}),  # type: ignore[misc]
    *(family(name).chat({}) for name in ("anthropic", "cohere", "ollama")),  # type: ignore[misc]
]
URLS = st.sampled_from(
    [{"url": "https://a.example"}, {"url": "data:image/png;base64,AAAA"}, {"url": "data:"}]
)
GOOD = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
FIELDS = (
    *("model", "messages", "tools", "functions", "tool_choice", "function_call", "response_format", "stop"),
    *("stream", "stream_options", "max_tokens", "thinking", "reasoning", "n", "user", "logprobs"),
)
ANY_PART = st.dictionaries(
    st.sampled_from(
        ["type", "text", "image_url", "input_audio", "file", "thinking", "signature", "cache_control"]
    ),
    JSON | st.sampled_from(["text", "image_url", "file", "input_audio", "thinking", "refusal", "video_url"]),
)
ANY_BLOCK = st.dictionaries(
    st.sampled_from(["type", "text", "id", "input", "thinking", "content"]),
    st.sampled_from(["text", "tool_use", "thinking", "message", "a"]) | JSON,
)
ANY_STATE = st.dictionaries(
    st.sampled_from(["anthropic", "openai", "openai.chat", "cohere"]),
    st.dictionaries(
        st.sampled_from(["content", "output", "item", "tool_plan", "citations", "cache_control", "type"]),
        JSON | st.lists(ANY_BLOCK, max_size=2),
    ),
)
ANY_MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "tool", "function", "system"])},
    optional={
        "content": JSON | st.lists(ANY_PART | JSON, max_size=2),
        "tool_calls": JSON
        | st.lists(st.dictionaries(st.sampled_from(["id", "type", "function"]), JSON), max_size=2),
        "opaque_body": JSON | ANY_STATE,
        "thinking_blocks": JSON | st.lists(ANY_PART, max_size=2),
        **dict.fromkeys(
            ("name", "audio", "refusal", "function_call", "tool_call_id", "reasoning_details"), JSON
        ),
    },
)


def call_of(body: Any) -> ChatCall:
    ask = CHAT.from_request(body)
    return ChatCall(ask.model, ask.messages, ask.wishes.parameters, ask.tools, ask.stop, ask.stream, ask.user)


@given(
    body=any_body(FIELDS, GOOD)
    | st.lists(ANY_MESSAGE, min_size=1).map(lambda many: {**GOOD, "messages": many})
)
def test_any_json_is_read_or_refused(body: Any) -> None:
    """A client's mistake is told as one, never as a failure of ours."""
    refused_or_read(CHAT.from_request, body)
    for wire in WIRES:
        with contextlib.suppress(InvokeBadRequestError):
            wire.to_request(call_of(body), Endpoint("http://x"))
