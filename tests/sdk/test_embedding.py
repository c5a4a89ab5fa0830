"""Embedding models: any number of texts, split, sent at once, in order, a failed part tried again alone."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sdk.kit import PRICES, Proven, make

from modelbay.entities import (
    EmbeddingInputType,
    EmbeddingUsage,
    MultiModalContent,
    MultiModalContentType,
    MultiModalEmbeddingResult,
    TextEmbeddingResult,
)
from modelbay.errors import (
    InvokeBadRequestError,
    InvokeConnectionError,
    InvokeError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
)
from modelbay.sdk import TextEmbeddingModel
from modelbay.sdk.batches import Limits, batches_of
from modelbay.wires.usage import embedding_usage


def embedded(texts: Sequence[str], usage: EmbeddingUsage | None = None) -> TextEmbeddingResult:
    """Return vectors that tell which text they are for; one token a text."""
    vectors = [[float(len(text)), float(sum(map(ord, text)))] for text in texts]
    return TextEmbeddingResult(model="m", embeddings=vectors, usage=usage or embedding_usage(len(texts)))


class Embedder(Proven, TextEmbeddingModel):
    """Records its requests; fails as told."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.requests: list[list[str]] = []
        self.failures: list[Exception] = []

    def _invoke(
        self, model: str, credentials: dict[str, Any], texts: list[str], *rest: Any
    ) -> TextEmbeddingResult:
        self.requests.append(list(texts))
        self.rest = rest
        if self.failures and "bad" in texts:
            raise self.failures.pop(0)
        return embedded(texts)


@given(
    texts=st.lists(st.text(max_size=12), max_size=30),
    most=st.integers(1, 8),
    in_all=st.none() | st.integers(1, 40),
)
def test_batches_hold_every_text_once_in_order_and_within_the_limits(
    texts: list[str], most: int, in_all: int | None
) -> None:
    """A text lost or moved here would give somebody else's vector."""
    batches = batches_of(texts, Limits(texts=most, request_tokens=in_all))

    assert [text for batch in batches for text in batch] == texts
    assert all(0 < len(batch) <= most for batch in batches)
    if in_all is not None:
        assert all(len(b) == 1 or sum(len(t.encode()) for t in b) <= in_all for b in batches)


@given(texts=st.lists(st.text(max_size=5), max_size=20), most=st.integers(1, 6))
async def test_every_text_gets_its_own_vector(texts: list[str], most: int) -> None:
    """Whatever the split, vector i is for text i, and the usage is that of all requests."""
    model = make(Embedder, {"max_chunks": most})
    result = await model.invoke("m", {}, texts)

    assert result.embeddings == embedded(texts).embeddings
    assert result.usage.tokens == len(texts)
    assert all(len(request) <= most for request in model.requests)


async def test_order_is_kept_when_later_parts_answer_first() -> None:
    """Answers come in any order."""

    class Backwards(Proven, TextEmbeddingModel):
        waiting = 0

        async def _invoke(self, model: str, credentials: Any, texts: list[str], *_: Any) -> Any:
            place = self.waiting
            self.waiting += 1
            for _turn in range(20 - 4 * place):
                await asyncio.sleep(0)
            return embedded(texts)

    texts = ["a", "bb", "ccc", "dddd"]
    result = await make(Backwards, {"max_chunks": 1}).invoke("m", {}, texts)
    assert result.embeddings == embedded(texts).embeddings


async def test_requests_go_out_together_but_no_more_than_allowed() -> None:
    """As fast as the upstream lets us, and no faster."""
    running = most = 0

    class Counting(Proven, TextEmbeddingModel):
        requests_at_once = 3

        async def _invoke(self, model: str, credentials: Any, texts: list[str], *_: Any) -> Any:
            nonlocal running, most
            running += 1
            most = max(most, running)
            for _turn in range(5):
                await asyncio.sleep(0)
            running -= 1
            return embedded(texts)

    await make(Counting, {"max_chunks": 1}).invoke("m", {}, ["x"] * 20)
    assert most == 3


