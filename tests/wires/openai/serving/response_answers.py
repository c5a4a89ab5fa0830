"""Asks, results and streams that the tests of the responses API share."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import strategies as st
from tests.upstreams.described import specification

from modelbay.entities import AssistantPromptMessage, LLMResult, LLMResultChunk, ToolCall, ToolCallFunction
from modelbay.wires.chunks import last_chunk, reasoning_chunk, text_chunk, tool_chunk
from modelbay.wires.decode import SSEDecoder
from modelbay.wires.family import ChatCall, Endpoint
from modelbay.wires.openai.responses import Responses
from modelbay.wires.openai.serving.responses import RESPONSES
from modelbay.wires.usage import llm_usage

ANSWER_ID = "0f1e2d3c"
TOOL = {"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {}}}
SIGNED = {
    "anthropic": {
        "content": [
            {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
            {"type": "text", "text": "Looking."},
        ]
    }
}
UPSTREAM_OUTPUT = [
    {"type": "reasoning", "id": "rs_up", "summary": [], "encrypted_content": "gAAA"},
    {
        "type": "web_search_call",
        "id": "ws_up",
        "status": "completed",
        "action": {"type": "search", "query": "Rome"},
    },
    {
        "type": "message",
        "id": "msg_up",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": "Looking.", "annotations": [], "logprobs": []}],
    },
]


def sent_for(body: dict[str, Any]) -> Any:
    """Return the body that an upstream of the same dialect is sent for a client's."""
    ask = RESPONSES.from_request(body)
    call = ChatCall(
        model=ask.model,
        messages=ask.messages,
        parameters=ask.wishes.parameters,
        tools=ask.tools,
        stop=ask.stop,
        stream=ask.stream,
        user=ask.user,
        extras=ask.wishes.extras,
    )
    return Responses().to_request(call, Endpoint("https://upstream.test/v1")).json


def ask(**body: Any) -> Any:
    """Return a client's ask, as the gateway hands it on."""
    asked = RESPONSES.from_request({"model": "m", "input": "Hi", **body})
    asked.options["created"] = 1_790_000_000
    return asked


def usage() -> Any:
    return llm_usage(prompt=20, completion=30, cached=8, cache_write=2, reasoning=10)


def result(
    text: str = "Looking.",
    reasoning: str = "",
    calls: Any = (),
    *,
    finish: str = "stop",
    opaque_body: Any = None,
    **extras: Any,
) -> LLMResult:
    """Return an answer; `calls` are (id, name, arguments)."""
    made = [
        ToolCall(id=call_id, function=ToolCallFunction(name=name, arguments=arguments))
        for call_id, name, arguments in calls
    ]
    message = AssistantPromptMessage(
        content=text, reasoning_content=reasoning or None, tool_calls=made, opaque_body=opaque_body, **extras
    )
    return LLMResult(model="claude-1", message=message, usage=usage(), finish_reason=finish)


def chunks_of(answer: LLMResult, cuts: Any = ()) -> list[LLMResultChunk]:
    """Return the answer as a stream, each of its texts cut at the places."""
    model = answer.model
    chunks = [reasoning_chunk(model, piece) for piece in _cut(answer.reasoning, cuts)]
    chunks += [text_chunk(model, piece) for piece in _cut(answer.text, cuts)]
    for number, call in enumerate(answer.tool_calls):
        chunks.append(tool_chunk(model, number, call_id=call.id, name=call.function.name))
        chunks += [
            tool_chunk(model, number, arguments=piece) for piece in _cut(call.function.arguments, cuts)
        ]
    last = last_chunk(model, answer.usage, answer.finish_reason or "stop", answer.message.opaque_body)
    last.delta.message = last.delta.message.model_copy(update=answer.message.unknown_fields)
    for name, value in answer.message.unknown_fields.items():
        setattr(last.delta.message, name, value)
    return [*chunks, last]


def written(answer: LLMResult, cuts: Any = (), **body: Any) -> tuple[list[dict[str, Any]], Any]:
    """Return the events of a streamed answer, and the writer."""
    writer = RESPONSES.from_chunks(ask(**body), ANSWER_ID)
    data = b"".join([*(writer.write(chunk) for chunk in chunks_of(answer, cuts)), writer.close()])
    return events_in(data), writer


def events_in(data: bytes) -> list[dict[str, Any]]:
    """Return the events of a stream, whose names are those in their data."""
    decoder = SSEDecoder()
    frames = [*decoder.feed(data), *decoder.close()]
    events = [orjson.loads(frame.data) for frame in frames]
    assert [frame.name for frame in frames] == [event["type"] for event in events]
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    return events


def complaint_of(schema: str, value: Any) -> Any:
    """Return what the published description says is wrong with a value, or None."""
    described = specification("openai.openapi.json")
    if described is None:
        pytest.skip("the published descriptions are not there")
    return described.of(schema).complaint(value, extensions=["store"])  # in its examples, not in its schema


def _cut(text: str, cuts: Any) -> list[str]:
    places = [0, *sorted({cut % (len(text) + 1) for cut in cuts}), len(text)]
    return [text[start:end] for start, end in pairwise(places) if end > start]


CALLS = st.lists(
    st.tuples(
        st.sampled_from(["call_a", "call_b", "toolu_1"]), st.just("weather"), st.just('{"city":"Rome"}')
    ),
    max_size=3,
    unique_by=lambda call: call[0],
)
ANSWERS = st.builds(
    lambda text, reasoning, calls, cut_off: result(
        text, reasoning, calls, finish=cut_off or ("tool_calls" if calls else "stop")
    ),
    st.text(max_size=20),
    st.text(max_size=20),
    CALLS,
    st.sampled_from(["", "length", "content_filter"]),
)
