"""The native API of text-embeddings-inference: vectors, relevance, and what the server serves.

Wire format: TEI's OpenAPI document of 1.9.3 (2026-07-24, read 2026-11-21).

Options (a model's `wire` section):

| option | of | meaning | default |
|---|---|---|---|
| `normalize` | text-embedding | false for vectors of the model's own length | the server's: true |
| `dimensions` | text-embedding | the length of the vectors | the model's |
| `truncate` | text-embedding, rerank | true to let the server cut a text that is too long | false |
| `query_prompt`, `document_prompt` | text-embedding | names of prompts in the model's configuration | none |
| `raw_scores` | rerank | true for the model's own scores instead of 0 to 1 | false |

The server counts no tokens in its answers, and knows no `top_n`: it ranks all that it is sent.
"""

from __future__ import annotations

from modelbay.wires.family import Family
from modelbay.wires.tei.embeddings import EmbedDialect
from modelbay.wires.tei.info import InfoDialect
from modelbay.wires.tei.rerank import RerankDialect

FAMILY = Family("tei", embedding=EmbedDialect(), rerank=RerankDialect(), models=InfoDialect())
