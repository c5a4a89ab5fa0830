"""The upstreams that the tables tell of: one declared model of every kind, and what it is sent."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

from modelbay.catalog import Catalog
from modelbay.entities import Credentials, ModelProviderConfiguration, ModelType
from modelbay.errors import InvokeServerUnavailableError
from modelbay.hosts import InProcessHost
from modelbay.runtime.engine import Engine
from modelbay.runtime.names import ModelName
from modelbay.wires.request import Event, Reply, Request
from modelbay.wires.transport import Transport


@dataclass(frozen=True)
class Upstream:
    """One kind of upstream, by a model that speaks it."""

    title: str
    name: ModelName
    credentials: Mapping[str, str] = field(default_factory=dict)


_LOCAL = {"mode": "chat", "context_size": "32768", "max_tokens": "4096", "base_url": "http://localhost:11434"}
_ABLE = {"vision_support": "true", "function_call_support": "true"}
_COMPLETING = {"mode": "completion", "endpoint_url": "http://localhost:8000/v1", "context_size": "8192"}
_SERVED = {"endpoint_url": "http://localhost:8000/v1", "context_size": "8192"}


def _openai(title: str, model: str, api: str = "chat") -> Upstream:
    return Upstream(
        title, ModelName("openai", model), {"openai_api_key": "key-of-a-table", "api_protocol": api}
    )


def _of(provider: str, model: str, title: str = "") -> Upstream:
    return Upstream(title or provider.title(), ModelName(provider, model), _KEYS.get(provider, {}))


_KEYS: Mapping[str, Mapping[str, str]] = {
    "anthropic": {"anthropic_api_key": "key-of-a-table"},
    "cohere": {"api_key": "key-of-a-table"},
    "jina": {"api_key": "key-of-a-table"},
    "ollama": {**_LOCAL, **_ABLE},
    "openai_api_compatible": _SERVED,
}
_COMPATIBLE = ModelName("openai_api_compatible", "a-model")

UPSTREAMS: Mapping[ModelType, tuple[Upstream, ...]] = {
    ModelType.LLM: (
        _openai("OpenAI chat", "gpt-4.1-mini"),
        _openai("OpenAI responses", "gpt-5.4", "responses"),
        _of("anthropic", "claude-sonnet-4-6"),
        _of("cohere", "command-a-plus-05-2026"),
        _of("ollama", "a-model"),
        Upstream("completions", _COMPATIBLE, _COMPLETING),
    ),
    ModelType.TEXT_EMBEDDING: (
        _openai("OpenAI", "text-embedding-3-small"),
        _of("cohere", "embed-v4.0"),
        _of("jina", "jina-embeddings-v4"),
        _of("ollama", "a-model"),
    ),
    ModelType.RERANK: (
        _of("cohere", "rerank-v3.5"),
        _of("jina", "jina-reranker-v3"),
        _of("openai_api_compatible", "a-model", "compatible server"),
        _of("ollama", "a-model"),
    ),
    ModelType.MODERATION: (_openai("OpenAI", "omni-moderation-latest"),),
    ModelType.SPEECH2TEXT: (_openai("OpenAI", "gpt-transcribe"),),
    ModelType.TTS: (_openai("OpenAI", "gpt-4o-mini-tts"), _openai("OpenAI", "tts-1")),
}


class Recorder(Transport):
    """Notes what would be sent, and sends nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Request] = []

    def _note(self, request: Request) -> NoReturn:
        self.requests.append(request)
        raise InvokeServerUnavailableError("this request was noted, not sent", retryable=False)

    async def json(self, request: Request) -> Any:
        """Note the request."""
        self._note(request)

    async def send(self, request: Request) -> Reply:
        """Note the request."""
        self._note(request)

    async def events(self, request: Request) -> AsyncGenerator[Event, None]:
        """Note the request."""
        self._note(request)
        yield  # makes this a generator, as the transport's is

    async def lines(self, request: Request) -> AsyncGenerator[bytes, None]:
        """Note the request."""
        self._note(request)
        yield

    async def chunks(self, request: Request) -> AsyncGenerator[bytes, None]:
        """Note the request."""
        self._note(request)
        yield


class Place:
    """The real engine with the real providers, up to the socket."""

    def __init__(self) -> None:
        self.recorder = Recorder()
        self._current: Upstream | None = None
        self.engine = Engine(catalog=Catalog(), host=InProcessHost(self.recorder), credentials=self)

    @contextmanager
    def calling(self, upstream: Upstream) -> Iterator[None]:
        """Give the upstream's credentials to the calls of the block."""
        self._current = upstream
        self.recorder.requests.clear()
        yield
        self._current = None

    def credentials(
        self, provider: ModelProviderConfiguration, model: str | None, model_type: ModelType | None
    ) -> Credentials | None:
        """Return the credentials of the upstream that is being called."""
        return Credentials(self._current.credentials) if self._current else None
