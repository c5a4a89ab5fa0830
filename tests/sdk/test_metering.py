"""Usage and finish reason come once, on the last chunk, priced and timed, whatever the plugin sends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.sdk.kit import HELLO, PRICES, Talker, make, piece, pieces, whole

from modelbay.entities import LLMResult, LLMResultChunk, LLMUsage, PriceType
from modelbay.wires.usage import llm_usage

USAGE = llm_usage(prompt=7, completion=3)


class Scripted(Talker):
    chunks: Sequence[LLMResultChunk] = ()

    def _invoke(self, *_: Any) -> Iterator[LLMResultChunk]:
        yield from self.chunks


async def streamed(chunks: Sequence[LLMResultChunk], **declared: Any) -> list[LLMResultChunk]:
    model = make(Scripted, **declared)
    model.chunks = chunks
    return [chunk async for chunk in model.stream("m", {}, HELLO)]


def usage_of(chunks: Sequence[LLMResultChunk]) -> LLMUsage:
    assert chunks[-1].usage is not None
    return chunks[-1].usage


async def test_a_call_is_priced_by_the_declaration() -> None:
    """7 x 2 + 3 x 4, per thousand."""
    usage = usage_of(await streamed(pieces("a", "b"), pricing=PRICES))

    assert (usage.prompt_price, usage.completion_price) == (Decimal("0.014"), Decimal("0.012"))
    assert (usage.total_price, usage.currency) == (Decimal("0.026"), "EUR")
    assert (usage.prompt_unit_price, usage.prompt_price_unit) == (Decimal(2), Decimal("0.001"))
    assert not usage.estimated


async def test_a_price_that_nobody_declared_is_unknown() -> None:
    """0 would be a lie on somebody's bill."""
    usage = usage_of(await streamed(pieces("a")))

    assert (usage.prompt_price, usage.completion_price, usage.total_price) == (None, None, None)
    assert not make(Scripted).get_price("m", {}, PriceType.INPUT, 5).known


async def test_time_is_measured_from_the_call_to_the_first_and_the_last_chunk() -> None:
    """Latency is the sum of the wait and of the time to generate."""
    usage = usage_of(await streamed(pieces("a", "b")))

    assert usage.time_to_first_token is not None
    assert usage.time_to_generate is not None
    assert 0 < usage.time_to_first_token <= usage.latency
    assert abs(usage.time_to_first_token + usage.time_to_generate - usage.latency) < 1e-6


async def test_tokens_are_counted_here_where_the_upstream_is_silent() -> None:
    """Many compatible servers send no usage; a number that is marked is better than none."""
    usage = usage_of(
        await streamed([piece("one two three"), piece("", finish_reason="stop")], pricing=PRICES)
    )

    assert usage.estimated
    assert usage.prompt_tokens > 0
    assert usage.completion_tokens >= 3
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert usage.total_price is not None


async def test_a_whole_answer_is_completed_too() -> None:
    """A plugin that cannot stream is billed alike."""

    class Whole(Talker):
        def _invoke(self, *_: Any) -> LLMResult:
            return whole()

    usage = (await make(Whole, pricing=PRICES).invoke("m", {}, HELLO)).usage
    assert usage.total_price == Decimal("0.026")
    assert usage.latency > 0


async def test_an_empty_stream_ends_with_an_empty_chunk() -> None:
    """Who waits for the last chunk finds one."""
    (only,) = await streamed([])
    assert (only.text, only.finish_reason) == ("", None)
    assert usage_of([only]).estimated


async def test_usage_and_finish_reason_of_different_chunks_meet_on_the_last() -> None:
    """OpenAI's usage comes after the chunk with the finish reason."""
    chunks = await streamed([piece("a"), piece("b", finish_reason="length"), piece("", usage=USAGE)])

    assert [chunk.text for chunk in chunks] == ["a", "b", ""]
    assert [chunk.finish_reason for chunk in chunks] == [None, None, "length"]
    assert [chunk.usage is None for chunk in chunks] == [True, True, False]


async def test_usage_on_every_chunk_is_shown_once() -> None:
    """Some upstreams send a running total; the last one counts."""
    said = [piece(text, usage=llm_usage(prompt=7, completion=n)) for n, text in enumerate("abc", 1)]
    chunks = await streamed(said)

    assert "".join(chunk.text for chunk in chunks) == "abc"
    assert [chunk.usage is None for chunk in chunks[:-1]] == [True] * (len(chunks) - 1)
    assert usage_of(chunks).completion_tokens == 3


async def test_provider_state_beside_the_finish_reason_is_not_lost() -> None:
    """A signature must come back to the provider in the next turn, on whichever chunk it came."""
    chunks = await streamed(
        [
            piece("a"),
            piece("", finish_reason="stop", opaque_body={"signature": "s"}),
            piece("", usage=USAGE),
        ]
    )
    assert [chunk.delta.message.opaque_body for chunk in chunks if chunk.delta.message.opaque_body] == [
        {"signature": "s"}
    ]


CHUNKS = st.lists(
    st.tuples(st.sampled_from(["", "a", "b", "cd"]), st.booleans(), st.booleans()).map(
        lambda drawn: piece(
            drawn[0], usage=USAGE if drawn[1] else None, finish_reason="stop" if drawn[2] else None
        )
    ),
    max_size=8,
)


@given(chunks=CHUNKS)
async def test_text_keeps_its_order_and_the_last_chunk_closes(chunks: list[LLMResultChunk]) -> None:
    """However oddly a plugin spreads usage and finish reason, nothing is lost, doubled or moved."""
    seen = await streamed(chunks)

    assert "".join(chunk.text for chunk in seen) == "".join(chunk.text for chunk in chunks)
    assert all(chunk.usage is None and chunk.finish_reason is None for chunk in seen[:-1])
    assert usage_of(seen).estimated is not any(chunk.usage for chunk in chunks)
    assert (seen[-1].finish_reason == "stop") is any(chunk.finish_reason for chunk in chunks)
