"""Folding chunks: however an answer was cut, it adds up to the same."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from modelbay.entities import (
    AssistantPromptMessage,
    LLMResultChunk,
    LLMResultChunkDelta,
    LLMUsage,
    TextPromptMessageContent,
    ToolCall,
    ToolCallFunction,
    fold,
    merge_tool_calls,
)


def chunk(message: AssistantPromptMessage, **delta: object) -> LLMResultChunk:
    return LLMResultChunk(
        model="m", delta=LLMResultChunkDelta.model_validate({"index": 0, "message": message, **delta})
    )


def piece(index: int | None, id_: str = "", name: str = "", arguments: str = "") -> ToolCall:
    return ToolCall(id=id_, index=index, function=ToolCallFunction(name=name, arguments=arguments))


@given(pieces=st.lists(st.text()), thoughts=st.lists(st.text()))
def test_text_and_reasoning_add_up(pieces: list[str], thoughts: list[str]) -> None:
    """The whole answer is the sum of its pieces."""
    chunks = [chunk(AssistantPromptMessage(content="", reasoning_content=t)) for t in thoughts]
    chunks += [chunk(AssistantPromptMessage(content=text)) for text in pieces]

    result = fold(chunks)

    assert result.text == "".join(pieces)
    assert result.reasoning == "".join(thoughts)


@given(
    arguments=st.lists(st.text(min_size=1), min_size=1, max_size=4),
    cuts=st.lists(st.integers(0, 50), max_size=8),
    data=st.data(),
)
def test_interleaved_tool_calls_are_kept_apart(
    arguments: list[str], cuts: list[int], data: st.DataObject
) -> None:
    """Parallel calls stream interleaved; the index tells them apart."""
    queues = []
    for index, text in enumerate(arguments):
        places = sorted({cut for cut in cuts if cut < len(text)} | {0, len(text)})
        parts = [text[a:b] for a, b in pairwise(places)]
        queues.append(
            [
                piece(index, f"call_{index}", f"f{index}", parts[0]),
                *(piece(index, arguments=p) for p in parts[1:]),
            ]
        )
    stream = []
    while any(queues):
        queue = data.draw(st.sampled_from([q for q in queues if q]))
        stream.append(chunk(AssistantPromptMessage(content="", tool_calls=[queue.pop(0)])))

    calls = sorted(fold(stream).tool_calls, key=lambda call: call.id)

    assert [call.function.arguments for call in calls] == arguments
    assert [call.id for call in calls] == [f"call_{i}" for i in range(len(arguments))]


def test_pieces_without_index_continue_the_last_call() -> None:
    """Some servers send neither index nor id after the first piece."""
    calls: list[ToolCall] = []

    merge_tool_calls(calls, [piece(None, "a", "f", '{"x"'), piece(None, arguments=": 1}")])

    assert len(calls) == 1
    assert calls[0].function.arguments == '{"x": 1}'


def test_two_complete_calls_without_ids_stay_two() -> None:
    """Ollama-like servers send whole calls without ids."""
    calls: list[ToolCall] = []

    merge_tool_calls(calls, [piece(None, name="f", arguments="{}"), piece(None, name="g", arguments="{}")])

    assert [call.function.name for call in calls] == ["f", "g"]


def test_the_pieces_given_are_not_changed() -> None:
    """The chunks may still be on their way to somebody else."""
    first = piece(0, "a", "f", "1")

    calls: list[ToolCall] = []
    merge_tool_calls(calls, [first, piece(0, arguments="2")])

    assert calls[0].function.arguments == "12"
    assert first.function.arguments == "1"


def test_usage_finish_reason_state_and_extras_of_the_last_chunk_are_kept() -> None:
    """They come once, at the end."""
    usage = LLMUsage.empty_usage()
    chunks = [
        chunk(AssistantPromptMessage(content="a")),
        chunk(
            AssistantPromptMessage.model_validate({"content": "", "opaque_body": {"s": 1}, "refusal": "no"}),
            usage=usage,
            finish_reason="stop",
        ),
    ]

    result = fold(chunks)

    assert (result.usage, result.finish_reason, result.message.opaque_body) == (usage, "stop", {"s": 1})
    assert result.message.unknown_fields["refusal"] == "no"


def test_text_and_parts_mix() -> None:
    """Models that draw stream text and images."""
    part = TextPromptMessageContent(data="b")

    result = fold([chunk(AssistantPromptMessage(content="a")), chunk(AssistantPromptMessage(content=[part]))])

    assert result.message.content == [TextPromptMessageContent(data="a"), part]
    assert result.text == "ab"
