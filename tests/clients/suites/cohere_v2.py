# mypy: ignore-errors
"""The Cohere SDK on vectors and rerank, and when things go wrong."""

import cohere
import pytest
from cohere.core.api_error import ApiError

DOCUMENTS = ["A fjord is deep.", "A bay is a body of water.", "Bread is baked."]


@pytest.fixture
def client(target):
    with cohere.ClientV2(base_url=target.url, api_key=target.key) as client:
        yield client


@pytest.mark.ability("embeddings")
def test_texts_are_embedded(client, target):
    answer = client.embed(
        model=target.models["embeddings"],
        texts=["a bay", "a fjord"],
        input_type="search_document",
        embedding_types=["float"],
    )

    assert len(answer.embeddings.float_) == 2
    assert answer.embeddings.float_[0] != answer.embeddings.float_[1]
    assert answer.texts == ["a bay", "a fjord"]


@pytest.mark.ability("embeddings")
async def test_texts_are_embedded_without_blocking(target):
    async with cohere.AsyncClientV2(base_url=target.url, api_key=target.key) as client:
        answer = await client.embed(
            model=target.models["embeddings"],
            texts=["a bay"],
            input_type="search_query",
            embedding_types=["float"],
        )

    assert len(answer.embeddings.float_) == 1


@pytest.mark.ability("rerank")
def test_documents_are_ranked(client, target):
    answer = client.rerank(
        model=target.models["rerank"], query="What is a bay of water?", documents=DOCUMENTS, top_n=2
    )

    assert answer.results[0].index == 1
    assert len(answer.results) == 2
    assert answer.results[0].relevance_score >= answer.results[1].relevance_score


@pytest.mark.ability("rerank")
async def test_documents_are_ranked_without_blocking(target):
    async with cohere.AsyncClientV2(base_url=target.url, api_key=target.key) as client:
        answer = await client.rerank(model=target.models["rerank"], query="bay", documents=DOCUMENTS)

    assert len(answer.results) == 3


@pytest.mark.ability("rerank")
def test_the_older_client_ranks_too(target):
    with cohere.Client(base_url=target.url, api_key=target.key) as client:
        answer = client.rerank(
            model=target.models["rerank"],
            query="What is a bay of water?",
            documents=DOCUMENTS,
            return_documents=True,
        )

    assert answer.results[0].document.text == DOCUMENTS[1]


@pytest.mark.ability("errors")
def test_a_wrong_key_is_told(target):
    with (
        cohere.ClientV2(base_url=target.url, api_key="wrong") as client,
        pytest.raises(cohere.UnauthorizedError),
    ):
        client.rerank(model=target.models["rerank"], query="bay", documents=DOCUMENTS)


@pytest.mark.ability("errors")
def test_an_unknown_model_is_told(client):
    with pytest.raises(cohere.NotFoundError) as told:
        client.rerank(model="nobody/nothing", query="bay", documents=DOCUMENTS)

    assert "nobody/nothing" in told.value.body["message"]


@pytest.mark.ability("errors")
def test_a_bad_field_is_named(client, target):
    with pytest.raises(ApiError) as told:
        client.rerank(model=target.models["rerank"], query="bay", documents="a bay")

    assert told.value.status_code in {400, 422}
    assert "documents" in told.value.body["message"]


@pytest.mark.ability("faults")
def test_a_rate_limit_that_passes_is_waited_for(client, target, upstream):
    upstream.fails("retry-after:1", times=1)

    answer = client.rerank(
        model=target.models["rerank"],
        query="bay",
        documents=DOCUMENTS,
        request_options={"max_retries": 3},
    )

    assert len(answer.results) == 3


@pytest.mark.ability("faults")
@pytest.mark.parametrize(
    ("fault", "kind"), [("429", cohere.TooManyRequestsError), ("503", cohere.ServiceUnavailableError)]
)
def test_a_failure_is_told_in_its_class(client, target, upstream, fault, kind):
    upstream.fails(fault)

    with pytest.raises(kind):
        client.rerank(
            model=target.models["rerank"],
            query="bay",
            documents=DOCUMENTS,
            request_options={"max_retries": 0},
        )
