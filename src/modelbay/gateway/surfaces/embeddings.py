"""Vectors, as OpenAI and Cohere clients ask for them."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Sequence

from modelbay.entities import (
    EmbeddingUsage,
    ModelType,
    MultiModalContent,
    MultiModalContentType,
    TextEmbeddingResult,
)
from modelbay.errors import InvokeBadRequestError
from modelbay.gateway.attempts import first_answer
from modelbay.gateway.call import Call
from modelbay.gateway.fast_lane import passes
from modelbay.runtime.opened import Opened
from modelbay.sdk.tokens import Encoding, count_text, encoding_for_model, load_encoding
from modelbay.wires.cohere.serving import EMBED
from modelbay.wires.openai.serving.embeddings import EMBEDDINGS
from modelbay.wires.serving import EmbeddingAsk, EmbeddingFace
from modelbay.wires.usage import embedding_usage


async def embeddings(call: Call, rest: str) -> None:
    """Serve `POST /v1/embeddings`."""
    raw = await call.read()
    if not await passes(call, raw, ModelType.TEXT_EMBEDDING):
        await embed(call, EMBEDDINGS, EMBEDDINGS.from_request(call.decoded(raw)))


async def cohere_embed(call: Call, rest: str) -> None:
    """Serve `POST /v2/embed`."""
    await embed(call, EMBED, EMBED.from_request(await call.json()))


async def embed(call: Call, face: EmbeddingFace, ask: EmbeddingAsk) -> None:
    """Embed what is asked."""
    call.asks(ask.model, ModelType.TEXT_EMBEDDING)
    call.size = call.size._replace(items=len(ask.inputs))

    async def begin(opened: Opened) -> TextEmbeddingResult:
        texts = [await text_of(value, place, opened.name.model) for place, value in enumerate(ask.inputs)]
        call.interrupted = functools.partial(asyncio.to_thread, _counted, texts, opened.name.model)
        return await opened.embed(texts, input_type=ask.input_type, user=ask.user, timeout=call.timeout())

    _, result = await first_answer(call, ask.model, ModelType.TEXT_EMBEDDING, ask.wishes, begin)
    call.used(result.usage)
    await call.answer(face.from_result(ask, result, call.id))


async def text_of(value: str | list[int] | MultiModalContent, place: int, model: str) -> str:
    """Return an input as text. Token ids, as some clients send them, are of the model's own vocabulary."""
    if isinstance(value, str):
        return value
    if isinstance(value, MultiModalContent):
        if value.content_type is MultiModalContentType.TEXT:
            return value.content
        raise InvokeBadRequestError(f"input[{place}]: images cannot be embedded here; send texts")
    encoding = await asyncio.to_thread(_encoding, model)
    try:
        return encoding.decode(value)
    except (KeyError, ValueError, OverflowError):
        raise InvokeBadRequestError(
            f"input[{place}]: these are not tokens of the vocabulary {encoding.name}; send the text"
        ) from None


def _counted(texts: Sequence[str], model: str) -> EmbeddingUsage:
    """Return what a call has used that was broken off: its texts had gone to the provider."""
    tokens = sum(count_text(text, model).tokens for text in texts)
    return embedding_usage(tokens, estimated=True)


def _encoding(model: str) -> Encoding:
    """Return the model's vocabulary; clients that do not know it take that of OpenAI's embeddings."""
    return encoding_for_model(model) or load_encoding("cl100k_base")
