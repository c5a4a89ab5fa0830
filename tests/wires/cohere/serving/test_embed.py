"""Vectors as Cohere clients ask for them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.upstreams.cohere import CohereUpstream
from tests.wires.serving_checks import ANSWER_ID, any_body, complaint, refused_or_read, told
from tests.wires.wire_checks import ENDPOINT, refusal_of

from modelbay.entities import EmbeddingInputType, MultiModalContentType, TextEmbeddingResult
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.cohere.embeddings import EmbedDialect
from modelbay.wires.cohere.serving import EMBED, ERRORS
from modelbay.wires.family import EmbeddingCall
from modelbay.wires.usage import embedding_usage

WIRE = EmbedDialect()
BODY = {"model": "embed-v4.0", "texts": ["a", "b"], "input_type": "search_document"}
NAMES = (
    *("model", "texts", "images", "inputs", "input_type", "embedding_types", "output_dimension", "truncate"),
)
RESULT = TextEmbeddingResult(model="embed-v4.0", embeddings=[[0.5, -1.0]], usage=embedding_usage(3))


def call_of(body: dict[str, Any]) -> EmbeddingCall:
    """Return the call of an upstream that speaks as the client does."""
    ask = EMBED.from_request(body)
    fitted = told(ask.wishes, WIRE.takes, same_dialect=True)
    inputs: list[Any] = list(ask.inputs)
    return EmbeddingCall(ask.model, inputs, ask.input_type, parameters={**fitted.extras, **fitted.fields})


@given(
    st.fixed_dictionaries(
        {
            "model": st.just("embed-v4.0"),
            "texts": st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=3),
            "input_type": st.sampled_from(
                ["search_document", "search_query", "classification", "clustering"]
            ),
            "embedding_types": st.sampled_from([["float"], ["base64"]]),
            "truncate": st.sampled_from(["NONE", "START", "END"]),
        },
        optional={"output_dimension": st.sampled_from([256, 512]), "max_tokens": st.integers(1, 512)},
    )
)
def test_a_request_comes_out_as_it_went_in(body: dict[str, Any]) -> None:
    """What nobody here knows (`max_tokens`) goes along to an upstream of the same dialect."""
    request = WIRE.to_request(call_of(body), ENDPOINT)

    assert request.json == body
    assert refusal_of(CohereUpstream(), request) is None


def test_images_come_out_as_they_went_in() -> None:
    """By an address, or by their bytes."""
    urls = ["https://a.test/a.png", "data:image/png;base64,iVBORw0KGgo="]
    inputs = [{"content": [{"type": "image_url", "image_url": {"url": url}}]} for url in urls]
    inputs.append({"content": [{"type": "text", "text": "a"}]})
    body = {"model": "embed-v4.0", "inputs": inputs, "input_type": "search_document"}
    ask = EMBED.from_request({"model": "m", "images": urls, "input_type": "image"})

    assert WIRE.to_request(call_of(body), ENDPOINT).json["inputs"] == inputs
    assert [image.content for image in ask.inputs if not isinstance(image, str | list)] == urls
    assert {image.content_type for image in ask.inputs if not isinstance(image, str | list)} == {
        MultiModalContentType.IMAGE
    }


def test_what_a_text_is_for_is_known() -> None:
    """Queries and documents are told apart by every model; the other purposes are parameters."""
    ask = EMBED.from_request({**BODY, "input_type": "search_query"})
    other = EMBED.from_request({**BODY, "input_type": "clustering"})

    assert ask.input_type is EmbeddingInputType.QUERY
    assert told(other.wishes, WIRE.takes).extras == {"task": "clustering"}
    with pytest.raises(InvokeBadRequestError, match=r"^input_type: "):
        told(other.wishes, frozenset())


@pytest.mark.parametrize("forms", [None, ["float"], ["base64"], ["float", "base64"]])
def test_vectors_are_answered_in_every_form_asked_for(forms: list[str] | None) -> None:
    """The texts come back beside them, as the API has it."""
    ask = EMBED.from_request({**BODY, "texts": ["a"], "embedding_types": forms})
    body = EMBED.from_result(ask, RESULT, ANSWER_ID)
    wanted = {"float": [[0.5, -1.0]], "base64": ["AAAAPwAAgL8="]}

    assert body["embeddings"] == {form: wanted[form] for form in forms or ["float"]}
    assert (body["id"], body["texts"]) == (ANSWER_ID, ["a"])
    assert body["meta"]["billed_units"] == {"input_tokens": 3}
    assert complaint("cohere.schemas.json", "EmbedByTypeResponse", body) is None


@given(
    st.lists(st.lists(st.floats(width=32, allow_nan=False), min_size=2, max_size=3), min_size=1, max_size=3)
)
def test_an_answer_is_read_as_the_result_it_was_written_from(vectors: list[list[float]]) -> None:
    """An upstream of the same dialect answers as we do."""
    result = RESULT.model_copy(update={"embeddings": vectors})
    ask = EMBED.from_request({**BODY, "texts": ["x"] * len(vectors)})
    body = EMBED.from_result(ask, result, ANSWER_ID)

    assert WIRE.to_result(EmbeddingCall("embed-v4.0", ["x"] * len(vectors)), body) == result


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"model": None}, "model"),
        ({"texts": None}, "texts"),
        ({"texts": "a"}, "texts"),
        ({"texts": ["a", 1]}, r"texts\[1\]"),
        ({"images": ["data:…"]}, "texts"),
        ({"input_type": "poem"}, "input_type"),
        ({"embedding_types": ["float", "int8"]}, r"embedding_types\[1\]"),
        ({"truncate": "MIDDLE"}, "truncate"),
        ({"output_dimension": "256"}, "output_dimension"),
        ({"texts": None, "inputs": [{"content": []}]}, r"inputs\[0\]\.content"),
        ({"texts": None, "inputs": [{"content": [{"type": "video"}]}]}, r"inputs\[0\]\.content\[0\]\.type"),
        (
            {"texts": None, "inputs": [{"content": [{"type": "image_url"}]}]},
            r"inputs\[0\]\.content\[0\]\.image_url",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(change: dict[str, Any], field: str) -> None:
    """Whole-number vectors too: they cannot be made from what other upstreams send."""
    with pytest.raises(InvokeBadRequestError, match=f"^{field}: "):
        EMBED.from_request({**BODY, **change})


@given(any_body(NAMES, BODY))
def test_nonsense_is_the_clients_mistake(body: Any) -> None:
    """Never a failure of ours."""
    refused_or_read(EMBED.from_request, body)


def test_errors_have_a_message_and_the_id_of_the_request() -> None:
    """The words are those of whoever refused."""
    assert ERRORS.from_error(InvokeBadRequestError("texts: too many"), "r-1") == {
        "id": "r-1",
        "message": "texts: too many",
    }
