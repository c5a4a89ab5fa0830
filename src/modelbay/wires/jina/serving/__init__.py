"""What clients of Jina's API ask, and how they are answered: pure, like the other direction."""

from modelbay.wires.jina.serving.embeddings import EMBEDDINGS
from modelbay.wires.jina.serving.errors import ERRORS
from modelbay.wires.jina.serving.rerank import RERANK

__all__ = ["EMBEDDINGS", "ERRORS", "RERANK"]
