"""`POST /v1/rerank` as clients of Jina, and of the many servers with its shape, speak it.

Cohere's first version has the same address, and `cohere.serving.rerank.RERANK_V1` serves both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.entities import RerankResult
from modelbay.wires.asked import Fields
from modelbay.wires.ranking import documents_in, first_version_body, query_in
from modelbay.wires.serving import RerankAsk, Wishes


class RerankFace:
    """Speaks of relevance; documents are quoted in the answer unless the client declines."""

    dialect = "jina.rerank"

    def from_request(self, body: Mapping[str, Any]) -> RerankAsk:
        """Return what is asked; InvokeBadRequestError, naming the field, for what cannot be read."""
        fields = Fields(body)
        model, query = fields.required_text("model"), query_in(fields)
        docs, given = documents_in(fields)
        top_n, quotes, user = fields.whole("top_n"), fields.flag("return_documents"), fields.text("user")
        return RerankAsk(
            model=model,
            query=query,
            docs=docs,
            wishes=Wishes(dialect=self.dialect, extras=fields.rest()),
            top_n=top_n,
            user=user,
            options={"documents": given, "return_documents": quotes is not False},
        )

    def from_result(self, ask: RerankAsk, result: RerankResult, answer_id: str) -> dict[str, Any]:
        """Return the body of the answer."""
        return first_version_body(ask, result, answer_id)


RERANK = RerankFace()
