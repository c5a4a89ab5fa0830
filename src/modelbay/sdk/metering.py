"""Counting, pricing and timing an answer while it streams."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from modelbay.entities import (
    AssistantPromptMessage,
    LLMResult,
    LLMResultChunk,
    LLMResultChunkDelta,
    LLMUsage,
    PriceConfig,
    PromptMessage,
    PromptMessageTool,
)
from modelbay.sdk import prices, tokens
from modelbay.wires.usage import llm_usage

_MOST_KEPT = 65_536  # characters of an answer that are kept while it streams


class LLMMeter:
    """Watches the chunks of one answer and completes the usage on the last of them.

    Where the upstream sends no usage, or only part of it, the tokens are counted here and the usage is marked
    as estimated.
    """

    def __init__(
        self,
        model: str,
        messages: Sequence[PromptMessage],
        tools: Sequence[PromptMessageTool],
        pricing: PriceConfig | None,
        started_at: float,
        notices: list[str],
        on_used: Callable[[int], None] | None = None,
    ) -> None:
        self._model = model
        self._messages = messages
        self._tools = tools
        self._pricing = pricing
        self._started_at = started_at
        self._notices = notices
        self._on_used = on_used
        self._first_at: float | None = None
        self._pieces: list[str] = []
        self._kept = self._said = 0  # characters
        self._last: LLMResultChunk | None = None
        self._used: LLMUsage | None = None
        self._reason: str | None = None
        self._index = 0

    def take(self, chunk: LLMResultChunk) -> Iterable[LLMResultChunk]:
        """Return the chunks that may be passed on now; the closing one is kept until `close`."""
        if self._first_at is None:
            self._first_at = time.perf_counter()
        delta = chunk.delta
        self._index = delta.index
        if delta.usage is None and delta.finish_reason is None:
            self._remember(delta.message)
            return (chunk,) if self._last is None else (*self._released(), chunk)
        return self._keep(chunk)

    def _keep(self, chunk: LLMResultChunk) -> Iterator[LLMResultChunk]:
        yield from self._released()
        self._used = chunk.delta.usage or self._used
        self._reason = chunk.delta.finish_reason or self._reason
        self._remember(chunk.delta.message)
        self._last = chunk

    def _released(self) -> Iterator[LLMResultChunk]:
        """Return the kept chunk, if it says anything: it was not the last one after all."""
        last, self._last = self._last, None
        if last is None:
            return
        message = last.delta.message
        if not message.is_empty() or message.opaque_body is not None or message.unknown_fields:
            yield self._bare(last)

    async def close(self) -> LLMResultChunk:
        """Return the closing chunk, with usage and finish reason."""
        closing = self._last or self._empty_chunk()
        delta = closing.delta.model_copy(
            update={"usage": await self._completed(self._used), "finish_reason": self._reason}
        )
        return closing.model_copy(update={"delta": delta, "notices": list(self._notices)})

    async def complete(self, result: LLMResult) -> LLMResult:
        """Return an answer that came whole, with its usage completed."""
        self._remember(result.message)
        usage = await self._completed(result.usage)
        return result.model_copy(update={"usage": usage, "notices": list(self._notices)})

    async def so_far(self) -> LLMUsage:
        """Return what the answer has used up to here, as far as can be told: it was broken off."""
        return await self._completed(self._used)

    def _remember(self, message: AssistantPromptMessage) -> None:
        if isinstance(message.content, str) and message.content:
            self._keep_text(message.content)
        elif message.content:
            self._keep_text(message.get_text_content())
        if message.reasoning_content:
            self._keep_text(message.reasoning_content)
        for call in message.tool_calls:
            self._keep_text(call.function.name + call.function.arguments)

    def _keep_text(self, text: str) -> None:
        """Keep a piece for counting; of an answer of great length only its beginning is counted."""
        self._said += len(text)
        if self._kept < _MOST_KEPT:
            self._kept += len(text)
            self._pieces.append(text)

    async def _completed(self, usage: LLMUsage | None) -> LLMUsage:
        if usage is None or usage.estimated:
            usage = await self._count(usage)
        if self._on_used is not None:
            self._on_used(usage.total_tokens)
        now = time.perf_counter()
        first = self._first_at or now
        return usage.model_copy(
            update={
                **prices.llm_prices(usage, self._pricing),
                "latency": now - self._started_at,
                "time_to_first_token": first - self._started_at,
                "time_to_generate": now - first,
            }
        )

    async def _count(self, usage: LLMUsage | None) -> LLMUsage:
        """Count here, on a worker thread: a long prompt must not hold up the event loop."""
        prompt = usage.prompt_tokens if usage else 0
        said = usage.completion_tokens if usage else 0
        if not prompt:
            asked = await asyncio.to_thread(tokens.count_messages, self._messages, self._tools, self._model)
            prompt = asked.tokens
        if not said:
            answer = await asyncio.to_thread(tokens.count_text, "".join(self._pieces), self._model)
            said = answer.tokens * self._said // max(self._kept, 1)
        return llm_usage(prompt=prompt, completion=said).model_copy(update={"estimated": True})

    @staticmethod
    def _bare(chunk: LLMResultChunk) -> LLMResultChunk:
        delta = chunk.delta.model_copy(update={"usage": None, "finish_reason": None})
        return chunk.model_copy(update={"delta": delta})

    def _empty_chunk(self) -> LLMResultChunk:
        return LLMResultChunk(
            model=self._model,
            delta=LLMResultChunkDelta(index=self._index + 1, message=AssistantPromptMessage(content="")),
        )
