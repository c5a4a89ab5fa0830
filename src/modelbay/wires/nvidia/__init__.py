"""NVIDIA's relevance. Its vectors and conversations are OpenAI's.

Sources: NeMo Retriever's reranking pages, releases 1.11 to 2.3 (read 2026-11-21).

Options (a model's `wire` section):

| option | of | meaning | default |
|---|---|---|---|
| `path` | rerank | `{ranking: …}`: where the model is; the hosted ones each have a place | `ranking` |
| `truncate` | rerank | the end at which too long a text is cut: `START`, `END`; `NONE`: an error | `NONE` |
"""

from __future__ import annotations

from modelbay.wires.family import Family
from modelbay.wires.nvidia.rerank import RerankDialect

FAMILY = Family("nvidia", rerank=RerankDialect())
