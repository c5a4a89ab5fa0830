"""Changing the text of a streamed answer without touching the rest of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from modelbay.entities import AssistantPromptMessage, LLMResultChunk, LLMResultChunkDelta
from modelbay.sdk.mapping import close


class TextFilter(Protocol):
    """Takes a text in pieces and gives it back changed; may hold a little back until `close`."""

    def feed(self, text: str) -> str:
        """Take in the next piece and return what it adds."""
        ...

    def close(self) -> str:
        """Return what was held back, at the end."""
        ...


async def filter_text(
    chunks: AsyncIterator[LLMResultChunk], text_filter: TextFilter
) -> AsyncIterator[LLMResultChunk]:
    """Yield the chunks with their text passed through the filter.

    What the filter holds back is delivered with the closing chunk, or after the last where none closes.
    Chunks whose text is not a string (images) pass unchanged.
    """
    chunk: LLMResultChunk | None = None
    try:
        async for chunk in chunks:
            closing = chunk.delta.finish_reason is not None or chunk.delta.usage is not None
            message = chunk.delta.message
            if isinstance(message.content, list):
                yield chunk
                continue
            text = text_filter.feed(message.content or "")
            if closing:
                text += text_filter.close()
            yield with_text(chunk, text)
        if chunk is not None and (rest := text_filter.close()):
            yield _more(chunk, rest)
    finally:
        await close(chunks)


def _more(chunk: LLMResultChunk, text: str) -> LLMResultChunk:
    """Return a chunk that follows `chunk` and says `text`."""
    delta = LLMResultChunkDelta(index=chunk.delta.index + 1, message=AssistantPromptMessage(content=text))
    return LLMResultChunk(model=chunk.model, system_fingerprint=chunk.system_fingerprint, delta=delta)


def with_text(chunk: LLMResultChunk, text: str) -> LLMResultChunk:
    """Return the chunk with another text."""
    if chunk.delta.message.content == text:
        return chunk
    message = chunk.delta.message.model_copy(update={"content": text})
    return chunk.model_copy(update={"delta": chunk.delta.model_copy(update={"message": message})})
