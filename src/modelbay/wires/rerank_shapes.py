"""The shapes in which servers answer a reranking, each named once."""

from __future__ import annotations

from typing import Any

from modelbay.entities import CallUsage, MultiModalContent, RerankDocument, RerankResult
from modelbay.errors import InvokeServerUnavailableError
from modelbay.wires.family import RerankCall


def results_shape(
    call: RerankCall,
    body: dict[str, Any],
    usage: CallUsage | None,
    *,
    rows: str = "results",
    score: str = "relevance_score",
) -> RerankResult:
    """Read `results[{index, relevance_score}]`: the shape of Jina, Cohere and most compatible servers.

    Args:
        rows: What the list is called elsewhere: `data` (Voyage), `rankings` (NVIDIA).
        score: What a score is called: `logit` (NVIDIA).

    Returns:
        The documents with the server's own scores, best first, with the texts that the call sent.

    Raises:
        InvokeServerUnavailableError: An index is none of the call's documents, comes twice, or has no score.
    """
    found = body.get(rows)
    if not isinstance(found, list):
        raise InvokeServerUnavailableError(f"the provider's answer has no list '{rows}'")
    docs: dict[int, RerankDocument] = {}
    for place, row in enumerate(found):
        document = _document(call, row if isinstance(row, dict) else {}, f"{rows}[{place}]", score)
        if document.index in docs:
            raise InvokeServerUnavailableError(f"{rows}[{place}]: document {document.index} comes twice")
        docs[document.index] = document
    best = sorted(docs.values(), key=lambda document: -document.score)
    return RerankResult(model=call.model, docs=best[: call.top_n], usage=usage)


def text_of(value: str | MultiModalContent) -> str:
    """Return the text of a query or document; of an image, what was given for it."""
    return value if isinstance(value, str) else value.content


def _document(call: RerankCall, row: dict[str, Any], place: str, name: str) -> RerankDocument:
    index, score = row.get("index"), row.get(name)
    if type(index) is not int or not 0 <= index < len(call.docs):
        raise InvokeServerUnavailableError(
            f"{place}: index {index!r} is none of the {len(call.docs)} documents of the call"
        )
    if isinstance(score, bool) or not isinstance(score, int | float):
        raise InvokeServerUnavailableError(f"{place}: {name} {score!r} is not a number")
    return RerankDocument(index=index, text=text_of(call.docs[index]), score=float(score))