async def test_an_undeclared_limit_is_one_text_a_request() -> None:
    """The plugin format's default; more might be refused."""
    model = make(Embedder)
    await model.invoke("m", {}, ["a", "b"])
    assert sorted(model.requests) == [["a"], ["b"]]


async def test_requests_stay_within_the_tokens_that_one_may_have() -> None:
    """Some upstreams limit the tokens of a whole request."""
    model = make(Embedder, {"max_chunks": 10, "max_tokens_per_request": 10})
    await model.invoke("m", {}, ["aaaa", "bbbb", "cccc", "d"])
    assert sorted(model.requests) == [["aaaa", "bbbb"], ["cccc", "d"]]


@pytest.mark.parametrize("error", [InvokeRateLimitError("busy"), ConnectionResetError("gone")])
async def test_a_failed_part_is_tried_again_alone(error: Exception) -> None:
    """Ten thousand texts must not be paid twice because one request broke."""
    model = make(Embedder, {"max_chunks": 1})
    model.failures = [error]
    result = await model.invoke("m", {}, ["a", "bad", "c"])

    assert result.embeddings == embedded(["a", "bad", "c"]).embeddings
    assert Counter(text for (text,) in model.requests) == {"a": 1, "bad": 2, "c": 1}


async def test_a_librarys_error_that_passes_is_tried_again_too() -> None:
    """Whether an error passes is known by the class that it is mapped to."""

    class Mapped(Embedder):
        @property
        def _invoke_error_mapping(self) -> Mapping[type[InvokeError], Sequence[type[Exception]]]:
            return {InvokeServerUnavailableError: [KeyError]}

    model = make(Mapped, {"max_chunks": 1})
    model.failures = [KeyError("busy")]
    await model.invoke("m", {}, ["a", "bad"])

    assert Counter(text for (text,) in model.requests) == {"a": 1, "bad": 2}


async def test_a_part_that_keeps_failing_fails_the_call() -> None:
    """As often as `attempts` says, then its own error."""
    model = make(Embedder, {"max_chunks": 1})
    model.failures = [InvokeConnectionError(f"try {n}") for n in range(1, 9)]
    with pytest.raises(InvokeConnectionError, match="try 2"):
        await model.invoke("m", {}, ["a", "bad"])

    assert Counter(text for (text,) in model.requests)["bad"] == model.attempts == 2


async def test_a_final_error_fails_at_once_and_cancels_the_rest() -> None:
    """What nobody will read is not waited for."""
    cancelled: list[str] = []

    class Waiting(Proven, TextEmbeddingModel):
        async def _invoke(self, model: str, credentials: Any, texts: list[str], *_: Any) -> Any:
            if texts == ["bad"]:
                raise InvokeBadRequestError("no such input")
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.extend(texts)
                raise

    model = make(Waiting, {"max_chunks": 1})
    with pytest.raises(InvokeBadRequestError, match="no such input") as caught:
        await model.invoke("m", {}, ["a", "b", "bad", "c"])

    assert set(cancelled) <= {"a", "b", "c"}
    assert {"a", "b"} <= set(cancelled)
    assert not isinstance(caught.value.__cause__, BaseExceptionGroup)


async def test_a_text_over_the_limit_is_refused_by_name_before_anything_is_sent() -> None:
    """Nothing is ever truncated silently."""
    model = make(Embedder, {"max_chunks": 10, "context_size": 8})
    with pytest.raises(InvokeBadRequestError, match=r"texts\[1\] has .*tokens, m takes at most 8"):
        await model.invoke("m", {}, ["short", "far too long " * 20])

    assert model.requests == []


async def test_too_few_vectors_are_an_error() -> None:
    """Every following text would get its neighbour's vector."""

    class Short(Embedder):
        def _invoke(self, model: str, credentials: Any, texts: list[str], *_: Any) -> Any:
            return embedded(texts[1:])

    with pytest.raises(InvokeServerUnavailableError, match="1 vectors for 2 inputs"):
        await make(Short, {"max_chunks": 5}).invoke("m", {}, ["a", "b"])


