"""Clients of the responses API that send nonsense."""

from __future__ import annotations

import contextlib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.wires.openai.serving.response_answers import sent_for

from modelbay.errors import InvokeBadRequestError

_KEYS = (
    *(
        "model",
        "input",
        "role",
        "content",
        "text",
        "tools",
        "tool_choice",
        "reasoning",
        "format",
        "schema",
        "name",
    ),
    *("include", "metadata", "stop", "call_id", "arguments", "output", "summary", "encrypted_content", "id"),
    *("image_url", "detail", "file_data", "file_id", "input_audio", "parallel_tool_calls", "stream_options"),
    *(
        "max_output_tokens",
        "top_logprobs",
        "instructions",
        "effort",
        "verbosity",
        "parameters",
        "strict",
        "x",
    ),
)
_TYPES = (
    *("message", "function_call", "function_call_output", "reasoning", "custom_tool_call", "item_reference"),
    *("input_text", "input_image", "input_file", "input_audio", "output_text", "refusal", "function"),
    *("json_schema", "text", "web_search_call"),
)
_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "a", "user", "assistant", "required", "modelbay.v1.bnVsbA", "modelbay.v1.W10"])
)


def _objects(values: Any) -> Any:
    named = st.dictionaries(st.sampled_from(_KEYS), values, max_size=5)
    typed = st.builds(lambda value, kind: {**value, "type": kind}, named, st.sampled_from(_TYPES))
    return st.lists(values, max_size=3) | named | typed


_JSON = st.recursive(_LEAVES, _objects, max_leaves=14)
_REQUESTS = st.dictionaries(st.sampled_from(_KEYS), _JSON, max_size=6).map(
    lambda body: {"model": "m", "input": "Hi", **body}
)


@given(body=_JSON | _REQUESTS)
def test_nonsense_is_never_more_than_a_bad_request(body: Any) -> None:
    """A client's mistake must not look like a fault of the gateway, here or when the upstream is asked."""
    with contextlib.suppress(InvokeBadRequestError):
        sent_for(body)


@given(items=st.lists(_JSON, max_size=4))
def test_nonsense_among_the_items_is_never_more_than_a_bad_request(items: Any) -> None:
    """The same, where most of the reading is."""
    with contextlib.suppress(InvokeBadRequestError):
        sent_for({"model": "m", "input": items})
