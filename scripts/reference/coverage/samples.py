"""What the tables ask: every field of every dialect with a value that asks for something (`*.yaml` here)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from modelbay.entities import ModelType
from modelbay.wires.anthropic.serving import MESSAGES
from modelbay.wires.cohere.serving import EMBED, RERANK_V1, RERANK_V2
from modelbay.wires.jina.serving import EMBEDDINGS as JINA_EMBEDDINGS
from modelbay.wires.openai.serving import CHAT, COMPLETIONS
from modelbay.wires.openai.serving.audio import SPEECH, TRANSCRIPTIONS, TRANSLATIONS
from modelbay.wires.openai.serving.embeddings import EMBEDDINGS
from modelbay.wires.openai.serving.moderations import MODERATIONS
from modelbay.wires.openai.serving.responses import RESPONSES

HERE = Path(__file__).parent
Body = dict[str, Any]


@dataclass(frozen=True)
class Sample:
    """One row of a table.

    Attributes:
        field: The client's name; dots lead into objects.
        value: What is asked.
        beside: Fields without which it makes no sense; they are in what it is compared with.
        label: What sets the row apart from others of the same field.
        ours: Why a field that no upstream is sent is not lost: who fulfils it.
        carries: Texts of which one must reach the upstream, for content.
        unused: Why it is no loss that an upstream without a place for it is not told.
    """

    field: str
    value: Any
    beside: Body = dataclasses.field(default_factory=dict)
    label: str = ""
    ours: str = ""
    carries: tuple[str, ...] = ()
    unused: str = ""

    @property
    def patch(self) -> Body:
        """The fields of the body that ask for it."""
        value = self.value
        for name in reversed(self.field.split(".")):
            value = {name: value}
        return dict(value)

    @property
    def top(self) -> str:
        """The field of the body that holds it."""
        return self.field.partition(".")[0]


@dataclass(frozen=True)
class Client:
    """One dialect that clients speak, with the least that it can ask."""

    name: str
    title: str
    path: str
    face: Any
    model_type: ModelType
    base: Body
    fields: tuple[Sample, ...]
    content: tuple[Sample, ...]


_FACES: Mapping[str, tuple[Any, ModelType]] = {
    "openai.chat": (CHAT, ModelType.LLM),
    "openai.completions": (COMPLETIONS, ModelType.LLM),
    "openai.responses": (RESPONSES, ModelType.LLM),
    "anthropic.messages": (MESSAGES, ModelType.LLM),
    "openai.embeddings": (EMBEDDINGS, ModelType.TEXT_EMBEDDING),
    "jina.embeddings": (JINA_EMBEDDINGS, ModelType.TEXT_EMBEDDING),
    "cohere.embed": (EMBED, ModelType.TEXT_EMBEDDING),
    "jina.rerank": (RERANK_V1, ModelType.RERANK),
    "cohere.v1.rerank": (RERANK_V1, ModelType.RERANK),
    "cohere.rerank": (RERANK_V2, ModelType.RERANK),
    "openai.moderations": (MODERATIONS, ModelType.MODERATION),
    "openai.transcriptions": (TRANSCRIPTIONS, ModelType.SPEECH2TEXT),
    "openai.translations": (TRANSLATIONS, ModelType.SPEECH2TEXT),
    "openai.speech": (SPEECH, ModelType.TTS),
}


@cache
def clients() -> tuple[Client, ...]:
    """Return the dialects, in the order of the page."""
    asked, content = _read("fields.yaml"), _read("content.yaml")
    return tuple(_client(name, asked[name], content.get(name, [])) for name in _FACES)


def _client(name: str, asked: Mapping[str, Any], content: list[Body]) -> Client:
    face, model_type = _FACES[name]
    return Client(
        name=name,
        title=asked["title"],
        path=asked["path"],
        face=face,
        model_type=model_type,
        base={"model": "default", **asked["least"]},
        fields=tuple(_sample(row) for row in asked["fields"]),
        content=tuple(_sample(row) for row in content),
    )


def _sample(row: Body) -> Sample:
    carries = row.pop("carries", ())
    texts = (carries,) if isinstance(carries, str) else tuple(carries)
    return Sample(**row, carries=texts)


def _read(name: str) -> Any:
    return yaml.safe_load((HERE / name).read_text("utf-8"))
