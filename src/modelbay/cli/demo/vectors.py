"""Embedding as a matrix of similarities, and a reranking as bars."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

from rich.cells import set_cell_size
from rich.text import Text

from modelbay.cli.demo.stage import Stage
from modelbay.entities import ModelType, RerankDocument

_SENTENCES = (
    "The cat is asleep on the sofa.",
    "A cat sleeps on the old sofa.",
    "Interest rates rose again this week.",
    "This week, interest rates went up again.",
    "Photosynthesis turns light into sugar.",
)
_QUERY = "How do I reset my password?"
_DOCS = (
    "Our offices are closed on public holidays.",
    "To reset a password, open Settings and choose Security.",
    "You can change the colours of the interface.",
    "If you forgot your password, ask for a reset link by mail.",
    "Invoices are sent on the first day of each month.",
)
_CELL = 6  # columns of one similarity
_COLD, _HOT = (23, 42, 69), (232, 93, 47)


def show_embedding(stage: Stage) -> None:
    """Embed five sentences and show how similar each is to each."""
    result = stage.bay.embed(stage.models[ModelType.TEXT_EMBEDDING].model, _SENTENCES)
    matrix = similarities(result.embeddings)
    room = stage.screen.width - 4 - _CELL * len(matrix) - 1
    heading = "".join(f"{place:>{_CELL - 1}} " for place in range(1, len(matrix) + 1))
    stage.screen.show(Text(" " * (room + 4) + heading, "dim"))
    for place, (sentence, row) in enumerate(zip(_SENTENCES, matrix, strict=True), 1):
        label = set_cell_size(_shortened(sentence, room - 1), room)
        cells = [(f"{value:5.2f} ", _heat(value)) for value in row]
        stage.screen.show(Text.assemble((f" {place} ", "dim"), label, " ", *cells))
    stage.screen.line("found", _findings(matrix), "green")
    stage.called(ModelType.TEXT_EMBEDDING, result.usage)


def similarities(vectors: Sequence[Sequence[float]]) -> list[list[float]]:
    """Return the cosine of every vector with every other."""
    lengths = [math.hypot(*vector) or 1.0 for vector in vectors]
    return [
        [_product(left, right) / (a * b) for right, b in zip(vectors, lengths, strict=True)]
        for left, a in zip(vectors, lengths, strict=True)
    ]


def _findings(matrix: Sequence[Sequence[float]]) -> str:
    """Name the two closest pairs and the sentence that is like no other."""
    pairs = sorted(combinations(range(len(matrix)), 2), key=lambda pair: -matrix[pair[0]][pair[1]])[:2]
    closest = " and ".join(f"{a + 1} with {b + 1}" for a, b in sorted(pairs))
    others = [[value for place, value in enumerate(row) if place != own] for own, row in enumerate(matrix)]
    nearest = [max(values) for values in others]
    return f"closest are {closest}; most alone is {nearest.index(min(nearest)) + 1}"


def _heat(value: float) -> str:
    """Return the colours of a similarity, from cold (0 and less) to hot (1)."""
    share = min(max(value, 0.0), 1.0)
    red, green, blue = (round(c + (h - c) * share) for c, h in zip(_COLD, _HOT, strict=True))
    return f"{'#000000' if share > 0.75 else '#ffffff'} on rgb({red},{green},{blue})"


def show_rerank(stage: Stage) -> None:
    """Order five documents by a query and show their scores as bars."""
    stage.screen.line("query", _QUERY)
    result = stage.bay.rerank(stage.models[ModelType.RERANK].model, _QUERY, _DOCS)
    for doc, share in zip(result.docs, shares(result.docs), strict=True):
        _show_document(stage, doc, share)
    stage.called(ModelType.RERANK, result.usage)


def _show_document(stage: Stage, doc: RerankDocument, share: float) -> None:
    bars = 10 if stage.screen.width < 80 else 20
    full = round(share * bars)
    room = stage.screen.width - 8 - bars - 2
    stage.screen.show(
        Text.assemble(
            f"{doc.score:7.3f} ",
            ("█" * full, "cyan"),
            ("·" * (bars - full), "dim"),
            " ",
            (_shortened(doc.text, room), "bold" if share == 1 else ""),
        )
    )


def shares(docs: Sequence[RerankDocument]) -> list[float]:
    """Return how long each bar is, from 0 to 1: scores may be of any range, below zero too."""
    if not docs:
        return []
    low, high = min(0.0, *(doc.score for doc in docs)), max(doc.score for doc in docs)
    return [(doc.score - low) / (high - low) if high > low else 1.0 for doc in docs]


def _shortened(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"


def _product(left: Sequence[float], right: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))
