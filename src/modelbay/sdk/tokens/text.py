"""Counting text."""

from __future__ import annotations

import asyncio

from modelbay.sdk.tokens.encodings import is_loaded, load_encoding
from modelbay.sdk.tokens.estimate import estimate_tokens
from modelbay.sdk.tokens.families import encoding_for_model, encoding_name_for_model
from modelbay.sdk.tokens.token_count import ESTIMATE, TokenCount


def count_text(text: str, model: str) -> TokenCount:
    """Count the tokens of a text for a model: exactly where its encoding is published, else an estimate."""
    encoding = encoding_for_model(model)
    if encoding is None:
        return TokenCount(estimate_tokens(text), False, ESTIMATE)
    return encoding.count(text)


async def count_text_async(text: str, model: str) -> TokenCount:
    """Count like `count_text`; a long text is counted on a worker thread, and the event loop stays free."""
    name = encoding_name_for_model(model)
    if name is None:
        return await asyncio.to_thread(count_text, text, model)
    encoding = load_encoding(name) if is_loaded(name) else await asyncio.to_thread(load_encoding, name)
    return await encoding.count_async(text)


def preload(*models: str) -> None:
    """Load what counting for these models needs, so that no later call waits for it."""
    for model in models:
        encoding_for_model(model)
