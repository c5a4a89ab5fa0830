"""What a dialect is: pure translation between Modelbay's values and an upstream's requests and answers.

A family of dialects is a package below `wires`; its `FAMILY` says which of the six model types it speaks.
Everything in a family is a pure function or a small reader that is fed: no socket, no clock, no state that
outlives a call. `transport` sends what `to_request` builds and hands back what comes.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, Protocol, runtime_checkable

from modelbay.entities import (
    AIModelEntity,
    EmbeddingInputType,
    LLMResult,
    LLMResultChunk,
    ModelType,
    ModerationResult,
    MultiModalContent,
    PromptMessage,
    PromptMessageTool,
    RerankResult,
    Speech2TextResult,
    TextEmbeddingResult,
)
from modelbay.wires.request import Event, Request, ToError
from modelbay.wires.signing import Signer

_SCHEMES = ("https://", "http://", "wss://", "ws://")

Options = Mapping[str, Any]
"""A model's `wire` section: what its dialect must know to speak to it."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an upstream is and how we present ourselves. The headers hold the key and never show.

    `signer` is there where the key is not sent as it is, `to_error` where failures mean other things than
    their status says.
    """

    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    signer: Signer | None = field(default=None, repr=False)
    to_error: ToError | None = field(default=None, repr=False)

    def url(self, path: str) -> str:
        """Return the address of `path` below the base; one that is an address already as it is."""
        if path.startswith(_SCHEMES):
            return path
        return f"{self.base_url.rstrip('/')}/{path.lstrip('/')}"

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, **fields: Any
    ) -> Request:
        """Return a request that presents us.

        Args:
            headers: More headers, or others in place of the endpoint's.
            fields: Of `Request`: `json`, `form`, `idempotent`, …
        """
        fields.setdefault("to_error", self.to_error)
        joined = {**self.headers, **(headers or {})}
        return Request(method, url, headers=joined, signer=self.signer, **fields)


@dataclass(frozen=True, slots=True)
class ChatCall:
    """One call of a language model. `model` is the upstream's name for it.

    `parameters` have passed the rules and carry Modelbay's names (`max_tokens`, `top_p`, `tool_choice`
    as "auto", "none", "required" or a tool's name, `response_format`, `json_schema` as JSON text, …).
    `extras` are fields of this dialect that a client of the same dialect sent and Modelbay has no name for:
    they are written into the body as they are.
    """

    model: str
    messages: Sequence[PromptMessage]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    tools: Sequence[PromptMessageTool] = ()
    stop: Sequence[str] = ()
    stream: bool = False
    user: str | None = None
    options: Options = field(default_factory=dict)
    extras: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EmbeddingCall:
    """One request for vectors: all of `inputs` fit one request of the upstream."""

    model: str
    inputs: Sequence[str | MultiModalContent]
    input_type: EmbeddingInputType = EmbeddingInputType.DOCUMENT
    user: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RerankCall:
    """One request to order documents by relevance. `top_n` None asks for all."""

    model: str
    query: str | MultiModalContent
    docs: Sequence[str | MultiModalContent]
    top_n: int | None = None
    user: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModerationCall:
    """One request to judge texts; `texts` fit one request of the upstream."""

    model: str
    texts: Sequence[str]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TranscriptionCall:
    """One request to write down speech. `filename` has the extension of the audio's real format."""

    model: str
    audio: bytes = field(repr=False)
    filename: str
    mime_type: str
    user: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SpeechCall:
    """One request to speak a text that fits the upstream's limit."""

    model: str
    text: str
    voice: str
    audio_format: str
    user: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    options: Options = field(default_factory=dict)


Framing = Literal["sse", "ndjson", "aws-events", "websocket"]
"""How a streamed answer is cut: its frames are `Event` for sse and aws-events, else bytes."""


