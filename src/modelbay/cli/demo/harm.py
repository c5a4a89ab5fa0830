"""Moderation of a harmless and of a harmful text."""

from __future__ import annotations

from modelbay.cli.demo.stage import Stage
from modelbay.entities import ModelType

_TEXTS = (
    "Shall we have a picnic by the harbour on Sunday?",
    "I hate you and I will kill you.",
)


def show_moderation(stage: Stage) -> None:
    """Ask of two texts whether they are harmful."""
    for text in _TEXTS:
        result = stage.bay.moderate(stage.models[ModelType.MODERATION].model, text)
        stage.screen.line("text", text)
        verdict = ", ".join(["flagged", *result.categories]) if result.flagged else "harmless"
        stage.screen.line("is", verdict, "red" if result.flagged else "green")
        stage.called(ModelType.MODERATION, result.usage)
