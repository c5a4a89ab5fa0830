"""`POST /v2/rerank`, and the first version at `/v1/rerank`, as clients of Cohere speak them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.entities import RerankResult
from modelbay.wires.asked import Fields
from modelbay.wires.jina.serving.rerank import RERANK as JINA
from modelbay.wires.ranking import documents_in, first_version_body, meta, query_in, rows
from modelbay.wires.serving import RerankAsk, Wishes

_NOT_OF_JINA = frozenset({"rank_fields", "max_chunks_per_doc", "max_tokens_per_doc"})
_NEUTRAL = {"max_chunks_per_doc": 10, "max_tokens_per_doc": 4096, "priority": 0}


class RerankFace:
    """Speaks of relevance as the second version does, which never quotes documents."""

    dialect = "cohere.rerank"

    def from_request(self, body: Mapping[str, Any]) -> RerankAsk:
        """Return what is asked; InvokeBadRequestError, naming the field, for what cannot be read."""
        fields = Fields(body)
        docs, _ = documents_in(fields)
        return _ask(fields, docs, self.dialect, {"return_documents": False})

    def from_result(self, ask: RerankAsk, result: RerankResult, answer_id: str) -> dict[str, Any]:
        """Return the body of the answer."""
        return {"id": answer_id, "results": rows(ask, result), "meta": meta("2", result.usage)}


class FirstRerankFace:
    """Speaks of relevance as the first version does, whose address is also that of Jina's API.

    A body without a word that only Cohere has is taken for Jina's: then documents are quoted unless the
    client declines, which no client minds. The answer is one that both can read.
    """

    dialect = "cohere.v1.rerank"

    def from_request(self, body: Mapping[str, Any]) -> RerankAsk:
        """Return what is asked; InvokeBadRequestError, naming the field, for what cannot be read."""
        if isinstance(body, Mapping) and _NOT_OF_JINA.isdisjoint(body):
            return JINA.from_request(body)
        fields = Fields(body)
        docs, given = documents_in(fields, fields.texts("rank_fields"))
        quotes = fields.flag("return_documents") is True
        return _ask(fields, docs, self.dialect, {"return_documents": quotes, "documents": given})

    def from_result(self, ask: RerankAsk, result: RerankResult, answer_id: str) -> dict[str, Any]:
        """Return the body of the answer."""
        return first_version_body(ask, result, answer_id)


RERANK_V2 = RerankFace()
RERANK_V1 = FirstRerankFace()


def _ask(fields: Fields, docs: list[str], dialect: str, options: dict[str, Any]) -> RerankAsk:
    model, query, top_n = fields.required_text("model"), query_in(fields), fields.whole("top_n")
    wishes = Wishes(dialect=dialect, neutral=_NEUTRAL)
    if (most := fields.whole("max_tokens_per_doc")) is not None:
        wishes.parameters["max_tokens_per_doc"] = most
    wishes.extras = fields.rest()
    return RerankAsk(model=model, query=query, docs=docs, wishes=wishes, top_n=top_n, options=options)