class ChunkReader(Protocol):
    """Turns the frames of one streamed answer into chunks.

    Only the last chunk has `usage` (unpriced: see `wires.usage`) and `finish_reason`. Provider state
    (`opaque_body`) comes whole on the last chunk that needs it. A reader may have `done`: once it is true no
    more frames are awaited, for upstreams that leave the connection open.
    """

    def read(self, frame: Event | bytes) -> Iterable[LLMResultChunk]:
        """Return what this frame adds; unknown frames add nothing. An error frame raises its InvokeError."""
        ...

    def close(self) -> Iterable[LLMResultChunk]:
        """Return what is left at the end of the stream; InvokeConnectionError if the answer was cut off."""
        ...


class ChatDialect(Protocol):
    """How an upstream speaks of conversations.

    `name` is family and API ("openai.chat"); `framing` is how its streamed answers are cut.
    """

    name: str
    framing: Framing

    def to_request(self, call: ChatCall, endpoint: Endpoint) -> Request:
        """Return the request; InvokeBadRequestError, naming it, for what the dialect cannot express."""
        ...

    def to_result(self, call: ChatCall, body: Any) -> LLMResult:
        """Return the whole answer."""
        ...

    def to_chunks(self, call: ChatCall) -> ChunkReader:
        """Return a reader for one streamed answer."""
        ...


class Told(Protocol):
    """What the dialects other than of conversations have in common.

    `name` is family and API ("openai.embeddings"); `takes` are the parameters, by Modelbay's names, that it
    writes under its own. Others are written as they are: a client of the same dialect knows what it asks.
    """

    name: str
    takes: frozenset[str]


class EmbeddingDialect(Told, Protocol):
    """How an upstream speaks of vectors."""

    def to_request(self, call: EmbeddingCall, endpoint: Endpoint) -> Request:
        """Return the request."""
        ...

    def to_result(self, call: EmbeddingCall, body: Any) -> TextEmbeddingResult:
        """Return the vectors in the order of the inputs; InvokeServerUnavailableError if one is missing."""
        ...


class RerankDialect(Told, Protocol):
    """How an upstream speaks of relevance."""

    def to_request(self, call: RerankCall, endpoint: Endpoint) -> Request:
        """Return the request."""
        ...

    def to_result(self, call: RerankCall, body: Any) -> RerankResult:
        """Return the documents with the upstream's own scores, best first, texts from the call."""
        ...


class ModerationDialect(Told, Protocol):
    """How an upstream speaks of harm."""

    def to_request(self, call: ModerationCall, endpoint: Endpoint) -> Request:
        """Return the request."""
        ...

    def to_results(self, call: ModerationCall, body: Any) -> list[ModerationResult]:
        """Return one judgement a text; InvokeServerUnavailableError if one is missing."""
        ...


class TranscriptionDialect(Told, Protocol):
    """How an upstream speaks of recordings."""

    def to_request(self, call: TranscriptionCall, endpoint: Endpoint) -> Request:
        """Return the request."""
        ...

    def to_result(self, call: TranscriptionCall, body: bytes) -> Speech2TextResult:
        """Return what was said."""
        ...


class SpeechDialect(Told, Protocol):
    """How an upstream speaks of speaking. The answer is the audio itself (but see `FramedSpeechDialect`)."""

    def to_request(self, call: SpeechCall, endpoint: Endpoint) -> Request:
        """Return the request."""
        ...


class AudioReader(Protocol):
    """Turns the frames of one answer into audio."""

    def read(self, frame: Any) -> Iterable[bytes]:
        """Return the audio in this frame: an `Event`, the bytes of a message, or a decoded JSON answer."""
        ...

    def rest(self) -> Request | None:
        """Return what is still to be downloaded after the last frame, without credentials; None: nothing."""
        ...

    def close(self) -> Iterable[bytes]:
        """Return what is left at the end; InvokeConnectionError if the answer was cut off."""
        ...


