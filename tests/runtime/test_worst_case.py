"""The worst case: nothing that a call can turn out to be costs more than what was held for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelbay.entities import (
    AIModelEntity,
    CallUsage,
    Meter,
    ModelType,
    PriceConfig,
)
from modelbay.runtime.worst_case import Size, size_of, worst_case
from modelbay.sdk.prices import exact_price
from modelbay.wires.usage import embedding_usage, llm_usage

RATES = st.decimals("0", "200", places=4)
MAYBE = st.none() | RATES
PAID, KEPT = ("input", "output"), ("cached", "cache_write")
TEMPLATE = 512


def a_model(*rules: dict[str, Any], context: int | None = None, **facts: Any) -> AIModelEntity:
    """Return a model as its plugin declares it."""
    properties = {} if context is None else {"context_size": context}
    declared = {"model": "m", "label": {"en_US": "m"}, "model_type": "llm", "model_properties": properties}
    return AIModelEntity.model_validate({**declared, "parameter_rules": list(rules), **facts})


def most(limit: int | None, name: str = "max_tokens", **facts: Any) -> dict[str, Any]:
    """Return the rule that bounds an answer."""
    return {"name": name, "label": {"en_US": name}, "type": "int", "max": limit, **facts}


@st.composite
def prices(draw: st.DrawFn) -> PriceConfig:
    """Return prices, with or without rates of their own for what is cached, and for long prompts."""
    tiers = [
        {
            "above": above,
            "input": draw(RATES),
            "output": draw(RATES),
            "cached": draw(MAYBE),
            "cache_write": draw(MAYBE),
        }
        for above in draw(st.lists(st.integers(1, 5_000), max_size=2, unique=True))
    ]
    rates = {name: draw(RATES) for name in PAID} | {name: draw(MAYBE) for name in KEPT}
    return PriceConfig.model_validate(rates | {"unit": "0.000001", "currency": "USD", "tiers": tiers})


def priced(pricing: PriceConfig, meter: Meter) -> PriceConfig:
    """Return prices per something else."""
    return pricing.model_copy(update={"meter": meter, "tiers": []})


@given(prices(), st.integers(0, 20_000), st.integers(1, 5_000), st.integers(1, 4), st.booleans(), st.data())
def test_no_usage_within_the_bounds_costs_more(
    pricing: PriceConfig, size: int, asked: int, times: int, tools: bool, data: st.DataObject
) -> None:
    """Of whatever kind the prompt's tokens are, however long each of the answers becomes."""
    parameters = {"max_tokens": asked, "n": times}
    worst = worst_case(a_model(most(8192)), pricing, ModelType.LLM, Size(size, tools=tools), parameters)
    prompt = data.draw(st.integers(0, size + TEMPLATE))
    cached = data.draw(st.integers(0, prompt))
    written = data.draw(st.integers(0, prompt - cached))
    completion = data.draw(st.integers(0, asked * times))
    usage = llm_usage(prompt=prompt, completion=completion).model_copy(
        update={"cached_tokens": cached, "cache_write_tokens": written}
    )
    truth = exact_price(usage, pricing)

    assert truth is not None
    assert worst.price is not None
    assert truth <= worst.price
    assert worst.tokens is not None
    assert prompt + completion <= worst.tokens
    assert worst.currency == "USD"


@pytest.mark.parametrize(
    ("parameters", "completion"),
    [
        ({}, 4096),
        ({"max_tokens": 10}, 10),
        ({"max_tokens": 10, "n": 3}, 30),
        ({"max_tokens": 10, "n": 2, "best_of": 5}, 50),
        ({"max_tokens": 10, "n": 0}, 10),
        ({"max_tokens": True}, 4096),
        ({"max_tokens": "10"}, 4096),
        ({"max_tokens": -1}, 4096),
        ({"max_tokens": 0.5}, 4096),
        ({"max_output_tokens": 1}, 4096),
        ({"max_completion_tokens": 1}, 4096),
    ],
)
def test_an_answer_is_as_long_as_the_model_was_told(parameters: Mapping[str, Any], completion: int) -> None:
    """By a name that it heeds; a field that some other API has shortens nothing."""
    worst = worst_case(a_model(most(4096)), None, ModelType.LLM, Size(0), parameters)

    assert worst.tokens == TEMPLATE + completion


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        (a_model(most(50, "num_predict", use_template="max_tokens")), TEMPLATE + 50),
        (a_model(most(None), context=900), TEMPLATE + 900),
        (a_model(context=900), TEMPLATE + 900),
        (a_model(most(50), context=100), 100 + 50),
        (a_model(most(None)), None),
        (a_model(), None),
        (None, None),
    ],
)
def test_what_nobody_bounds_has_no_worst_case(model: AIModelEntity | None, tokens: int | None) -> None:
    """Else the model's own longest answer bounds it, or all that it can hold at once."""
    worst = worst_case(model, None, ModelType.LLM, Size(0), {})

    assert (worst.tokens, worst.price) == (tokens, None)


