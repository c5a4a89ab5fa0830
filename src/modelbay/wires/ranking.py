"""What the faces of reranking share: how documents are read, how answers quote them, what was billed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelbay.entities import CallUsage, Meter, RerankResult
from modelbay.wires.asked import Fields, wrong
from modelbay.wires.json_text import to_json
from modelbay.wires.serving import RerankAsk

_BILLED = {Meter.SEARCH: "search_units", Meter.TOKEN: "input_tokens"}


def documents_in(fields: Fields, rank_fields: Sequence[str] | None = None) -> tuple[list[str], list[Any]]:
    """Return the documents as texts, and as they came.

    Args:
        rank_fields: Which fields of an object are its text, in this order; without them `text` is.
    """
    given = fields.items("documents")
    if given is None:
        raise wrong("documents", "is required: give a list of strings")
    return [_text(value, f"documents[{place}]", rank_fields) for place, value in enumerate(given)], given


def query_in(fields: Fields) -> str:
    """Return the query: a string, or an object with a text."""
    query = fields.take("query")
    if isinstance(query, Mapping):
        return _text(query, "query", None)
    if not isinstance(query, str):
        raise wrong("query", "is required: give a string")
    return query


def rows(ask: RerankAsk, result: RerankResult) -> list[dict[str, Any]]:
    """Return the documents' places and scores, best first, with the documents if they are wanted back."""
    found: list[dict[str, Any]] = [{"index": doc.index, "relevance_score": doc.score} for doc in result.docs]
    if ask.options["return_documents"]:
        for row in found:
            row["document"] = _quoted(ask.options["documents"][row["index"]])
    return found


def billed(usage: CallUsage | None) -> dict[str, int | float]:
    """Return what was billed, by Cohere's names; nothing if it was counted in another measure."""
    if usage is None or usage.meter not in _BILLED:
        return {}
    whole = int(usage.quantity)
    return {_BILLED[usage.meter]: whole if whole == usage.quantity else float(usage.quantity)}


def meta(version: str, usage: CallUsage | None) -> dict[str, Any]:
    """Return what Cohere says beside an answer."""
    return {"api_version": {"version": version}, "billed_units": billed(usage)}


def first_version_body(ask: RerankAsk, result: RerankResult, answer_id: str) -> dict[str, Any]:
    """Return the answer of `/v1/rerank`: Jina's and Cohere's, which live at one address, in one."""
    return {
        "id": answer_id,
        "model": result.model,
        "object": "list",
        "usage": {"total_tokens": billed(result.usage).get("input_tokens", 0)},
        "results": rows(ask, result),
        "meta": meta("1", result.usage),
    }


def _text(value: Any, place: str, rank_fields: Sequence[str] | None) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, Mapping):
        raise wrong(place, "must be a string or an object with a text")
    if rank_fields is None:
        return _own_text(value, place)
    return "\n".join(f"{name}: {_said(value[name])}" for name in rank_fields if name in value)


def _own_text(value: Mapping[str, Any], place: str) -> str:
    if not isinstance(value.get("text"), str):
        held = "an image cannot be ranked here" if "image" in value else "give a string"
        raise wrong(f"{place}.text", f"is required: {held}")
    return str(value["text"])


def _said(value: Any) -> str:
    return value if isinstance(value, str) else to_json(value)


def _quoted(document: Any) -> Any:
    return {"text": document} if isinstance(document, str) else document
