"""Voyage's vectors and relevance.

Source: the official SDK, voyageai 0.5.0 (read 2026-11-21).

Options (a model's `wire` section):

| option | of | meaning | default |
|---|---|---|---|
| `api` | text-embedding | or `contextual`, of chunks that know of each other; `multimodal` | `embeddings` |
| `lengths` | text-embedding | the lengths that a vector of this model may have | one length |
| `output_dimension` | text-embedding | the length wanted; models of one length are not asked | the model's |
| `output_dtype` | text-embedding | `float`, `int8`, `uint8`, `binary`, `ubinary` | `float` |
| `together` | text-embedding | true to embed a request's documents as parts of one (contextual) | false |
| `truncation` | both | true to let the API cut a text that is too long | false |
"""

from __future__ import annotations

from modelbay.wires.family import Family
from modelbay.wires.voyage.embeddings import EmbeddingDialect
from modelbay.wires.voyage.rerank import RerankDialect

FAMILY = Family("voyage", embedding=EmbeddingDialect(), rerank=RerankDialect())
