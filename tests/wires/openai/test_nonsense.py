"""Upstreams that send nonsense."""

from __future__ import annotations

import contextlib
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay.errors import InvokeError
from modelbay.wires.family import (
    ChatCall,
    EmbeddingCall,
    ModerationCall,
    RerankCall,
    TranscriptionCall,
)
from modelbay.wires.openai import FAMILY
from modelbay.wires.request import Event

_FAMILY: Any = FAMILY  # of a family each dialect may be missing; not of this one
_WORDS = (
    *("choices", "delta", "message", "content", "text", "tool_calls", "function", "arguments", "index", "id"),
    *("finish_reason", "usage", "prompt_tokens", "prompt_tokens_details", "x_groq", "reasoning", "audio"),
    *("reasoning_details", "refusal", "logprobs", "data", "embedding", "results", "categories", "meta"),
    *("output", "summary", "status", "response", "item", "output_index", "pricing", "architecture", "object"),
)
_TYPES = (
    *("message", "reasoning", "function_call", "thinking", "text", "error", "response.created"),
    *("response.completed", "response.failed", "response.output_item.added", "response.output_item.done"),
    *("response.output_text.delta", "response.function_call_arguments.delta"),
    "response.function_call_arguments.done",
)
_LEAVES = (
    st.none() | st.booleans() | st.integers(-2, 9) | st.floats(allow_nan=False) | st.sampled_from(["", "a"])
)


def _objects(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    named = st.dictionaries(st.sampled_from(_WORDS), values, max_size=5)
    typed = st.builds(lambda value, kind: {**value, "type": kind}, named, st.sampled_from(_TYPES))
    return st.lists(values, max_size=3) | named | typed


_JSON = st.recursive(_LEAVES, _objects, max_leaves=12)
_DELTA = st.fixed_dictionaries(
    {"choices": st.tuples(st.fixed_dictionaries({"delta": _JSON, "usage": _JSON}))}
)
_ITEMS = st.fixed_dictionaries({"output": st.lists(_JSON, max_size=2), "usage": _JSON})


@pytest.mark.parametrize("api", ["chat", "responses", "completions"])
@given(frames=st.lists(_JSON | _DELTA | _ITEMS, max_size=4))
def test_nonsense_ends_in_an_error_of_the_tree_or_in_an_answer(api: str, frames: list[Any]) -> None:
    """Whoever calls handles the errors of the tree; any other would come up as a fault of this program."""
    call = ChatCall("gpt", [], options={"api": api, "replay": ["reasoning_details"]})
    dialect = _FAMILY.chat(call.options)
    reader = dialect.to_chunks(call)

    with contextlib.suppress(InvokeError):
        for frame in frames:
            reader.read(Event("", orjson.dumps(frame)))
        reader.close()
    for frame in frames:
        with contextlib.suppress(InvokeError):
            dialect.to_result(call, frame)


@given(body=_JSON)
def test_nonsense_of_other_types_ends_in_an_error_of_the_tree(body: Any) -> None:
    """The same holds for vectors, scores, judgements, transcripts and lists."""
    heard = TranscriptionCall("m", b"", "a.wav", "audio/wav")
    reads: list[Any] = [
        lambda: _FAMILY.embedding.to_result(EmbeddingCall("m", ["a"]), body),
        lambda: _FAMILY.rerank.to_result(RerankCall("m", "q", ["a"]), body),
        lambda: _FAMILY.moderation.to_results(ModerationCall("m", ["a"]), body),
        lambda: _FAMILY.transcription.to_result(heard, orjson.dumps(body)),
        lambda: _FAMILY.models.to_models(body),
    ]
    for read in reads:
        with contextlib.suppress(InvokeError):
            read()