async def test_no_texts_give_no_vectors_and_no_request() -> None:
    """The corpus may be empty."""
    model = make(Embedder, pricing=PRICES)
    result = await model.invoke("m", {}, [])

    assert (result.embeddings, result.usage.tokens, model.requests) == ([], 0, [])


async def test_tokens_are_summed_and_priced() -> None:
    """4 tokens x 2 per thousand."""
    usage = (await make(Embedder, {"max_chunks": 3}, pricing=PRICES).invoke("m", {}, list("abcd"))).usage

    assert (usage.tokens, usage.total_tokens) == (4, 4)
    assert (usage.total_price, usage.currency) == (Decimal("0.008"), "EUR")
    assert usage.latency > 0
    assert not usage.estimated


async def test_prices_that_the_plugin_set_are_summed() -> None:
    """A plugin may know better what a request cost."""

    class Priced(Embedder):
        def _invoke(self, model: str, credentials: Any, texts: list[str], *_: Any) -> Any:
            usage = embedding_usage(5).model_copy(update={"total_price": Decimal("0.25"), "currency": "CHF"})
            return embedded(texts, usage)

    usage = (await make(Priced, pricing=PRICES).invoke("m", {}, ["a", "b", "c"])).usage
    assert (usage.tokens, usage.total_price, usage.currency) == (15, Decimal("0.75"), "CHF")


@pytest.mark.parametrize("counted", [0, 4])
async def test_estimated_usage_stays_marked(counted: int) -> None:
    """Counted here where the upstream was silent (0), or by the plugin (4 a request)."""

    class Silent(Embedder):
        def _invoke(self, model: str, credentials: Any, texts: list[str], *_: Any) -> Any:
            return embedded(texts, embedding_usage(counted, estimated=True))

    model, texts = make(Silent), ["one two", "three"]
    usage = (await model.invoke("m", {}, texts)).usage
    assert usage.estimated
    assert usage.tokens == (8 if counted else sum(model.get_num_tokens("m", {}, texts)))


async def test_a_plugin_that_changes_its_credentials_does_so_for_one_request_only() -> None:
    """Several plugins append to the endpoint in place: twice would be a wrong address."""

    class Appending(Embedder):
        def _invoke(self, model: str, credentials: Any, texts: list[str], *_: Any) -> Any:
            credentials["url"] += "/v1"
            self.requests.append([credentials["url"]])
            return embedded(texts)

    model = make(Appending)
    credentials = {"url": "http://x"}
    await model.invoke("m", credentials, ["a", "b", "c"])

    assert model.requests == [["http://x/v1"]] * 3
    assert credentials == {"url": "http://x"}


async def test_a_plugin_is_called_by_position() -> None:
    """Plugins name their arguments as they like."""
    model = make(Embedder)
    await model.invoke("m", {}, ["a"], "u-1", EmbeddingInputType.QUERY)
    assert model.rest == ("u-1", EmbeddingInputType.QUERY)


async def test_images_are_embedded_where_the_plugin_can() -> None:
    """Multimodal models take texts and images in one list."""
    image = MultiModalContent(content="aGk=", content_type=MultiModalContentType.IMAGE)

    class Seeing(Embedder):
        async def _invoke_multimodal(self, model: str, credentials: Any, documents: Any, *_: Any) -> Any:
            result = embedded([document.content for document in documents])
            return MultiModalEmbeddingResult.model_construct(**dict(result))

    result = await make(Seeing, pricing=PRICES).invoke_multimodal("m", {}, [image])
    assert isinstance(result, MultiModalEmbeddingResult)
    assert (len(result.embeddings), result.usage.total_price) == (1, Decimal("0.002"))
    with pytest.raises(NotImplementedError, match="Embedder embeds text only"):
        await make(Embedder).invoke_multimodal("m", {}, [image])


def test_what_plugins_ask_of_their_base() -> None:
    """The defaults of the plugin format: 1000 tokens, one text; one count a text."""
    model = make(Embedder)
    assert (model._get_context_size("m", {}), model._get_max_chunks("m", {})) == (1000, 1)
    assert [count > 0 for count in model.get_num_tokens("m", {}, ["one two", "three"])] == [True, True]
    assert model._get_num_tokens_by_gpt2("one two") == 2
