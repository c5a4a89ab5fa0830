"""Moderation never says "safe" by accident; reranking sorts, cuts and counts alike for all plugins."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sdk.kit import PRICES, Proven, make

from modelbay.entities import Meter, ModerationResult, MultiModalContent, RerankDocument, RerankResult
from modelbay.errors import InvokeBadRequestError, InvokeError, InvokeRateLimitError
from modelbay.sdk import ModerationModel, RerankModel
from modelbay.wires.usage import call_usage


class Judge(Proven, ModerationModel):
    """Finds the word "bad"; fails at the word "fail"."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.parts: list[str] = []

    def _invoke(self, model: str, credentials: dict[str, Any], text: str, user: str | None = None) -> Any:
        self.parts.append(text)
        if "fail" in text:
            raise InvokeRateLimitError("busy")
        return "bad" in text


class CategoryJudge(Judge):
    async def _invoke(self, *args: Any) -> Any:
        flagged = super()._invoke(*args)
        usage = call_usage(1, Meter.CALL).model_copy(update={"total_price": Decimal("0.5")})
        return ModerationResult(result=flagged, categories=["worse", "bad"] if flagged else [], usage=usage)


LONG = "Fine words here. " * 5 + "A bad one here. " + "More fine words. " * 5


async def test_a_text_is_harmful_if_one_of_its_parts_is() -> None:
    """What does not fit one request is judged in parts that together are the text."""
    model = make(Judge, {"max_characters_per_chunk": 40})
    result = await model.invoke("m", {}, LONG)

    assert result.flagged
    assert len(model.parts) > 3
    assert all(len(part) <= 40 for part in model.parts)
    assert sorted("".join(model.parts)) == sorted(LONG)


async def test_a_harmless_text_is_not_flagged() -> None:
    """Without a limit a text is one part."""
    model = make(Judge)
    assert not (await model.invoke("m", {}, LONG.replace("bad", "good"))).flagged
    assert len(model.parts) == 1


async def test_an_empty_text_is_judged_too() -> None:
    """The upstream decides, not we."""
    model = make(Judge, {"max_characters_per_chunk": 40})
    assert not (await model.invoke("m", {}, "")).flagged
    assert model.parts == [""]


@pytest.mark.parametrize("text", ["fail", LONG + "fail", LONG.replace("bad", "fail")])
async def test_a_part_that_could_not_be_judged_is_an_error(text: str) -> None:
    """A moderation outage must never read as "safe", and not as "harmful" either."""
    with pytest.raises(InvokeRateLimitError, match="busy"):
        await make(Judge, {"max_characters_per_chunk": 40}).invoke("m", {}, text)


@pytest.mark.parametrize("answer", [None, 0, "safe"])
async def test_an_answer_that_is_no_judgement_is_an_error(answer: object) -> None:
    """A plugin that forgets to return says None, which must not read as "safe"."""

    class Forgetful(Judge):
        def _invoke(self, *_: Any) -> Any:
            return answer

    with pytest.raises(InvokeError, match="not with a judgement"):
        await make(Forgetful).invoke("m", {}, "x")


async def test_a_part_without_a_judgement_is_an_error() -> None:
    """A plugin that judges several parts in one request may lose one."""

    class Losing(Judge):
        async def _judge(self, *_: Any) -> list[Any]:
            return [False]

    with pytest.raises(InvokeError, match="1 judgements for"):
        await make(Losing, {"max_characters_per_chunk": 40}).invoke("m", {}, LONG)


async def test_categories_are_those_of_all_parts() -> None:
    """Sorted and once each; prices that the plugin set are summed."""
    result = await make(CategoryJudge, {"max_characters_per_chunk": 40}).invoke("m", {}, LONG)

    assert result.categories == ["bad", "worse"]
    assert result.usage is not None
    assert result.usage.quantity > 3
    assert result.usage.total_price == result.usage.quantity * Decimal("0.5")


async def test_a_moderation_without_usage_is_priced_by_its_characters() -> None:
    """2 per thousand characters."""
    result = await make(Judge, pricing={**PRICES, "meter": "character"}).invoke("m", {}, "x" * 500)

    assert result.usage is not None
    assert (result.usage.quantity, result.usage.total_price) == (Decimal(500), Decimal(1))


