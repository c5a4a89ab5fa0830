"""The tables of models against their sources: prices, limits, features."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from tests.providers.reading import SHARED, model, plugin, rule

from modelbay.entities import ModelType

STANDING = ["openai", "anthropic", "cohere", "jina"]
LEVELS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"]


def test_only_models_whose_price_is_not_known_have_none() -> None:
    """A missing price makes every call's cost unknown: the tables give the reasons."""
    unpriced = {each.model for name in STANDING for each in plugin(name).models if each.pricing is None}
    jina = {each.model for each in plugin("jina").models} - {"jina-reranker-v2-base-multilingual"}

    assert unpriced - jina == {
        "command-a-plus-05-2026",
        "gpt-4o-mini-tts",
        "gpt-4o-mini-tts-2025-03-20",
        "gpt-4o-mini-tts-2025-12-15",
        "rerank-v4.0-fast",
        "rerank-v4.0-pro",
    }
    assert jina <= unpriced


@pytest.mark.parametrize(
    ("provider", "name", "kind", "context", "price", "cached", "output"),
    [
        ("openai", "gpt-4.1-mini", "llm", 1047576, "0.4", "0.1", "1.6"),
        ("openai", "gpt-4o", "llm", 128000, "2.5", "1.25", "10"),
        ("openai", "gpt-5", "llm", 272000, "1.25", "0.125", "10"),
        ("openai", "gpt-5.6-sol", "llm", 922000, "4", "0.4", "20"),
        ("openai", "gpt-5.5-pro", "llm", 1050000, "30", None, "180"),
        ("openai", "gpt-6.1-terra", "llm", 922000, "1", "0.05", "5"),
        ("openai", "text-embedding-3-small", "text-embedding", 8191, "0.02", None, None),
        ("anthropic", "claude-haiku-4-5", "llm", 200000, "1", "0.1", "5"),
        ("anthropic", "claude-opus-5-5", "llm", 1000000, "4", "0.2", "20"),
        ("cohere", "command-r7b-12-2024", "llm", 128000, "0.0375", None, "0.15"),
        ("cohere", "embed-multilingual-light-v3.0", "text-embedding", 512, "0.1", None, None),
        ("jina", "jina-reranker-v2-base-multilingual", "rerank", 1024, "0.05", None, None),
    ],
)
def test_a_price_per_million_tokens_is_that_of_the_source(
    provider: str, name: str, kind: str, context: int, price: str, cached: str | None, output: str | None
) -> None:
    """Read again from the price lists by hand, so that a slip in the table shows."""
    declared = model(provider, name, kind)

    assert declared.property_of("context_size") == context
    assert declared.pricing is not None
    assert (declared.pricing.unit, declared.pricing.currency) == (Decimal("0.000001"), "USD")
    assert declared.pricing.input == Decimal(price)
    assert declared.pricing.cached == (Decimal(cached) if cached else None)
    assert declared.pricing.output == (Decimal(output) if output else None)


@pytest.mark.parametrize(
    ("provider", "name", "kind", "meter", "price", "unit"),
    [
        ("openai", "whisper-1", "speech2text", "minute", "0.006", "1"),
        ("openai", "gpt-transcribe", "speech2text", "minute", "0.0045", "1"),
        ("openai", "tts-1-hd", "tts", "character", "30", "0.000001"),
        ("cohere", "rerank-v3.5", "rerank", "search", "2", "0.001"),
        ("cohere", "rerank-v5.0-fast", "rerank", "token", "0.02", "0.000001"),
    ],
)
def test_what_is_not_sold_by_the_token_says_so(
    provider: str, name: str, kind: str, meter: str, price: str, unit: str
) -> None:
    """A minute billed as a token would be off by orders of magnitude."""
    pricing = model(provider, name, kind).pricing

    assert pricing is not None
    assert (pricing.meter.value, pricing.input, pricing.unit) == (meter, Decimal(price), Decimal(unit))


def test_long_prompts_have_their_own_prices() -> None:
    """Above 272,000 tokens OpenAI bills twice the input and one and a half times the output."""
    pricing = model("openai", "gpt-5.4").pricing

    assert pricing is not None
    (tier,) = pricing.tiers
    assert (tier.above, tier.input, tier.cached, tier.output) == (
        272000,
        Decimal(5),
        Decimal("0.5"),
        Decimal("22.5"),
    )


def test_writing_to_the_cache_of_claude_costs_a_quarter_more_than_reading_the_prompt() -> None:
    """The price is that of the five-minute cache, the one that `prompt_caching` asks for."""
    prices = [each.pricing for each in plugin("anthropic").models]

    assert all(price and price.cache_write == price.input * Decimal("1.25") for price in prices)


