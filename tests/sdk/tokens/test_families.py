"""Which encoding a model has."""

from __future__ import annotations

import pytest

from modelbay.sdk.tokens import count_text, encoding_for_model, encoding_name_for_model


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-4o", "o200k_base"),
        ("gpt-4o-mini-2024-07-18", "o200k_base"),
        ("gpt-4.1-nano", "o200k_base"),
        ("gpt-5-chat-latest", "o200k_base"),
        ("gpt-6-astra", "o200k_base"),
        ("gpt-oss-120b", "o200k_base"),
        ("o1", "o200k_base"),
        ("o4-mini-2025-04-16", "o200k_base"),
        ("chatgpt-4o-latest", "o200k_base"),
        ("gpt-audio-mini", "o200k_base"),
        ("ft:gpt-4o-mini-2024-07-18:acme::7p4lURel", "o200k_base"),
        ("openai/gpt-4o", "o200k_base"),
        ("gpt-4", "cl100k_base"),
        ("gpt-4-turbo-2024-04-09", "cl100k_base"),
        ("gpt-35-turbo-16k", "cl100k_base"),
        ("ft:gpt-3.5-turbo:acme::7p4lURel", "cl100k_base"),
        ("text-embedding-3-large", "cl100k_base"),
        ("text-embedding-ada-002", "cl100k_base"),
        ("davinci-002", "cl100k_base"),
        ("text-davinci-003", "p50k_base"),
        ("code-davinci-002", "p50k_base"),
        ("davinci", "r50k_base"),
        ("text-ada-001", "r50k_base"),
        ("gpt2", "r50k_base"),
    ],
)
def test_families(model: str, name: str) -> None:
    """Names as tiktoken lists them, with dates, fine-tunings and the families that came later."""
    assert encoding_name_for_model(model) == name


@pytest.mark.parametrize(
    "model", ["claude-opus-5", "gemini-3-pro", "llama3", "o200k", "ollama", "gpt-neo", "ada2", ""]
)
def test_models_of_others_have_no_published_encoding(model: str) -> None:
    """A guess must never be sold as exact because a name looks alike."""
    assert encoding_for_model(model) is None
    assert count_text("Hello world", model).exact is False
    assert count_text("Hello world", model).method == "estimate"


def test_every_name_that_tiktoken_knows_has_its_encoding() -> None:
    """tiktoken's own table is the reference; a new entry there should be noticed here."""
    from tiktoken.model import MODEL_TO_ENCODING

    same_ranks = {"gpt2": "r50k_base", "p50k_edit": "p50k_base", "o200k_harmony": "o200k_base"}
    expected = {model: same_ranks.get(name, name) for model, name in MODEL_TO_ENCODING.items()}

    assert {model: encoding_name_for_model(model) for model in expected} == expected