async def test_parts_are_judged_together_but_no_more_than_allowed() -> None:
    """Bounded concurrency, as for embeddings."""
    running = most = 0

    class Counting(Judge):
        requests_at_once = 2

        async def _invoke(self, *_: Any) -> bool:
            nonlocal running, most
            running += 1
            most = max(most, running)
            for _turn in range(5):
                await asyncio.sleep(0)
            running -= 1
            return False

    await make(Counting, {"max_characters_per_chunk": 20}).invoke("m", {}, LONG)
    assert most == 2


# rerank

SCORES = {"low": 0.1, "middle": 0.5, "high": 0.9, "as high": 0.9}


class Ranker(Proven, RerankModel):
    """Answers in the order of the documents, as upstreams may."""

    usage: Any = None

    def _invoke(
        self, model: str, credentials: dict[str, Any], query: str, docs: list[str], *rest: Any
    ) -> Any:
        self.got = (model, credentials, query, docs, *rest)
        ranked = [RerankDocument(index=n, text=doc, score=SCORES[doc]) for n, doc in enumerate(docs)]
        docs.clear()
        return RerankResult(model="m", docs=ranked, usage=self.usage)


async def ranked(*docs: str, **options: Any) -> list[str]:
    return [doc.text for doc in (await make(Ranker).invoke("m", {}, "q", docs, **options)).docs]


@given(docs=st.lists(st.sampled_from(sorted(SCORES)), max_size=8), top_n=st.none() | st.integers(0, 9))
async def test_documents_come_best_first(docs: list[str], top_n: int | None) -> None:
    """Equal scores keep the caller's order; 0 and None mean all."""
    result = await make(Ranker).invoke("m", {}, "q", docs, top_n=top_n)

    expected = sorted(range(len(docs)), key=lambda place: -SCORES[docs[place]])[: top_n or None]
    assert [doc.index for doc in result.docs] == expected


async def test_documents_below_the_threshold_are_left_out() -> None:
    """The threshold itself is enough; a threshold of 0 is one."""
    assert await ranked("low", "middle", "high", score_threshold=0.5) == ["high", "middle"]
    assert await ranked("low", score_threshold=0.0) == ["low"]
    assert await ranked("low", score_threshold=0.95) == []
    assert await ranked("low", "middle", "high", score_threshold=0.5, top_n=1) == ["high"]


async def test_a_negative_number_of_documents_is_refused() -> None:
    """As a slice it would cut off the last one."""
    with pytest.raises(InvokeBadRequestError, match="top_n is -1"):
        await ranked("low", "high", top_n=-1)


async def test_a_ranking_plugin_is_called_by_position() -> None:
    """One plugin in the wild calls the documents `documents`; what it does to the list stays its own."""
    model = make(Ranker)
    docs = ["low", "high"]
    await model.invoke("m", {"api_key": "k"}, "q", docs, 0.2, 0, "u-1")

    assert model.got == ("m", {"api_key": "k"}, "q", [], 0.2, None, "u-1")
    assert docs == ["low", "high"]


async def test_no_documents_need_no_request() -> None:
    """Upstreams refuse an empty list."""
    model = make(Ranker)
    assert (await model.invoke("m", {}, "q", [])).docs == []
    assert not hasattr(model, "got")


async def test_a_ranking_is_priced_where_the_upstream_counts() -> None:
    """3 searches x 2 per thousand; without a count there is no usage to price."""
    model = make(Ranker, pricing={**PRICES, "meter": "search"})
    model.usage = call_usage(3, Meter.SEARCH)
    usage = (await model.invoke("m", {}, "q", ["low"])).usage

    assert usage is not None
    assert (usage.total_price, usage.currency) == (Decimal("0.006"), "EUR")
    assert (await make(Ranker).invoke("m", {}, "q", ["low"])).usage is None


async def test_errors_of_a_ranking_are_mapped() -> None:
    """A document that the plugin does not know raises KeyError in it."""
    with pytest.raises(InvokeError, match="acme/m: KeyError: 'unheard of'"):
        await ranked("unheard of")


async def test_images_are_ranked_only_where_the_plugin_can() -> None:
    """The error names the class, for its author."""
    content = MultiModalContent(content="x")
    with pytest.raises(NotImplementedError, match="Ranker ranks text only"):
        await make(Ranker).invoke_multimodal("m", {}, content, [content])
