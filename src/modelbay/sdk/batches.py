"""Cutting a list of texts into requests that an upstream accepts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from modelbay.errors import InvokeBadRequestError
from modelbay.sdk import tokens


class Limits(NamedTuple):
    """What one request may hold: that many texts, tokens a text and tokens in all; None is no limit."""

    texts: int
    text_tokens: int | None = None
    request_tokens: int | None = None


def batches_of(texts: Sequence[str], limits: Limits) -> list[list[str]]:
    """Return the texts in order, cut into requests within the limits.

    A token is at least one byte, so a text's bytes bound its tokens from above: no text is tokenised here.
    """
    batches: list[list[str]] = []
    size = 0
    for text in texts:
        bound = _most_tokens(text)
        full = not batches or len(batches[-1]) >= limits.texts
        if full or (limits.request_tokens is not None and size + bound > limits.request_tokens):
            batches.append([])
            size = 0
        batches[-1].append(text)
        size += bound
    return batches


async def refuse_long_texts(texts: Sequence[str], model: str, limit: int | None) -> None:
    """Raise InvokeBadRequestError for the first text that has more than `limit` tokens, naming its place.

    Only texts that are long enough to be in doubt are tokenised. Where the count is an estimate, a text is
    refused only if it is over twice the limit; below that the upstream decides.
    """
    if limit is None:
        return
    for place, text in enumerate(texts):
        if _most_tokens(text) <= limit:
            continue
        count = await asyncio.to_thread(tokens.count_text, text, model)
        if count.tokens > (limit if count.exact else 2 * limit):
            about = "" if count.exact else "about "
            raise InvokeBadRequestError(
                f"texts[{place}] has {about}{count.tokens} tokens, {model} takes at most {limit}: split it"
            )


def _most_tokens(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())
