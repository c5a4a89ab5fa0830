"""Counts of text: published examples, slices, awkward characters, big inputs."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelbay.sdk.tokens import TokenCount, count_text, count_text_async, gpt2_tokens, load_encoding, preload
from modelbay.sdk.tokens.slices import BLANK_BLOCK, SLICE, slices

ENCODINGS = ["o200k_base", "cl100k_base", "p50k_base", "r50k_base"]
MEGABYTE = 1_000_000


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("antidisestablishmentarianism", (6, 6, 5, 5)),
        ("2 + 2 = 4", (7, 7, 5, 5)),
        ("お誕生日おめでとう", (8, 9, 14, 14)),
    ],
)
def test_published_examples(text: str, counts: tuple[int, ...]) -> None:
    """OpenAI's cookbook, "How to count tokens with tiktoken", section 5, prints these counts."""
    assert tuple(load_encoding(name).count(text).tokens for name in ENCODINGS) == counts


@pytest.mark.parametrize(
    ("name", "text", "tokens"),
    [
        ("o200k_base", "tiktoken is great!", [83, 8251, 2488, 382, 2212, 0]),
        ("cl100k_base", "tiktoken is great!", [83, 1609, 5963, 374, 2294, 0]),
        ("r50k_base", "hello world", [31373, 995]),
        ("r50k_base", "<|endoftext|>", [27, 91, 437, 1659, 5239, 91, 29]),
    ],
)
def test_published_token_lists(name: str, text: str, tokens: list[int]) -> None:
    """tiktoken's documentation and the cookbook print these lists; the last shows a special token as text."""
    assert load_encoding(name).encode(text) == tokens
    assert load_encoding(name).decode(tokens) == text


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4", "text-davinci-003", "davinci"])
@pytest.mark.parametrize("special", ["<|endoftext|>", "<|endofprompt|>", "<|fim_prefix|>", "<|start|>"])
def test_special_tokens_in_user_text_are_ordinary_text(model: str, special: str) -> None:
    """A user who writes a special token must neither crash the count nor shrink it to one."""
    assert count_text(special, model).tokens > 1


@pytest.mark.parametrize("model", ["gpt-4o", "claude-opus"])
def test_the_empty_text_has_no_tokens(model: str) -> None:
    """An empty message part costs nothing."""
    assert count_text("", model).tokens == 0


def test_gpt2_counts_tokens_however_long_the_text() -> None:
    """Dify's plugins get one token per character from 100,000 characters on; we count."""
    assert gpt2_tokens("hello world " * 10_000) < 30_001


PIECES = st.sampled_from(
    ["don't", "'s", " ", "  ", "\n", "\r\n", "\t", "\u3000", "\x1c", "\x85", "\u2028", "你好", "，", "。",
     "a", "A", "é", "e\u0301", "\u200d", "👩‍👩‍👧", "1234", "½", "Ⅷ", "_", ".", ",", "...", "/", "!\n", "ß",
     "ſ", "ʰ", "ǅ", "ا", "\u0e01\u0e33", "'", "'ſ", ":\n", "<|endoftext|>", "\ud800", "\udc00"]
)  # fmt: skip


@pytest.mark.parametrize("name", ENCODINGS)
@settings(deadline=None, max_examples=250)
@given(text=st.lists(PIECES | st.text(max_size=3), max_size=60).map("".join), size=st.integers(1, 12))
def test_slicing_does_not_change_the_count(name: str, text: str, size: int) -> None:
    """Slices exist so that the loop stays free; a count must not depend on where they end."""
    tokenizer = load_encoding(name)
    parts = list(slices(text, size))
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    assert "".join(part.text for part in parts) == text
    assert all(part.clean for part in parts)
    assert sum(len(tokenizer.encode(part.text)) for part in parts) == len(tokenizer.encode(whole))


@pytest.mark.parametrize(
    "unit",
    [
        "word ",
        "a",
        "A",
        " ",
        "\n",
        " \n",
        "1",
        "!",
        "é",
        "\u0301",
        "模",
        "今天天气很好，",
        "😀",
        "👩‍👩‍👧‍👦",
        "don't",
    ],
)
@pytest.mark.parametrize("name", ["o200k_base", "cl100k_base", "r50k_base"])
def test_a_megabyte_of_anything_is_counted(name: str, unit: str) -> None:
    """Blanks by the million overflow the tokenizer's stack when they are given to it in one piece."""
    text = unit * (MEGABYTE // len(unit.encode())) + "x"

    count = load_encoding(name).count(text)

    assert 0 < count.tokens <= len(text.encode())
    assert count.exact is (unit.strip() != "")


def test_ordinary_text_is_counted_in_bounded_slices() -> None:
    """No step of a long count may be much longer than a slice, wherever words are apart or sentences end."""
    for text in (
        "It was a bright cold day. " * 40_000,
        "今天天气很好，我们去公园。" * 40_000,
        "one\ntwo\n" * 90_000,
    ):
        assert max(len(part.text) for part in slices(text)) < SLICE + 100


def test_a_run_of_blanks_is_cut_only_where_it_is_endless() -> None:
    """A run that the tokenizer can take is given to it whole, and so its count is exact."""
    run = " " * (BLANK_BLOCK - 1)

    assert load_encoding("cl100k_base").count("a" + run + "b").exact
    assert not load_encoding("cl100k_base").count("a" + run * 2 + "b").exact


@pytest.mark.parametrize("model", ["gpt-4o", "claude-opus"])
async def test_sync_and_async_counts_agree(model: str) -> None:
    """One answer, whichever face asked."""
    text = "A sentence, and another one. 你好！ " * 5_000

    assert await count_text_async(text, model) == count_text(text, model)


@pytest.mark.parametrize("unit", ["It was a bright cold day in April. ", "a", "模"])
async def test_the_loop_ticks_while_a_megabyte_is_counted(unit: str) -> None:
    """A gateway serves other requests while it counts a long prompt."""
    preload("gpt-4o")
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    ticking = asyncio.create_task(tick())
    count = await count_text_async(unit * (MEGABYTE // len(unit.encode())), "gpt-4o")
    ticking.cancel()

    assert count.tokens > 100_000
    assert ticks > 20


async def test_a_cancelled_count_stops() -> None:
    """A client that went away must not keep a core busy with its prompt."""
    preload("gpt-4o")
    counting = asyncio.create_task(count_text_async("It was a bright cold day. " * 200_000, "gpt-4o"))
    await asyncio.sleep(0)

    counting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await counting


def test_sums_are_exact_only_if_all_terms_are() -> None:
    """One guessed part makes the whole a guess, but the encoding used stays named."""
    exact, guess = TokenCount(2, True, "o200k_base"), TokenCount(3, False, "estimate")

    assert exact + guess == guess + exact == TokenCount(5, False, "o200k_base")
    assert int(exact + exact) == 4
