"""Results of the model types other than language models."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from modelbay.entities.base import Entity
from modelbay.entities.usage import CallUsage, EmbeddingUsage


class EmbeddingInputType(StrEnum):
    """What a text is embedded for; some models embed a document and a query differently."""

    DOCUMENT = "document"
    QUERY = "query"


class MultiModalContentType(StrEnum):
    """What a multimodal input is."""

    TEXT = "text"
    IMAGE = "image"


class MultiModalContent(Entity):
    """A text, or an image as base64 (or an address where the provider fetches)."""

    content: str
    content_type: MultiModalContentType = MultiModalContentType.TEXT


class TextEmbeddingResult(Entity):
    """Vectors of shape [N, D] in the order of the N texts, scaled as the provider sent them.

    Who asks for `encoding_format: base64` may get `packed` instead, and no `embeddings`: each vector as the
    provider sent it, base64 of little-endian 32-bit floats.
    """

    model: str
    embeddings: list[list[float]]
    usage: EmbeddingUsage
    packed: list[str] | None = None


class MultiModalEmbeddingResult(TextEmbeddingResult):
    """Vectors of texts and images, in input order."""


class RerankDocument(Entity):
    """One document of a rerank answer. `index` is its place in the `docs` that were sent, from 0."""

    index: int
    text: str
    score: float


class RerankResult(Entity):
    """The documents, best first."""

    model: str
    docs: list[RerankDocument]
    usage: CallUsage | None = None


class MultiModalRerankResult(RerankResult):
    """Texts and images, best first."""


class ModerationResult(Entity):
    """Whether a text is harmful, and in which categories where the provider says.

    `category_scores` are the provider's own, from 0 to 1, also of categories in which the text is harmless.
    """

    result: bool
    categories: list[str] = []
    category_scores: dict[str, float] = {}
    usage: CallUsage | None = None

    @property
    def flagged(self) -> bool:
        """Whether the text is harmful."""
        return self.result


class Speech2TextResult(Entity):
    """What was said."""

    result: str
    usage: CallUsage | None = None

    @property
    def text(self) -> str:
        """What was said."""
        return self.result


class TTSResult(Entity):
    """Speech as plugins send it over a wire: `result` is the audio in hexadecimal."""

    result: str
    mime_type: str | None = None


class SpeechResult(Entity):
    """Speech: one playable audio file."""

    model: str
    audio: bytes
    mime_type: str
    usage: CallUsage | None = None

    def save(self, path: str | Path) -> Path:
        """Write the audio to `path` and return it."""
        target = Path(path)
        target.write_bytes(self.audio)
        return target


class TTSVoice(Entity):
    """A voice: `name` for people, `value` for the call."""

    name: str
    value: str
