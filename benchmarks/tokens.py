"""Counting the tokens of 1 MB of text, by the vocabularies that come with the installation."""

from __future__ import annotations

import argparse
import pydoc_data.topics
import time
from pathlib import Path

from benchmarks.figure import Figure, Rounds, scaled
from modelbay.sdk.tokens import count_text

SIZE = 1_000_000
GOAL = 0.5
MODELS = {"o200k": "gpt-4o", "cl100k": "gpt-4", "estimate": "some-other-model"}


def tokens(rounds: Rounds) -> list[Figure]:
    """Measure English prose by each way of counting, then code; the first count loads the vocabulary."""
    prose = _repeated("\n".join(pydoc_data.topics.topics.values()))
    code = _repeated(Path(argparse.__file__).read_text())
    loading = {name: _seconds("first", model) for name, model in MODELS.items() if name != "estimate"}
    texts = {**{f"prose, {name}": (prose, model) for name, model in MODELS.items()}}
    texts["code, o200k"] = (code, MODELS["o200k"])
    taken: dict[str, list[float]] = {name: [] for name in texts}
    for _ in rounds:
        for name, (text, model) in texts.items():
            taken[name].append(_seconds(text, model))
    return [
        *(Figure(f"tokens: loading {name}", "ms CPU", (took * 1e3,)) for name, took in loading.items()),
        *(
            Figure(f"tokens of 1 MB: {name}", "ms CPU", scaled(values, 1e3), GOAL * 1e3)
            for name, values in taken.items()
        ),
    ]


def _repeated(text: str) -> str:
    return (text * (SIZE // len(text) + 1))[:SIZE]


def _seconds(text: str, model: str) -> float:
    began = time.process_time()
    count_text(text, model)
    return time.process_time() - began
