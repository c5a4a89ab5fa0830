"""Replicate: predictions that are created, then streamed or asked for until they have ended.

Wire format: the official SDK's types of 2.0.0b4 and its client 1.0.7 (read 2026-11-21). A model has inputs of
its own; which, its version's OpenAPI schema says (`schema`). The dialects write into the inputs that there
are, which they get as the option `inputs`; without it those of most models are assumed.

Options (a model's `wire` section):

| option | of | meaning | default |
|---|---|---|---|
| `version` | all | the version to run, 64 hexadecimal digits | the latest |
| `input_field` | all but llm | the input that takes the text or the audio | by the schema |
| `think_tags` | llm | true for a model that writes its reasoning into the text | false |
| `poll_seconds` | all | the longest pause between two questions for a prediction | 0.5 |

The models take no tools and tell no reason to stop: an answer as long as the limit that was asked for counts
as cut off by it. A conversation of more than one turn becomes one text in which the turns have the names of
their speakers, unless the model has the input `messages`.
"""

from __future__ import annotations

from modelbay.wires.family import ChatDialect, Family, Options
from modelbay.wires.replicate.chat import PredictedText
from modelbay.wires.replicate.embeddings import PredictedVectors
from modelbay.wires.replicate.models import Models
from modelbay.wires.replicate.speech import PredictedSpeech, PredictedTranscript

CHAT = PredictedText()


def chat(_: Options) -> ChatDialect:
    """Return the one dialect."""
    return CHAT


FAMILY = Family(
    "replicate",
    chat=chat,
    embedding=PredictedVectors(),
    transcription=PredictedTranscript(),
    speech=PredictedSpeech(),
    models=Models(),
)
