"""What the sheet says of Bedrock beyond the service model (2026-11-21)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from .described import Body

PROFILE_ONLY = re.compile(r"anthropic\.claude-.*(4|5)|amazon\.nova-2-(lite|pro)|meta\.llama4")
_SPEAKERS = ("user", "assistant")
_DIMENSIONS = {"titan": (256, 512, 1024), "cohere": (256, 512, 1024, 1536), "nova": (256, 384, 1024, 3072)}

Check = Callable[[Body], str | None]


def converse(body: Body) -> str | None:
    """Check a conversation."""
    turns = body.get("messages") or []
    if not turns or turns[0]["role"] != "user":
        return "A conversation must start with a user message."
    blocks = [block for turn in turns for block in turn["content"]]
    if any(not turn["content"] for turn in turns):
        return "The content field in a Message object is empty."
    if any("text" in block and not block["text"].strip() for block in [*blocks, *body.get("system", ())]):
        return "The text field in the ContentBlock object is blank."
    if any(one["role"] == other["role"] for one, other in pairwise(turns)):
        return "Roles must alternate between user and assistant."
    return _tools(body, blocks) or _documents(turns) or _fields(body)


def _tools(body: Body, blocks: list[Mapping[str, Any]]) -> str | None:
    uses = [block["toolUse"]["toolUseId"] for block in blocks if "toolUse" in block]
    results = [block["toolResult"]["toolUseId"] for block in blocks if "toolResult" in block]
    if (uses or results) and not body.get("toolConfig"):
        return "The toolConfig field must be defined when using toolUse and toolResult content blocks."
    if set(results) - set(uses):
        return "toolResult blocks without a matching toolUse."
    return None


def _documents(turns: list[Mapping[str, Any]]) -> str | None:
    names = []
    for turn in turns:
        documents = [block["document"] for block in turn["content"] if "document" in block]
        if documents and not any("text" in block for block in turn["content"]):
            return "A text block must be included with documents."
        names += [document["name"] for document in documents]
    if len(set(names)) != len(names):
        return "Document names must be unique."
    if any(not re.fullmatch(r"[A-Za-z0-9()\[\]-]+( [A-Za-z0-9()\[\]-]+)*", name) for name in names):
        return (
            "The document file name can only contain alphanumeric characters, hyphens, brackets and spaces."
        )
    return None


def _fields(body: Body) -> str | None:
    fields = body.get("additionalModelRequestFields") or {}
    thinking = fields.get("thinking") or {}
    if thinking.get("type") == "enabled":
        inference = body.get("inferenceConfig") or {}
        if "temperature" in inference or "topP" in inference:
            return "temperature may only be set to 1 when thinking is enabled."
        if thinking["budget_tokens"] >= inference.get("maxTokens", 0):
            return "max_tokens must be greater than thinking.budget_tokens."
    return None


def form_of(model: str) -> str:
    """Return whose embeddings a model's are."""
    return next((form for form in ("titan-embed", "cohere", "nova") if form in model), "").partition("-")[0]


def embedding(form: str, body: Body) -> str | None:
    """Check the body of one vendor."""
    if form not in _EMBEDDINGS:
        return "The provided model doesn't support this body."
    known, check = _EMBEDDINGS[form]
    unknown = set(body) - known
    return f"extraneous key {unknown} is not permitted" if unknown else check(body)


def _titan(body: Body) -> str | None:
    if not isinstance(body.get("inputText"), str) and not body.get("inputImage"):
        return "required key [inputText] not found"
    return _dimension("titan", body.get("dimensions"))


def _cohere(body: Body) -> str | None:
    if body.get("input_type") not in ("search_document", "search_query", "image"):
        return "input_type is required"
    texts = body.get("texts") or body.get("images")
    if not isinstance(texts, list) or not 1 <= len(texts) <= 96:
        return "texts must have 1 to 96 entries"
    return _dimension("cohere", body.get("output_dimension"))


def _nova(body: Body) -> str | None:
    asked = body.get("singleEmbeddingParams")
    if body.get("taskType") != "SINGLE_EMBEDDING" or not isinstance(asked, dict):
        return "taskType SINGLE_EMBEDDING needs singleEmbeddingParams"
    if asked.get("embeddingPurpose") not in ("GENERIC_INDEX", "GENERIC_RETRIEVAL"):
        return "embeddingPurpose is not known"
    return _dimension("nova", asked.get("embeddingDimension"))


def _dimension(form: str, size: Any) -> str | None:
    return None if size is None or size in _DIMENSIONS[form] else f"{size} is not a valid dimension"


_EMBEDDINGS: dict[str, tuple[set[str], Check]] = {
    "titan": ({"inputText", "inputImage", "dimensions", "normalize", "embeddingConfig"}, _titan),
    "cohere": (
        {"texts", "images", "input_type", "truncate", "embedding_types", "output_dimension"},
        _cohere,
    ),
    "nova": ({"taskType", "singleEmbeddingParams"}, _nova),
}


def rerank(body: Body) -> str | None:
    """Check a reranking."""
    if set(body) - {"queries", "sources", "rerankingConfiguration", "nextToken"}:
        return "unknown field"
    settings = body["rerankingConfiguration"]["bedrockRerankingConfiguration"]
    if not 1 <= len(body["sources"]) <= 1000:
        return "sources must have 1 to 1000 entries"
    if not 1 <= settings["numberOfResults"] <= len(body["sources"]):
        return "numberOfResults must not be above the number of sources"
    arn = settings["modelConfiguration"]["modelArn"]
    if not re.fullmatch(r"arn:aws(-[a-z-]+)?:bedrock:[a-z0-9-]+::foundation-model/[a-z0-9.:-]+", arn):
        return "modelArn is not valid"
    if any(not source["inlineDocumentSource"]["textDocument"]["text"] for source in body["sources"]):
        return "text must not be empty"
    return None
