"""The other direction of a dialect: what a client asks in it, and how an answer is written in it.

A wire says how an upstream is called; a face says how a client of ours is answered. Both are pure: a face
reads a decoded JSON body and returns one, or bytes for a stream. What Modelbay has no name for is kept, never
lost: it goes on unchanged to an upstream of the same dialect, and is refused by name (or dropped, if the
caller allows it) before any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from modelbay.entities import (
    EmbeddingInputType,
    LLMResult,
    LLMResultChunk,
    ModerationResult,
    MultiModalContent,
    PromptMessage,
    PromptMessageTool,
    RerankResult,
    Speech2TextResult,
    TextEmbeddingResult,
)
from modelbay.errors import ModelbayError
from modelbay.wires.places import Place


@dataclass(slots=True, kw_only=True)
class Wishes:
    """What a client asks beyond the content of its call.

    Attributes:
        dialect: The dialect it asks in, such as "openai.chat".
        parameters: By Modelbay's names (`max_tokens`, `tool_choice`, `dimensions`, …).
        fields: The client's own name of a parameter, where it is not Modelbay's; dots lead into objects.
        extras: The client's fields that Modelbay has no name for, as they came.
        neutral: By the client's names: values that ask for nothing, as they are the dialect's defaults.
    """

    dialect: str
    parameters: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    extras: dict[str, Any] = field(default_factory=dict)
    neutral: Mapping[str, Any] = field(default_factory=dict)

    def field_of(self, parameter: str) -> str:
        """Return what the client calls a parameter."""
        return self.fields.get(parameter, parameter)

    def is_neutral(self, name: str, value: Any) -> bool:
        """Whether the client's field, having this value, asks for nothing."""
        return value is None or (name in self.neutral and self.neutral[name] == value)


@dataclass(slots=True, kw_only=True)
class ChatAsk:
    """A client's request for an answer. `options` is what only the writing of the answer needs to know.

    Attributes:
        places: Where the client finds each message in its request; none where it numbers them as we do.
    """

    model: str
    messages: list[PromptMessage]
    wishes: Wishes
    places: list[Place] = field(default_factory=list)
    tools: list[PromptMessageTool] = field(default_factory=list)
    stop: list[str] = field(default_factory=list)
    stream: bool = False
    user: str | None = None
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class EmbeddingAsk:
    """A client's request for vectors. An input may be a list of token ids, which the gateway makes text."""

    model: str
    inputs: list[str | list[int] | MultiModalContent]
    wishes: Wishes
    input_type: EmbeddingInputType = EmbeddingInputType.DOCUMENT
    user: str | None = None
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class RerankAsk:
    """A client's request to order documents. `options` says how the answer quotes them."""

    model: str
    query: str
    docs: list[str]
    wishes: Wishes
    top_n: int | None = None
    user: str | None = None
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class ModerationAsk:
    """A client's request to judge texts."""

    model: str
    texts: list[str]
    wishes: Wishes
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class TranscriptionAsk:
    """A client's request to write down, or to translate, speech; the audio comes beside it."""

    model: str
    wishes: Wishes
    stream: bool = False
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class SpeechAsk:
    """A client's request to speak a text."""

    model: str
    text: str
    wishes: Wishes
    voice: str | None = None
    options: dict[str, Any] = field(default_factory=dict)


class ChunkWriter(Protocol):
    """Writes one streamed answer as the client's dialect frames it; b"" is nothing."""

    def write(self, chunk: LLMResultChunk) -> bytes:
        """Return what a chunk adds; the first call also returns what begins the answer."""
        ...

    def close(self) -> bytes:
        """Return what ends the answer, after the last chunk was written."""
        ...

    def fail(self, error: ModelbayError) -> bytes:
        """Return the dialect's error event and what ends the stream after it."""
        ...


class ChatFace(Protocol):
    """How a client speaks of conversations; `dialect` names it."""

    dialect: str

    def from_request(self, body: Mapping[str, Any]) -> ChatAsk:
        """Return what is asked; InvokeBadRequestError, naming the field, for what cannot be read."""
        ...

    def from_result(self, ask: ChatAsk, result: LLMResult, answer_id: str) -> dict[str, Any]:
        """Return the body of a whole answer.

        Args:
            answer_id: Random and URL-safe; the dialect puts its own prefix before it (`chatcmpl-`, `msg_`).
        """
        ...

    def from_chunks(self, ask: ChatAsk, answer_id: str) -> ChunkWriter:
        """Return a writer for one streamed answer."""
        ...


class EmbeddingFace(Protocol):
    """How a client speaks of vectors."""

    dialect: str

    def from_request(self, body: Mapping[str, Any]) -> EmbeddingAsk:
        """Return what is asked; InvokeBadRequestError, naming the field, for what cannot be read."""
        ...

    def from_result(self, ask: EmbeddingAsk, result: TextEmbeddingResult, answer_id: str) -> dict[str, Any]:
        """Return the body of the answer."""
        ...


class RerankFace(Protocol):
    """How a client speaks of relevance."""

    dialect: str

    def from_request(self, body: Mapping[str, Any]) -> RerankAsk:
        """Return what is asked; InvokeBadRequestError, naming the field, for what cannot be read."""
        ...

    def from_result(self, ask: RerankAsk, result: RerankResult, answer_id: str) -> dict[str, Any]:
        """Return the body of the answer."""
        ...


class ModerationFace(Protocol):
    """How a client speaks of harm."""

    dialect: str

    def from_request(self, body: Mapping[str, Any]) -> ModerationAsk:
        """Return what is asked; InvokeBadRequestError, naming the field, for what cannot be read."""
        ...

    def from_results(
        self, ask: ModerationAsk, results: Sequence[ModerationResult], answer_id: str
    ) -> dict[str, Any]:
        """Return the body of the answer, one judgement a text."""
        ...


class TranscriptionFace(Protocol):
    """How a client speaks of recordings: in a form, whose fields come as text."""

    dialect: str

    def from_form(self, fields: Sequence[tuple[str, str]]) -> TranscriptionAsk:
        """Return what is asked; InvokeBadRequestError, naming the field, for what cannot be read."""
        ...

    def from_result(self, ask: TranscriptionAsk, result: Speech2TextResult) -> tuple[str, bytes]:
        """Return content type and body of the answer."""
        ...


class SpeechFace(Protocol):
    """How a client speaks of speaking."""

    dialect: str

    def from_request(self, body: Mapping[str, Any]) -> SpeechAsk:
        """Return what is asked; InvokeBadRequestError, naming the field, for what cannot be read."""
        ...


class ErrorFace(Protocol):
    """How a client of a family is told of errors."""

    def from_error(self, error: ModelbayError, request_id: str) -> dict[str, Any]:
        """Return the body that goes with the status; the words are the upstream's, if the error was."""
        ...
