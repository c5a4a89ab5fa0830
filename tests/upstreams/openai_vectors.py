"""OpenAI's embeddings and moderations, and the rerank that compatible servers add."""

from __future__ import annotations

from typing import Any

from .conversation import words_in
from .described import Body
from .made_up import as_base64, flagged, ranking, vector

DIMENSIONS = {"text-embedding-3-large": 3072}
CATEGORIES = (
    *("hate", "hate/threatening", "harassment", "harassment/threatening", "illicit", "illicit/violent"),
    *("self-harm", "self-harm/intent", "self-harm/instructions", "sexual", "sexual/minors"),
    *("violence", "violence/graphic"),
)


def embeddings(body: Body, dimensions: int | None) -> dict[str, Any]:
    """Answer with one vector a text, as numbers or as base64."""
    texts = body["input"]
    if isinstance(texts, str) or (texts and isinstance(texts[0], int)):
        texts = [texts]
    size = body.get("dimensions") or dimensions or DIMENSIONS.get(body["model"], 1536)
    packed = body.get("encoding_format") == "base64"
    rows = [vector(text if isinstance(text, str) else str(text), size) for text in texts]
    data = [
        {"object": "embedding", "index": index, "embedding": as_base64(row) if packed else row}
        for index, row in enumerate(rows)
    ]
    used = words_in(texts)
    usage = {"prompt_tokens": used, "total_tokens": used}
    return {"object": "list", "model": body["model"], "data": data, "usage": usage}


def moderation(body: Body) -> dict[str, Any]:
    """Answer with one result a text; multimodal parts are judged together."""
    given = body["input"] if isinstance(body["input"], list) else [body["input"]]
    if given and isinstance(given[0], dict):
        given = [" ".join(part.get("text", "") for part in given)]
    name = body.get("model", "omni-moderation-latest")
    return {"id": "modr-1", "model": name, "results": [_judged(text) for text in given]}


def rerank(body: Body) -> dict[str, Any]:
    """Answer with scored places, best first."""
    documents = [text if isinstance(text, str) else text["text"] for text in body["documents"]]
    best = ranking(body["query"], documents)[: body.get("top_n") or len(documents)]
    results: list[dict[str, Any]] = [{"index": place, "relevance_score": score} for place, score in best]
    if body.get("return_documents"):
        results = [result | {"document": {"text": documents[result["index"]]}} for result in results]
    return {"model": body["model"], "results": results, "usage": {"total_tokens": words_in(documents)}}


def _judged(text: str) -> dict[str, Any]:
    found = flagged(text)
    return {
        "flagged": bool(found),
        "categories": {name: name in found for name in CATEGORIES},
        "category_scores": {name: 0.98 if name in found else 0.01 for name in CATEGORIES},
        "category_applied_input_types": {name: ["text"] for name in CATEGORIES},
    }
