"""What Jina refuses, as its sheet of 2026-11-21 says: 422 with the list of what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modelbay.sdk.testing import Complaint

from .described import Body, Rule

_RETRIEVAL = frozenset({"retrieval.query", "retrieval.passage", "text-matching"})
_CODE = frozenset(
    f"{kind}.{side}"
    for kind in ("nl2code", "code2code", "code2nl", "code2completion", "qa")
    for side in ("query", "passage")
)
EMBED_KEYS = frozenset(
    {"model", "input", "task", "dimensions", "embedding_type", "normalized", "late_chunking", "truncate"}
    | {"return_multivector"}
)
RERANK_KEYS = frozenset({"model", "query", "documents", "top_n", "return_documents", "max_chunk_per_doc"})
KINDS = frozenset({"float", "base64", "binary", "ubinary"})
MOST_INPUTS = 2048


@dataclass(frozen=True, slots=True)
class Model:
    """What one model takes. `size` is that of its vectors, 0 for a reranker."""

    size: int = 0
    tasks: frozenset[str] = frozenset()
    shortens: bool = False
    objects: bool = False  # inputs must be `{"text": …}`
    late: bool = False
    multivector: bool = False
    most_documents: int | None = None


MODELS: Mapping[str, Model] = {
    "jina-embeddings-v5-text-small": Model(
        1024, _RETRIEVAL | {"clustering", "classification"}, shortens=True
    ),
    "jina-embeddings-v5-text-nano": Model(768, _RETRIEVAL | {"clustering", "classification"}, shortens=True),
    "jina-embeddings-v4": Model(
        2048,
        _RETRIEVAL | {"code.query", "code.passage"},
        shortens=True,
        objects=True,
        late=True,
        multivector=True,
    ),
    "jina-embeddings-v3": Model(
        1024, _RETRIEVAL | {"classification", "separation"}, shortens=True, late=True
    ),
    "jina-embeddings-v2-base-en": Model(768),
    "jina-embeddings-v2-base-de": Model(768),
    "jina-embeddings-v2-base-zh": Model(768),
    "jina-embeddings-v2-base-es": Model(768),
    "jina-embeddings-v2-base-code": Model(768),
    "jina-clip-v2": Model(1024, frozenset({"retrieval.query"}), shortens=True, objects=True),
    "jina-clip-v1": Model(768, objects=True),
    "jina-code-embeddings-1.5b": Model(1536, _CODE, shortens=True),
    "jina-code-embeddings-0.5b": Model(896, _CODE, shortens=True),
    "jina-reranker-v3": Model(most_documents=64),
    "jina-reranker-m0": Model(objects=True),
    "jina-reranker-v2-base-multilingual": Model(),
    "jina-colbert-v2": Model(),
}


def _no(message: str, param: str, code: str = "value_error") -> Complaint:
    return Complaint(message, param, code, 422)


def _needs(*names: str) -> Rule:
    def rule(body: Body) -> Complaint | None:
        missing = next((name for name in names if body.get(name) is None), None)
        return None if missing is None else _no("field required", missing, "value_error.missing")

    return rule


def _only(keys: frozenset[str]) -> Rule:
    def rule(body: Body) -> Complaint | None:
        unknown = sorted(set(body) - keys)
        return _no("extra fields not permitted", unknown[0], "value_error.extra") if unknown else None

    return rule


def _known(*, reranker: bool) -> Rule:
    def rule(body: Body) -> Complaint | None:
        model = MODELS.get(body["model"])
        if model is not None and (model.size == 0) == reranker:
            return None
        return _no(f"model {body['model']} is not one of this endpoint", "model")

    return rule


def good_input(body: Body) -> Complaint | None:
    """1 to 2,048 inputs, none empty; text models take strings, multimodal ones objects."""
    items, model = body["input"], MODELS[body["model"]]
    items = items if isinstance(items, list) else [items]
    if not 0 < len(items) <= MOST_INPUTS:
        return _no(f"expected 1 to {MOST_INPUTS} inputs, got {len(items)}", "input")
    for place, item in enumerate(items):
        problem = _item_problem(item, model.objects)
        if problem is not None:
            return _no(problem, f"input.{place}")
    return None


def _item_problem(item: Any, objects: bool) -> str | None:
    if isinstance(item, str):
        return "expected an object with text, image or pdf" if objects else None if item else "empty string"
    allowed = {"text", "image", "pdf"} if objects else {"text"}
    if isinstance(item, dict) and len(item) == 1 and item.keys() <= allowed and all(item.values()):
        return None
    return f"expected an object with one of {sorted(allowed)}" if objects else "expected a string"


def fitting_options(body: Body) -> Complaint | None:
    """Task, dimensions, late chunking and multi-vectors only where the model has them."""
    model, task, size = MODELS[body["model"]], body.get("task"), body.get("dimensions")
    if task is not None and task not in model.tasks:
        return _no(f"task '{task}' is not supported by this model; permitted: {sorted(model.tasks)}", "task")
    if size is not None and not (model.shortens and isinstance(size, int) and 1 <= size <= model.size):
        return _no("dimensions is not supported by this model or out of range", "dimensions")
    for name, able in (("late_chunking", model.late), ("return_multivector", model.multivector)):
        if body.get(name) and not able:
            return _no(f"{name} is not supported by this model", name)
    return None


def known_kind(body: Body) -> Complaint | None:
    """The embedding type is one of four, or a list of them."""
    kind = body.get("embedding_type")
    kinds = kind if isinstance(kind, list) else [kind or "float"]
    return None if KINDS.issuperset(kinds) else _no(f"permitted: {sorted(KINDS)}", "embedding_type")


def good_documents(body: Body) -> Complaint | None:
    """Documents are strings or `{"text"}` (one reranker: images too), and there is at least one."""
    documents, model = body["documents"], MODELS[body["model"]]
    if not isinstance(documents, list) or not documents:
        return _no("expected at least one document", "documents")
    if model.most_documents is not None and len(documents) > model.most_documents:
        return _no(f"at most {model.most_documents} documents", "documents")
    allowed = {"text", "image"} if model.objects else {"text"}
    for place, document in enumerate(documents):
        if not isinstance(document, str) and not (isinstance(document, dict) and document.keys() <= allowed):
            return _no("expected a string or an object with text", f"documents.{place}")
    return None


def positive_top(body: Body) -> Complaint | None:
    """`top_n` is a whole number of at least 1."""
    top = body.get("top_n")
    if top is None or (isinstance(top, int) and top >= 1):
        return None
    return _no("ensure this value is greater than or equal to 1", "top_n")


# Unknown keys come first: a lenient server leaves that one out.
RULES: Mapping[str, Sequence[Rule]] = {
    "/v1/embeddings": (
        _only(EMBED_KEYS),
        _needs("model", "input"),
        _known(reranker=False),
        *(good_input, fitting_options, known_kind),
    ),
    "/v1/rerank": (
        _only(RERANK_KEYS),
        _needs("model", "query", "documents"),
        _known(reranker=True),
        *(good_documents, positive_top),
    ),
}
