"""Relevance as Cohere clients ask for it, in both versions of the API."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wires.serving_checks import ANSWER_ID, any_body, complaint, refused_or_read, told
from tests.wires.wire_checks import ENDPOINT

from modelbay.entities import CallUsage, Meter, RerankDocument, RerankResult
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.cohere.rerank import RerankDialect
from modelbay.wires.cohere.serving import RERANK_V1, RERANK_V2
from modelbay.wires.family import RerankCall
from modelbay.wires.serving import RerankAsk
from modelbay.wires.usage import call_usage

WIRE = RerankDialect()
BODY = {"model": "rerank-v3.5", "query": "q", "documents": ["a", "b"]}
NAMES = ("model", "query", "documents", "top_n", "max_tokens_per_doc", "rank_fields", "return_documents")
OF_COHERE = {"max_tokens_per_doc": 512}  # a word that Jina does not have
SEARCH = call_usage(1, Meter.SEARCH)


def result_of(ask: RerankAsk, usage: CallUsage | None = SEARCH) -> RerankResult:
    """Return a result in which every document is better than the one before."""
    docs = [RerankDocument(index=index, text=text, score=index / 8) for index, text in enumerate(ask.docs)]
    return RerankResult(model="rerank-v3.5", docs=docs[::-1], usage=usage)


@given(
    st.fixed_dictionaries(
        {
            "model": st.just("rerank-v3.5"),
            "query": st.text(max_size=8),
            "documents": st.lists(st.text(max_size=8), min_size=1, max_size=3),
        },
        optional={
            "top_n": st.integers(1, 3),
            "max_tokens_per_doc": st.integers(1, 4096),
            "priority": st.integers(0, 999),
        },
    )
)
def test_a_request_comes_out_as_it_went_in(body: dict[str, Any]) -> None:
    """What nobody here knows (`priority`) goes along to an upstream of the same dialect."""
    ask = RERANK_V2.from_request(body)
    fitted = told(ask.wishes, WIRE.takes, same_dialect=True)
    call = RerankCall(
        ask.model, ask.query, ask.docs, ask.top_n, parameters={**fitted.extras, **fitted.fields}
    )

    assert WIRE.to_request(call, ENDPOINT).json == body


@given(st.lists(st.text(max_size=8), min_size=1, max_size=4), st.sampled_from([Meter.SEARCH, Meter.TOKEN]))
def test_an_answer_is_read_as_the_result_it_was_written_from(texts: list[str], meter: Meter) -> None:
    """An upstream of the same dialect answers as we do, in either version."""
    for face in (RERANK_V2, RERANK_V1):
        ask = face.from_request({**BODY, "documents": texts})
        result = result_of(ask, call_usage(3, meter))
        body = face.from_result(ask, result, ANSWER_ID)

        assert WIRE.to_result(RerankCall("rerank-v3.5", "q", texts), body) == result


def test_the_second_version_never_quotes_documents() -> None:
    """The client has them."""
    ask = RERANK_V2.from_request(BODY)
    body = RERANK_V2.from_result(ask, result_of(ask), ANSWER_ID)

    assert complaint("cohere.schemas.json", "V2RerankResponse", body) is None
    assert body == {
        "id": ANSWER_ID,
        "results": [{"index": 1, "relevance_score": 0.125}, {"index": 0, "relevance_score": 0.0}],
        "meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}},
    }


def test_the_first_version_quotes_what_was_sent_on_demand() -> None:
    """Objects with all their fields."""
    documents = [{"text": "a", "url": "u"}, "b"]
    body = {**BODY, **OF_COHERE, "documents": documents}
    asks = [RERANK_V1.from_request({**body, "return_documents": quotes}) for quotes in (True, None)]
    quoted, bare = (RERANK_V1.from_result(ask, result_of(ask), ANSWER_ID) for ask in asks)

    assert asks[0].docs == ["a", "b"]
    assert [row["document"] for row in quoted["results"]] == [{"text": "b"}, {"text": "a", "url": "u"}]
    assert all("document" not in row for row in bare["results"])
    assert (quoted["id"], quoted["meta"]["api_version"]) == (ANSWER_ID, {"version": "1"})


def test_documents_are_ranked_by_the_fields_named() -> None:
    """In that order; what is no text is written as JSON, and what a document lacks is left out."""
    documents = [{"title": "T", "pages": 3, "secret": "s"}, {"title": "U"}, "plain"]
    ask = RERANK_V1.from_request({**BODY, "documents": documents, "rank_fields": ["pages", "title"]})

    assert ask.docs == ["pages: 3\ntitle: T", "title: U", "plain"]


def test_an_old_parameter_is_refused_unless_it_asks_for_nothing() -> None:
    """The second version, which upstreams speak, does not have it."""
    default = RERANK_V1.from_request({**BODY, "max_chunks_per_doc": 10})
    other = RERANK_V1.from_request({**BODY, "max_chunks_per_doc": 3})

    assert told(default.wishes, WIRE.takes).fields == {}
    with pytest.raises(InvokeBadRequestError, match=r"^max_chunks_per_doc: "):
        told(other.wishes, WIRE.takes)
    assert told(other.wishes, WIRE.takes, drop=True).dropped == ["max_chunks_per_doc"]


@pytest.mark.parametrize(
    ("usage", "units"),
    [
        (call_usage(Decimal("1.5"), Meter.SEARCH), {"search_units": 1.5}),
        (call_usage(9, Meter.TOKEN), {"input_tokens": 9}),
        (call_usage(9, Meter.CHARACTER), {}),
        (None, {}),
    ],
)
def test_what_was_billed_is_said_in_the_measure_it_was_billed_in(
    usage: CallUsage | None, units: dict[str, Any]
) -> None:
    """A number that is made up would end on somebody's bill."""
    ask = RERANK_V2.from_request(BODY)

    assert RERANK_V2.from_result(ask, result_of(ask, usage), ANSWER_ID)["meta"]["billed_units"] == units


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"model": None}, "model"),
        ({"query": None}, "query"),
        ({"documents": None}, "documents"),
        ({"documents": ["a", 3]}, r"documents\[1\]"),
        ({"documents": [{"title": "a"}]}, r"documents\[0\]\.text"),
        ({"top_n": 0}, "top_n"),
        ({"max_tokens_per_doc": "many"}, "max_tokens_per_doc"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(change: dict[str, Any], field: str) -> None:
    """The client's developer has to find it."""
    for face in (RERANK_V1, RERANK_V2):
        with pytest.raises(InvokeBadRequestError, match=f"^{field}: "):
            face.from_request({**BODY, **change})


@given(any_body(NAMES, BODY))
def test_nonsense_is_the_clients_mistake(body: Any) -> None:
    """Never a failure of ours."""
    refused_or_read(RERANK_V1.from_request, body)
    refused_or_read(RERANK_V2.from_request, body)
