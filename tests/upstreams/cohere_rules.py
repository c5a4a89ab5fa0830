"""What Cohere refuses beyond its published schemas. Source: the provider sheet of 2026-11-21."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelbay.sdk.testing import Complaint

from .described import Body, Rule, required

RANGES: Mapping[str, tuple[float, float]] = {
    "temperature": (0, 1),
    "p": (0.01, 0.99),
    "k": (0, 500),
    "frequency_penalty": (0, 1),
    "presence_penalty": (0, 1),
}
MOST_STOPS, MOST_TEXTS, MOST_DOCUMENTS = 5, 96, 10_000
DIMENSIONS: Mapping[str, frozenset[int]] = {
    "embed-v4.0": frozenset({256, 512, 1024, 1536}),
    "embed-v5.0-pro": frozenset({256, 512, 1024, 1536, 2048}),
    "embed-v5.0-fast": frozenset({256, 512, 1024, 1536, 2048}),
}
MODELS: Mapping[str, tuple[str, int]] = {
    "command-a-03-2025": ("chat", 256_000),
    "command-a-plus-05-2026": ("chat", 128_000),
    "command-r7b-12-2024": ("chat", 128_000),
    "embed-v4.0": ("embed", 128_000),
    "embed-multilingual-v3.0": ("embed", 512),
    "rerank-v4.0-pro": ("rerank", 32_768),
    "rerank-v3.5": ("rerank", 4_096),
}


def dimensions(model: str) -> int:
    """Return the size of a model's vectors."""
    return {"embed-v4.0": 1536}.get(model, 2048 if "v5" in model else 384 if "light" in model else 1024)


def entries() -> list[dict[str, Any]]:
    """Return the models as the listing shows them."""
    return [
        {"name": name, "endpoints": [use], "context_length": length, "is_deprecated": False, "features": []}
        for name, (use, length) in MODELS.items()
    ]


def in_range(body: Body) -> Complaint | None:
    """Sampling stays within its ranges."""
    for name, (least, most) in RANGES.items():
        value = body.get(name)
        if value is not None and not least <= value <= most:
            return Complaint(f"invalid request: {name} must be between {least} and {most} inclusive", name)
    return None


def few_stops(body: Body) -> Complaint | None:
    """There are at most five stop sequences."""
    if len(body.get("stop_sequences") or ()) <= MOST_STOPS:
        return None
    return Complaint(f"invalid request: stop_sequences takes at most {MOST_STOPS}", "stop_sequences")


def schema_alone(body: Body) -> Complaint | None:
    """A JSON answer goes with neither tools nor documents."""
    if (body.get("response_format") or {}).get("type") != "json_object":
        return None
    other = next((name for name in ("tools", "documents") if body.get(name)), None)
    if other is None:
        return None
    return Complaint(f"invalid request: response_format is not supported with {other}", "response_format")


def plan_beside_calls(body: Body) -> Complaint | None:
    """Text beside tool calls belongs to `tool_plan`, and every result names a call before it."""
    called: set[str] = set()
    for place, message in enumerate(body["messages"]):
        if message.get("tool_calls") and message.get("content"):
            return Complaint(
                "invalid request: content is not allowed with tool_calls", f"messages.{place}.content"
            )
        called |= {call["id"] for call in message.get("tool_calls") or ()}
        if message["role"] == "tool" and message.get("tool_call_id") not in called:
            where = f"messages.{place}.tool_call_id"
            return Complaint("invalid request: tool_call_id names no tool call before it", where)
    return None


def some_messages(body: Body) -> Complaint | None:
    """A chat needs a message."""
    return None if body["messages"] else Complaint("invalid request: messages must not be empty", "messages")


def one_kind_of_input(body: Body) -> Complaint | None:
    """Texts (at most 96), one image, or mixed inputs: exactly one of them."""
    given = [name for name in ("texts", "images", "inputs") if body.get(name)]
    if len(given) != 1:
        return Complaint("invalid request: exactly one of texts, images or inputs is required", "texts")
    most = 1 if given[0] == "images" else MOST_TEXTS
    if len(body[given[0]]) > most:
        return Complaint(f"invalid request: {given[0]} takes at most {most} items", given[0])
    if given[0] == "texts" and not all(body["texts"]):
        return Complaint("invalid request: texts must not be empty", "texts")
    return None


def known_dimension(body: Body) -> Complaint | None:
    """Only newer models can be shortened, to some sizes."""
    size = body.get("output_dimension")
    if size is None or size in DIMENSIONS.get(body["model"], ()):
        return None
    return Complaint(f"invalid request: output_dimension {size} is not supported", "output_dimension")


def some_documents(body: Body) -> Complaint | None:
    """A rerank takes 1 to 10,000 documents and a query."""
    if not body["query"]:
        return Complaint("invalid request: query must not be empty", "query")
    if not 0 < len(body["documents"]) <= MOST_DOCUMENTS:
        return Complaint(f"invalid request: documents takes 1 to {MOST_DOCUMENTS} items", "documents")
    top = body.get("top_n")
    return (
        Complaint("invalid request: top_n must be at least 1", "top_n")
        if top is not None and top < 1
        else None
    )


RULES: Mapping[str, Sequence[Rule]] = {
    "/v2/chat": (
        required("model", "messages"),
        *(some_messages, in_range, few_stops, schema_alone, plan_beside_calls),
    ),
    "/v2/embed": (required("model", "input_type"), one_kind_of_input, known_dimension),
    "/v2/rerank": (required("model", "query", "documents"), some_documents),
    "/v1/tokenize": (required("model", "text"),),
}
