"""Vectors as OpenAI clients ask for them."""

from __future__ import annotations

import base64
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wires.serving_checks import ANSWER_ID, any_body, complaint, refused_or_read, told

from modelbay.entities import TextEmbeddingResult
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.family import EmbeddingCall, Endpoint
from modelbay.wires.openai.embeddings import Embeddings
from modelbay.wires.openai.serving.embeddings import EMBEDDINGS
from modelbay.wires.usage import embedding_usage

ENDPOINT = Endpoint("https://upstream.test/v1")
WIRE = Embeddings()
VECTORS = st.lists(
    st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=2, max_size=4),
    min_size=1,
    max_size=4,
)
BODY = {"model": "embed", "input": ["a", "b"]}
NAMES = ("model", "input", "encoding_format", "dimensions", "user", "task", "normalized", "truncate")


def base64_of(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def result_of(vectors: list[list[float]], tokens: int = 3) -> TextEmbeddingResult:
    return TextEmbeddingResult(model="embed", embeddings=vectors, usage=embedding_usage(tokens))


def call_of(body: dict[str, Any]) -> EmbeddingCall:
    """Return the call of an upstream that speaks as the client does."""
    ask = EMBEDDINGS.from_request(body)
    fitted = told(ask.wishes, WIRE.takes, same_dialect=True)
    inputs = [text for text in ask.inputs if isinstance(text, str)]
    return EmbeddingCall(ask.model, inputs, parameters={**fitted.extras, **fitted.fields})


@given(
    st.fixed_dictionaries(
        {
            "model": st.text(min_size=1, max_size=8),
            "input": st.lists(st.text(max_size=8), min_size=1, max_size=3),
            "encoding_format": st.just("base64"),
        },
        optional={"dimensions": st.integers(1, 4096), "new_field": st.booleans()},
    )
)
def test_a_request_comes_out_as_it_went_in(body: dict[str, Any]) -> None:
    """What both directions can express is the same in both, and what nobody here knows goes along."""
    assert WIRE.to_request(call_of(body), ENDPOINT).json == body


@pytest.mark.parametrize(
    ("given_", "inputs"),
    [("a", ["a"]), ("", [""]), (["a", "b"], ["a", "b"]), ([1, 2], [[1, 2]]), ([[1], [2, 3]], [[1], [2, 3]])],
)
def test_inputs_are_texts_or_token_ids(given_: Any, inputs: list[Any]) -> None:
    """LangChain sends token ids, of the vocabulary that it takes the model's to be."""
    assert EMBEDDINGS.from_request({"model": "m", "input": given_}).inputs == inputs


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"model": None}, "model"),
        ({"model": 3}, "model"),
        ({"input": []}, "input"),
        ({"input": None}, "input"),
        ({"input": ["a", 3]}, r"input\[1\]"),
        ({"input": [[1], ["a"]]}, r"input\[1\]"),
        ({"encoding_format": "int8"}, "encoding_format"),
        ({"dimensions": 0}, "dimensions"),
        ({"dimensions": True}, "dimensions"),
        ({"user": 3}, "user"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(change: dict[str, Any], field: str) -> None:
    """The client's developer has to find it."""
    with pytest.raises(InvokeBadRequestError, match=f"^{field}: "):
        EMBEDDINGS.from_request({**BODY, **change})


@given(any_body(NAMES, BODY))
def test_nonsense_is_the_clients_mistake(body: Any) -> None:
    """Never a failure of ours."""
    refused_or_read(EMBEDDINGS.from_request, body)


@given(VECTORS)
def test_vectors_are_answered_as_numbers_or_as_base64(vectors: list[list[float]]) -> None:
    """Whatever the upstream sent."""
    plain = EMBEDDINGS.from_result(EMBEDDINGS.from_request(BODY), result_of(vectors), ANSWER_ID)
    ask = EMBEDDINGS.from_request({**BODY, "encoding_format": "base64"})
    packed = EMBEDDINGS.from_result(ask, result_of(vectors), ANSWER_ID)

    assert complaint("openai.openapi.json", "CreateEmbeddingResponse", plain) is None
    assert plain["usage"] == {"prompt_tokens": 3, "total_tokens": 3}
    assert [row["embedding"] for row in plain["data"]] == vectors
    assert [row["embedding"] for row in packed["data"]] == [base64_of(vector) for vector in vectors]


@given(VECTORS, st.booleans())
def test_an_answer_is_read_as_the_result_it_was_written_from(
    vectors: list[list[float]], packed: bool
) -> None:
    """An upstream of the same dialect answers as we do."""
    form = "base64" if packed else "float"
    ask = EMBEDDINGS.from_request({**BODY, "input": ["x"] * len(vectors), "encoding_format": form})
    body = EMBEDDINGS.from_result(ask, result_of(vectors), ANSWER_ID)

    assert WIRE.to_result(EmbeddingCall("embed", ["x"] * len(vectors)), body) == result_of(vectors)


def test_base64_passes_through_unread() -> None:
    """Nobody here needs the numbers: not even that they are some is found out."""
    body = {**BODY, "encoding_format": "base64"}
    rows = [{"index": 1, "embedding": "AAAA"}, {"index": 0, "embedding": "BBBB"}]
    result = WIRE.to_result(call_of(body), {"data": rows, "model": "embed", "usage": {"total_tokens": 2}})
    answer = EMBEDDINGS.from_result(EMBEDDINGS.from_request(body), result, ANSWER_ID)

    assert (result.packed, result.embeddings) == (["BBBB", "AAAA"], [])
    assert [row["embedding"] for row in answer["data"]] == ["BBBB", "AAAA"]


def test_packed_vectors_are_numbers_to_who_asked_for_numbers() -> None:
    """A plugin may answer in either form."""
    packed = TextEmbeddingResult(
        model="m", embeddings=[], packed=[base64_of([0.5, -1.0])], usage=embedding_usage(1)
    )
    answer = EMBEDDINGS.from_result(EMBEDDINGS.from_request(BODY), packed, ANSWER_ID)

    assert answer["data"][0]["embedding"] == [0.5, -1.0]


def test_base64_needs_no_model_that_knows_it() -> None:
    """It is made here then: the wish asks for nothing of the model."""
    ask = EMBEDDINGS.from_request({**BODY, "encoding_format": "base64", "dimensions": 8})

    assert told(ask.wishes, frozenset({"dimensions"})).extras == {"dimensions": 8}
    with pytest.raises(InvokeBadRequestError, match=r"^dimensions: "):
        told(ask.wishes, frozenset())
