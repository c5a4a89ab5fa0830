"""Log probabilities in the form of the legacy API: lists side by side."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from typing import Any

from modelbay.wires.openai.shapes import objects_of


def text_logprobs(found: Any) -> dict[str, Any] | None:
    """Return the log probabilities of an answer, also of an upstream that tells them token by token."""
    if not isinstance(found, Mapping):
        return None
    if "content" not in found:
        return dict(found)
    rows = objects_of(found["content"])
    tokens = [str(row.get("token")) for row in rows]
    return {
        "tokens": tokens,
        "token_logprobs": [row.get("logprob") for row in rows],
        "top_logprobs": [_tops(row) for row in rows],
        "text_offset": [0, *accumulate(map(len, tokens))][: len(tokens)],
    }


def _tops(row: Mapping[str, Any]) -> dict[str, Any]:
    return {str(top.get("token")): top.get("logprob") for top in objects_of(row.get("top_logprobs"))}
