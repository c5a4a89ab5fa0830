"""Relevance, as Cohere and Jina clients ask for it."""

from __future__ import annotations

from modelbay.entities import ModelType, RerankResult
from modelbay.gateway.attempts import first_answer
from modelbay.gateway.call import Call
from modelbay.runtime.opened import Opened
from modelbay.wires.cohere.serving import RERANK_V1, RERANK_V2
from modelbay.wires.serving import RerankFace


async def rerank_v1(call: Call, rest: str) -> None:
    """Serve `POST /v1/rerank`, for both kinds of clients."""
    await _rerank(call, RERANK_V1)


async def rerank_v2(call: Call, rest: str) -> None:
    """Serve `POST /v2/rerank`."""
    await _rerank(call, RERANK_V2)


async def _rerank(call: Call, face: RerankFace) -> None:
    ask = face.from_request(await call.json())
    call.asks(ask.model, ModelType.RERANK)
    # The query is read with each of the documents.
    size = call.size.size + len(ask.docs) * len(ask.query.encode(errors="replace"))
    call.size = call.size._replace(size=size, items=len(ask.docs))

    async def begin(opened: Opened) -> RerankResult:
        return await opened.rerank(
            ask.query, ask.docs, top_n=ask.top_n, user=ask.user, timeout=call.timeout()
        )

    _, result = await first_answer(call, ask.model, ModelType.RERANK, ask.wishes, begin)
    call.used(result.usage)
    await call.answer(face.from_result(ask, result, call.id))
