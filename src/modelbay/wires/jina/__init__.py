"""Jina's vectors and relevance; the shapes are those of many compatible servers.

Wire format: https://api.jina.ai/redoc (2026-11-21).

Options (a model's `wire` section):

| option | of | meaning | default |
|---|---|---|---|
| `tasks` | text-embedding | what `task` says for a `document` and for a `query` | no task is sent |
| `dimensions` | text-embedding | the length of the vectors, for models that let one choose | the model's |
| `embedding_type` | text-embedding | how vectors are sent: `float`, or `base64`, which is shorter | `float` |
| `normalized` | text-embedding | whether vectors are scaled to length 1 | the model's |
| `late_chunking` | text-embedding | true to embed the inputs of a request as parts of one document | false |
| `truncate` | text-embedding | true to let the API cut an input that is too long | false |
| `refuse` | text-embedding | parameters that the model does not take: an error names them | none |
| `input_form` | both | `object` for models that take images: `{"text": …}` or `{"image": …}` | `text` |
"""

from __future__ import annotations

from modelbay.wires.family import Family
from modelbay.wires.jina.embeddings import EmbeddingDialect
from modelbay.wires.jina.rerank import RerankDialect

FAMILY = Family("jina", embedding=EmbeddingDialect(), rerank=RerankDialect())
