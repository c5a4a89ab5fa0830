"""The tables have every field that the published descriptions have."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from scripts.reference.coverage.samples import clients
from tests.upstreams.described import SPECS

PUBLISHED = {
    "openai.chat": ("openai.openapi.json", "CreateChatCompletionRequest"),
    "openai.completions": ("openai.openapi.json", "CreateCompletionRequest"),
    "openai.responses": ("openai.openapi.json", "CreateResponse"),
    "anthropic.messages": ("anthropic.schemas.json", "MessageCreateParams"),
    "openai.embeddings": ("openai.openapi.json", "CreateEmbeddingRequest"),
    "cohere.embed": ("cohere.schemas.json", "V2EmbedRequest"),
    "cohere.rerank": ("cohere.schemas.json", "V2RerankRequest"),
    "openai.moderations": ("openai.openapi.json", "CreateModerationRequest"),
    "openai.transcriptions": ("openai.openapi.json", "CreateTranscriptionRequest"),
    "openai.translations": ("openai.openapi.json", "CreateTranslationRequest"),
    "openai.speech": ("openai.openapi.json", "CreateSpeechRequest"),
}
# Objects whose fields have rows of their own, as wishes of different kinds lie in them.
OPENED = {
    "openai.chat": ("stream_options",),
    "openai.responses": ("reasoning", "text", "stream_options"),
    "anthropic.messages": ("metadata", "output_config"),
}
# Jina publishes no description under a clear licence; Cohere's first version is past.
UNPUBLISHED = {"jina.embeddings", "jina.rerank", "cohere.v1.rerank"}

described = pytest.mark.skipif(not SPECS.is_dir(), reason="the published descriptions are not here")


@described
@pytest.mark.parametrize("name", PUBLISHED)
def test_every_published_field_has_a_row(name: str) -> None:
    """A field that is in no table is one whose fate nobody has looked at."""
    file, schema = PUBLISHED[name]
    document = json.loads((SPECS / file).read_bytes())
    known = {row.field for client in clients() if client.name == name for row in client.fields}
    assert set(fields_of(document, schema, OPENED.get(name, ()))) - known - tops(known, name) == set()


def test_every_dialect_has_its_description() -> None:
    """A dialect that is added must be compared too."""
    assert {client.name for client in clients()} == PUBLISHED.keys() | UNPUBLISHED


def tops(known: set[str], name: str) -> set[str]:
    """Return the objects that rows lead into."""
    return {field.partition(".")[0] for field in known} | set(OPENED.get(name, ()))


def fields_of(document: Any, name: str, opened: tuple[str, ...]) -> Iterator[str]:
    """Yield the fields of a description, and those inside of the opened ones."""
    schemas = document.get("components", {}).get("schemas") or document
    root = schemas[name]
    definitions = root.get("$defs") or schemas
    for field, value in properties(root, definitions):
        yield field
        if field in opened:
            yield from (f"{field}.{inner}" for inner, _ in properties(value, definitions))


def properties(schema: Any, definitions: Any) -> Iterator[tuple[str, Any]]:
    """Yield the properties of a schema, wherever they are said."""
    if "$ref" in schema:
        yield from properties(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    yield from schema.get("properties", {}).items()
    for way in ("allOf", "anyOf", "oneOf"):
        for each in schema.get(way, ()):
            yield from properties(each, definitions)