def test_speech_models_declare_voices_and_limits() -> None:
    """A voice that is not declared is refused, and a longer text is cut at sentence ends."""
    for each in plugin("openai").models:
        if each.model_type is ModelType.TTS:
            voices = [voice["mode"] for voice in each.property_of("voices")]
            assert each.property_of("default_voice") in voices
            assert len(voices) == (9 if each.model.startswith("tts-1") else 13)
            assert (each.property_of("word_limit"), each.property_of("audio_type")) == (4096, "mp3")


def test_embeddings_declare_the_limits_of_a_request() -> None:
    """OpenAI refuses more than 2048 texts or 300,000 tokens in one request."""
    properties = model("openai", "text-embedding-3-large", "text-embedding").model_properties

    assert properties == {"context_size": 8191, "max_chunks": 2048, "max_tokens_per_request": 300000}


# the tables against the sheets they were made from


def sheet_rows(name: str) -> list[list[str]]:
    """Return the rows of a sheet's table of language models, as cells."""
    path = SHARED / f"providers/{name}.md"
    if not path.is_file():
        pytest.skip("the provider sheets are not beside this checkout")
    lines = path.read_text(encoding="utf-8").splitlines()
    start = next(place for place, line in enumerate(lines) if "max output tok" in line)
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def sheet_features(cells: list[str], known: dict[str, str]) -> set[str]:
    """Return a row's features under our names."""
    said = re.split(r"[,; ]+", cells[3])
    return {known[word] for word in said if word in known}


def sheet_levels(cells: list[str]) -> list[str]:
    """Return a row's levels of effort: those beyond low, medium and high are listed."""
    found = re.search(r"effort\+([\w/]+)", cells[3])
    more = found[1].split("/") if found else []
    return [level for level in LEVELS if level in ("low", "medium", "high", *more)]


FEATURES = {
    "vision": "vision",
    "tool": "tool-call",
    "schema": "structured-output",
    "reason": "agent-thought",
    "pdf": "document",
}


@pytest.mark.parametrize("name", ["openai", "anthropic", "cohere"])
def test_a_table_has_every_model_of_its_sheet_with_the_sheets_limits_prices_and_features(name: str) -> None:
    """The sheets were checked against the providers' own documents."""
    for cells in sheet_rows(name):
        declared = model(name, cells[0].split(" ")[0])
        limit = rule(declared, "max_tokens")
        assert declared.property_of("context_size") == int(cells[1]), cells
        assert limit and limit.max == int(cells[2]), cells
        assert {str(each) for each in declared.features or []} & set(FEATURES.values()) == sheet_features(
            cells, FEATURES
        ), cells
        assert declared.deprecated == (cells[7] != "–"), cells
        if declared.pricing is None:
            assert cells[4] == "0", cells  # a trial price: not known what it costs
            continue
        assert (declared.pricing.input, declared.pricing.output) == (Decimal(cells[4]), Decimal(cells[6]))
        assert declared.pricing.cached == (None if cells[5] == "–" else Decimal(cells[5])), cells


def test_openai_models_take_the_sheets_levels_of_effort() -> None:
    """A level that a model does not know is an error at the provider."""
    for cells in sheet_rows("openai"):
        name, _, only = cells[0].partition(" ")
        declared = model("openai", name)
        effort = rule(declared, "reasoning_effort")
        if "reason" not in cells[3]:
            assert effort is None, cells
        elif name != "chat-latest":  # its one level is in the price list only
            assert effort and effort.options == sheet_levels(cells), cells
        assert ("ptool" in cells[3]) == ("multi-tool-call" in (declared.features or [])), cells
        assert (declared.wire.get("only_api") == "responses") == (
            only == "(responses)" or name == "gpt-5-pro"
        )


def test_claude_models_think_sample_and_choose_tools_as_the_sheet_says() -> None:
    """Each of these is a refusal at the provider if it is wrong."""
    for cells in sheet_rows("anthropic"):
        flags = re.split(r"[,; ]+", cells[3])
        declared = model("anthropic", cells[0])
        effort, choice = rule(declared, "reasoning_effort"), rule(declared, "tool_choice")
        style = "always" if "think-always" in flags else "adaptive" if "adaptive" in flags else "budget"
        assert declared.wire["thinking"] == style, cells
        assert declared.wire["sampling"] == ("no-sampling" not in flags), cells
        assert (rule(declared, "temperature") is None) == ("no-sampling" in flags), cells
        assert (rule(declared, "thinking") is None) == (style == "always"), cells
        assert (rule(declared, "thinking_budget") is None) == (style != "budget"), cells
        assert effort and effort.options == sheet_levels(cells), cells
        assert choice and choice.options == (["auto", "none"] if "no-forced-tool" in flags else []), cells
