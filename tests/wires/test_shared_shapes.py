"""The neutral modules that several dialects stand on."""

from __future__ import annotations

import base64
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay.entities import (
    AssistantPromptMessage,
    DocumentPromptMessageContent,
    ImagePromptMessageContent,
    LLMResultChunk,
    LLMResultChunkDelta,
    ModelType,
    ToolCall,
    ToolCallFunction,
)
from modelbay.errors import InvokeBadRequestError, InvokeServerUnavailableError
from modelbay.wires.chunks import reasoning_chunk, text_chunk, tool_chunk
from modelbay.wires.family import RerankCall, family
from modelbay.wires.json_schema import answer_format
from modelbay.wires.media import media_of
from modelbay.wires.rerank_shapes import results_shape
from modelbay.wires.vectors import floats_of_base64, one_vector_each

CALL = ToolCall(id="c", function=ToolCallFunction(name="f", arguments="{"), index=2)


@pytest.mark.parametrize(
    ("quick", "message"),
    [
        (text_chunk("m", "Hi"), AssistantPromptMessage(content="Hi")),
        (reasoning_chunk("m", "Hm"), AssistantPromptMessage(content="", reasoning_content="Hm")),
        (
            tool_chunk("m", 2, call_id="c", name="f", arguments="{"),
            AssistantPromptMessage(content="", tool_calls=[CALL]),
        ),
    ],
)
def test_quick_chunks_are_what_the_constructors_make(
    quick: LLMResultChunk, message: AssistantPromptMessage
) -> None:
    """They skip validation, so nothing else would notice a field that an entity has gained."""
    slow = LLMResultChunk(model="m", delta=LLMResultChunkDelta(index=0, message=message))

    assert quick == slow
    assert quick.__dict__.keys() == slow.__dict__.keys()
    assert quick.delta.message.__dict__.keys() == message.__dict__.keys()
    assert quick.model_dump_json() == slow.model_dump_json()
    assert quick.model_dump(exclude_unset=True) == slow.model_dump(exclude_unset=True)


def test_quick_chunks_share_nothing() -> None:
    """A caller that changes one chunk must not change the next."""
    first, second = text_chunk("m", "a"), text_chunk("m", "b")
    first.delta.message.tool_calls.append(CALL)
    first.prompt_messages.append(AssistantPromptMessage(content="x"))

    assert (second.delta.message.tool_calls, second.prompt_messages) == ([], [])


@given(st.lists(st.floats(width=32, allow_nan=False)))
def test_base64_vectors_come_back_exactly(values: list[float]) -> None:
    """Upstreams send little-endian 32-bit floats."""
    text = base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()

    assert floats_of_base64(text) == values


@pytest.mark.parametrize("text", ["AAA", "AAAA", "ä"])
def test_a_vector_that_is_none_is_the_servers_fault(text: str) -> None:
    """Half a vector must not become a shorter one."""
    with pytest.raises(InvokeServerUnavailableError, match="vector"):
        floats_of_base64(text)


def test_a_missing_vector_is_an_error() -> None:
    """An answer that is one short would shift every later vector to the wrong text."""
    with pytest.raises(InvokeServerUnavailableError, match="sent 1 vectors for 2 inputs"):
        one_vector_each([[1.0]], 2)


def test_documents_come_best_first_with_the_calls_texts() -> None:
    """The upstream sends places and scores only."""
    call = RerankCall("m", "q", ["a", "b", "c"])
    rows = [{"index": 0, "relevance_score": -0.5}, {"index": 2, "relevance_score": 0.75}]

    docs = results_shape(call, {"results": rows}, None).docs

    assert [(doc.index, doc.text, doc.score) for doc in docs] == [(2, "c", 0.75), (0, "a", -0.5)]