def test_an_answer_without_a_price_has_none() -> None:
    """Not even the price of the question."""
    pricing = PriceConfig(input=Decimal(1), unit=Decimal(1), currency="USD")
    assert worst_case(a_model(most(5)), pricing, ModelType.LLM, Size(0), {}).price is None


OPAQUE = [
    [{"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}],
    [{"type": "image", "source": {"type": "url", "url": "https://x.example/a.png"}}],
    [{"type": "document", "source": {"type": "url", "url": "https://x.example/a.pdf"}}],
    [{"type": "input_file", "file_id": "file-1"}],
    [{"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}],
    [{"type": "video_url", "video_url": {"url": "https://x.example/a.mp4"}}],
]


@pytest.mark.parametrize("content", OPAQUE, ids=lambda content: content[0]["type"])
@pytest.mark.parametrize("hidden", [False, True])
def test_what_is_no_text_may_fill_all_that_the_model_can_read(content: Any, hidden: bool) -> None:
    """Its address is short; also one whose letters are written as escapes."""
    raw = orjson.dumps({"messages": [{"role": "user", "content": content}]})
    if hidden:
        for letter in b"ifdv":
            raw = raw.replace(b'"%c' % letter, b'"\\u00%02x' % letter)
    worst = worst_case(a_model(most(10), context=9_000), None, ModelType.LLM, size_of(raw), {})

    assert size_of(raw).opaque
    assert worst.tokens == 9_010
    assert worst_case(a_model(most(10)), None, ModelType.LLM, size_of(raw), {}).tokens is None


@given(st.text(alphabet=st.characters(exclude_characters='"', exclude_categories=["Cs"])))
def test_text_is_no_picture(text: str) -> None:
    """Whatever is said, in whatever language: also by clients that escape all that is not ASCII."""
    content = f"Say: {text}"
    for raw in (orjson.dumps({"content": content}), json.dumps({"content": content}).encode()):
        assert not size_of(raw).opaque
        assert size_of(raw).size == len(raw)


@pytest.mark.parametrize("name", ["tools", "functions"])
def test_tools_are_read_too(name: str) -> None:
    """Providers write words of their own around them."""
    assert size_of(orjson.dumps({name: []})).tools
    assert not size_of(b'{"messages": []}').tools


@given(prices(), st.integers(0, 50_000), st.data())
def test_texts_to_embed_have_no_more_tokens_than_bytes(
    pricing: PriceConfig, size: int, data: st.DataObject
) -> None:
    """A token is a byte at least."""
    pricing = priced(pricing, Meter.TOKEN)
    worst = worst_case(None, pricing, ModelType.TEXT_EMBEDDING, Size(size, items=3), {})
    tokens = data.draw(st.integers(0, size))
    truth = exact_price(embedding_usage(tokens), pricing)

    assert truth is not None
    assert worst.price is not None
    assert truth <= worst.price
    assert worst.tokens == size


@given(prices(), st.lists(st.integers(1, 9_000), min_size=1, max_size=400), st.data())
def test_no_meter_counts_more_than_was_held(
    pricing: PriceConfig, sizes: list[int], data: st.DataObject
) -> None:
    """Characters, minutes, searches, calls: each of the most that its input can be."""
    total = sum(sizes)
    parts = sum(-(-each // 500) for each in sizes)  # a document of more than 500 tokens counts as several
    most_of = {
        Meter.CHARACTER: Decimal(total),
        Meter.MINUTE: Decimal(total) / 30_000,
        Meter.SEARCH: Decimal(-(-parts // 100)),
        Meter.CALL: Decimal(len(sizes)),
    }
    meter = data.draw(st.sampled_from(sorted(most_of)))
    quantity = data.draw(st.decimals(0, most_of[meter], places=3) if most_of[meter] else st.just(Decimal(0)))
    pricing = priced(pricing, meter)
    worst = worst_case(None, pricing, ModelType.RERANK, Size(total, items=len(sizes)), {})
    truth = exact_price(CallUsage(quantity=quantity, meter=meter), pricing)

    assert truth is not None
    assert worst.price is not None
    assert truth <= worst.price
    assert worst.tokens == 0
