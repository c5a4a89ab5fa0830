"""What clients of Cohere's API ask, and how they are answered: pure, like the other direction."""

from modelbay.wires.cohere.serving.embed import EMBED
from modelbay.wires.cohere.serving.errors import ERRORS
from modelbay.wires.cohere.serving.rerank import RERANK_V1, RERANK_V2

__all__ = ["EMBED", "ERRORS", "RERANK_V1", "RERANK_V2"]