@runtime_checkable
class FramedSpeechDialect(Protocol):
    """A dialect whose audio comes inside JSON, events or messages."""

    framing: Literal["json", "sse", "websocket"]

    def to_audio(self, call: SpeechCall) -> AudioReader:
        """Return a reader for one answer."""
        ...


class TranscriptReader(Protocol):
    """Collects what was said from the messages of one conversation; `done` when it is complete."""

    done: bool

    def read(self, frame: bytes) -> None:
        """Take in one message."""
        ...

    def result(self) -> Speech2TextResult:
        """Return what was said; InvokeConnectionError if the conversation was cut off."""
        ...


@runtime_checkable
class SpokenTranscriptionDialect(Protocol):
    """A dialect to which recordings are sent over a websocket."""

    framing: Literal["websocket"]

    def to_reader(self, call: TranscriptionCall) -> TranscriptReader:
        """Return a reader for one answer."""
        ...


class ModelListDialect(Protocol):
    """How an upstream lists its models."""

    def to_request(self, endpoint: Endpoint) -> Request:
        """Return the request."""
        ...

    def to_models(self, body: Any) -> list[AIModelEntity]:
        """Return what the upstream says of its models."""
        ...


@runtime_checkable
class BytesDialect(Protocol):
    """A dialect that has no place for the address of some files."""

    def needs_bytes(self, options: Options) -> frozenset[str]:
        """Return the kinds of files (image, audio, video, document) that it takes as bytes only."""
        ...


@runtime_checkable
class PagedListDialect(ModelListDialect, Protocol):
    """How an upstream lists its models, where a list has several pages."""

    def to_next_request(self, endpoint: Endpoint, body: Any) -> Request | None:
        """Return the request for the page that follows; None after the last."""
        ...


@runtime_checkable
class CountingDialect(Protocol):
    """How an upstream counts the tokens of a call that it is not to answer, where it does."""

    def to_count_request(self, call: ChatCall, endpoint: Endpoint) -> Request:
        """Return the request."""
        ...

    def to_count(self, body: Any) -> int:
        """Return the number of input tokens."""
        ...


@runtime_checkable
class ModelDetailDialect(ModelListDialect, Protocol):
    """How an upstream tells what a single model can do, where it does."""

    def to_show_request(self, model: str, endpoint: Endpoint) -> Request:
        """Return the request for what the upstream knows of one model."""
        ...

    def to_model(self, model: str, body: Any) -> AIModelEntity:
        """Return the model with its type, features and sizes."""
        ...


@dataclass(frozen=True, slots=True)
class Family:
    """The dialects of one kind of API, by model type. `chat` chooses among several by a model's options."""

    name: str
    chat: Callable[[Options], ChatDialect] | None = None
    embedding: EmbeddingDialect | None = None
    rerank: RerankDialect | None = None
    moderation: ModerationDialect | None = None
    transcription: TranscriptionDialect | None = None
    speech: SpeechDialect | None = None
    models: ModelListDialect | None = None

    def speaks(self, model_type: ModelType) -> bool:
        """Whether the family has a dialect for this type of model."""
        dialects = {
            ModelType.LLM: self.chat,
            ModelType.TEXT_EMBEDDING: self.embedding,
            ModelType.RERANK: self.rerank,
            ModelType.MODERATION: self.moderation,
            ModelType.SPEECH2TEXT: self.transcription,
            ModelType.TTS: self.speech,
        }
        return dialects.get(model_type) is not None


@cache
def family(name: str) -> Family:
    """Return the family of that name, loading it at its first use; LookupError if there is none."""
    if not name.isidentifier():
        raise LookupError(f"{name!r} is not the name of a wire family")
    try:
        module = importlib.import_module(f"modelbay.wires.{name}")
        found = module.FAMILY
    except (ModuleNotFoundError, AttributeError):
        raise LookupError(f"there is no wire family {name!r}") from None
    assert isinstance(found, Family)
    return found