def test_more_documents_than_wanted_are_cut() -> None:
    """Servers that do not know `top_n` answer with all."""
    rows = [{"index": index, "relevance_score": index / 10} for index in range(3)]

    result = results_shape(RerankCall("m", "q", ["a", "b", "c"], top_n=2), {"results": rows}, None)

    assert [doc.text for doc in result.docs] == ["c", "b"]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([{"index": 2, "relevance_score": 1.0}], r"results\[0\]: index 2"),
        ([{"index": -1, "relevance_score": 1.0}], r"results\[0\]: index -1"),
        ([{"index": True, "relevance_score": 1.0}], "index True"),
        ([{"relevance_score": 1.0}], "index None"),
        ([{"index": 0, "relevance_score": 1}, {"index": 0, "relevance_score": 1}], r"results\[1\]: .* twice"),
        ([{"index": 0, "relevance_score": "high"}], "'high' is not a number"),
        (["?"], "index None"),
        (None, "no list 'results'"),
    ],
)
def test_a_ranking_that_points_nowhere_is_refused(rows: object, told: str) -> None:
    """A wrong index would hand the caller the text of another document."""
    with pytest.raises(InvokeServerUnavailableError, match=told):
        results_shape(RerankCall("m", "q", ["a", "b"]), {"results": rows}, None)


def test_a_schema_may_be_bare_or_in_an_envelope() -> None:
    """Both forms are in use among applications."""
    bare = answer_format({"json_schema": '{"type": "object"}'})
    full = answer_format(
        {"response_format": "json_schema", "json_schema": '{"name": "n", "schema": {"type": "object"}}'}
    )

    assert bare.kind == full.kind == "json_schema"
    assert bare.schema == full.schema == {"type": "object"}
    assert full.name == "n"


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"response_format": "yaml"}, "response_format"),
        ({"response_format": "json_schema"}, "json_schema"),
        ({"json_schema": "{"}, "json_schema"),
        ({"json_schema": "[1]"}, "json_schema"),
    ],
)
def test_a_wrong_answer_format_is_named(parameters: dict[str, str], named: str) -> None:
    """The caller has to find the parameter."""
    with pytest.raises(InvokeBadRequestError, match=named):
        answer_format(parameters)


def test_a_text_format_needs_no_schema() -> None:
    """A form keeps an old schema in its field although the answer is to be text."""
    assert answer_format({"response_format": "text", "json_schema": "{"}).schema is None


def test_the_type_of_a_file_is_declared_seen_or_named() -> None:
    """Applications give bare base64 without a type."""
    declared = ImagePromptMessageContent(mime_type="image/webp", base64_data="iVBORw0KGgoAAA==")
    seen = ImagePromptMessageContent(base64_data="iVBORw0KGgoAAA==", format="jpg")
    named = DocumentPromptMessageContent(base64_data="AAAA", format="pdf")

    types = [media_of(part, "here").mime_type for part in (declared, seen, named)]

    assert types == ["image/webp", "image/png", "application/pdf"]


def test_a_data_uri_given_as_an_address_counts_as_bytes() -> None:
    """No upstream fetches one, yet some applications put it there."""
    media = media_of(ImagePromptMessageContent(url="data:image/gif;base64,R0lGODlh"), "here")

    assert (media.mime_type, media.base64_data, media.url) == ("image/gif", "R0lGODlh", "")


def test_an_empty_file_is_refused_by_place() -> None:
    """An upstream would only say that something is missing."""
    with pytest.raises(InvokeBadRequestError, match=r"messages\[0\]: the image"):
        media_of(ImagePromptMessageContent(), "messages[0]")


@pytest.mark.parametrize(
    ("name", "types"),
    [
        ("anthropic", {ModelType.LLM}),
        ("ollama", {ModelType.LLM, ModelType.TEXT_EMBEDDING, ModelType.RERANK}),
        ("cohere", {ModelType.LLM, ModelType.TEXT_EMBEDDING, ModelType.RERANK}),
        ("jina", {ModelType.TEXT_EMBEDDING, ModelType.RERANK}),
    ],
)
def test_families_are_found_by_name(name: str, types: set[ModelType]) -> None:
    """A declaration names its family; nothing else knows which there are."""
    found = family(name)

    assert found.name == name
    assert {model_type for model_type in ModelType if found.speaks(model_type)} == types
