"""The library, asynchronous: the one implementation. `Modelbay` is its blocking twin."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from modelbay.catalog import Catalog, ModelSummary
from modelbay.entities import (
    AIModelEntity,
    EmbeddingInputType,
    FetchedModels,
    LLMResult,
    LLMResultChunk,
    ModelType,
    ModerationResult,
    RerankResult,
    Speech2TextResult,
    SpeechResult,
    TextEmbeddingResult,
)
from modelbay.hosts import InProcessHost
from modelbay.library.inputs import (
    Audio,
    Prompt,
    ResponseFormat,
    Tool,
    to_audio,
    to_choice,
    to_messages,
    to_parameters,
    to_texts,
    to_tools,
)
from modelbay.platform.environment import Given, LocalCredentials
from modelbay.runtime import Engine
from modelbay.sdk.tokens import TokenCount
from modelbay.wires.settings import TransportSettings
from modelbay.wires.transport import Transport


class AsyncLLM:
    """One language model. Parameters beyond the named ones are the model's own, such as `temperature`."""

    def __init__(self, engine: Engine, model: str) -> None:
        self._engine = engine
        self.model = model

    async def invoke(
        self,
        /,
        prompt: Prompt,
        *,
        tools: Sequence[Tool] | None = None,
        stop: Sequence[str] | None = None,
        response_format: ResponseFormat | None = None,
        user: str | None = None,
        timeout: float | None = None,
        **parameters: Any,
    ) -> LLMResult:
        """Return the whole answer: `result.text`, `result.tool_calls`, `result.usage`.

        Args:
            prompt: A string, a message, or messages (entities or mappings with role and content).
            response_format: A pydantic class, a JSON Schema, or a format that the model names.
            timeout: Seconds for the whole call, retries included.

        Raises:
            InvokeError: One of its five classes.
        """
        return await self._engine.invoke(
            self.model,
            to_messages(prompt),
            to_parameters(parameters, response_format),
            tools=to_tools(tools),
            stop=stop,
            user=user,
            timeout=timeout,
        )

    async def stream(
        self,
        /,
        prompt: Prompt,
        *,
        tools: Sequence[Tool] | None = None,
        stop: Sequence[str] | None = None,
        response_format: ResponseFormat | None = None,
        user: str | None = None,
        timeout: float | None = None,
        **parameters: Any,
    ) -> AsyncIterator[LLMResultChunk]:
        """Yield the answer as it comes: `chunk.text`; only the last chunk has `usage` and `finish_reason`.

        Closing the iterator closes the upstream. Arguments and errors as for `invoke`.
        """
        chunks = self._engine.stream(
            self.model,
            to_messages(prompt),
            to_parameters(parameters, response_format),
            tools=to_tools(tools),
            stop=stop,
            user=user,
            timeout=timeout,
        )
        try:
            async for chunk in chunks:
                yield chunk
        finally:
            await chunks.aclose()  # type: ignore[attr-defined]

    async def count_tokens(self, prompt: Prompt, *, tools: Sequence[Tool] | None = None) -> TokenCount:
        """Return how many tokens the prompt and the tools have; says whether the number is exact."""
        return await self._engine.count_tokens(self.model, to_messages(prompt), to_tools(tools))

    async def schema(self) -> AIModelEntity | None:
        """Return what is declared of the model: features, parameters, prices."""
        return await self._engine.schema(self.model, ModelType.LLM)


class AsyncModelbay:
    """Any AI model of any provider through one interface.

    Args:
        credentials: By provider name: a mapping of its credential form's fields, or its key as a string.
            A name `provider/model` gives one model credentials of its own.
        environment: Whether to look for keys in environment variables (`OPENAI_API_KEY`, …).
        plugins: Folders with more plugins.
        transport: Proxy, CA bundle, timeouts and retries.
        drop_unknown: Whether parameters that a model does not declare are dropped; they are refused by
            name otherwise.
    """

    def __init__(
        self,
        credentials: Given | None = None,
        *,
        environment: bool = True,
        plugins: Sequence[str | Path] = (),
        transport: TransportSettings | None = None,
        drop_unknown: bool = False,
    ) -> None:
        self._transport = Transport(transport)
        self.catalog = Catalog(folders=[Path(folder) for folder in plugins])
        self.credentials = LocalCredentials(credentials, environment=environment)
        self.engine = Engine(
            catalog=self.catalog,
            host=InProcessHost(self._transport),
            credentials=self.credentials,
            drop_unknown=drop_unknown,
        )

    def llm(self, model: str) -> AsyncLLM:
        """Return a language model, by `provider/model` or by its name alone where that is unambiguous."""
        return AsyncLLM(self.engine, model)

    async def embed(
        self,
        model: str,
        texts: str | Iterable[str],
        *,
        input_type: EmbeddingInputType | str = EmbeddingInputType.DOCUMENT,
        user: str | None = None,
        timeout: float | None = None,
    ) -> TextEmbeddingResult:
        """Embed texts: `result.embeddings` has one vector per text, in order. A string is one text."""
        kind = to_choice(EmbeddingInputType, input_type, "input_type")
        given = to_texts([texts] if isinstance(texts, str) else texts, "texts")
        return await self.engine.embed(model, given, input_type=kind, user=user, timeout=timeout)

    async def rerank(
        self,
        model: str,
        query: str,
        docs: Iterable[str],
        *,
        score_threshold: float | None = None,
        top_n: int | None = None,
        user: str | None = None,
        timeout: float | None = None,
    ) -> RerankResult:
        """Order documents by relevance to the query: `result.docs`, best first."""
        return await self.engine.rerank(
            model,
            query,
            to_texts(docs, "docs"),
            score_threshold=score_threshold,
            top_n=top_n,
            user=user,
            timeout=timeout,
        )

    async def transcribe(
        self, model: str, audio: Audio, *, user: str | None = None, timeout: float | None = None
    ) -> Speech2TextResult:
        """Write down what is said in an audio file, given as bytes, path or open file: `result.text`."""
        data = await asyncio.to_thread(to_audio, audio)
        return await self.engine.transcribe(model, data, user=user, timeout=timeout)

    async def speak(
        self,
        model: str,
        text: str,
        *,
        voice: str | None = None,
        user: str | None = None,
        timeout: float | None = None,
    ) -> SpeechResult:
        """Speak a text of any length: `result.audio`, `result.mime_type`, `result.save(path)`."""
        return await self.engine.speak(model, text, voice=voice, user=user, timeout=timeout)

    async def speak_stream(
        self,
        model: str,
        text: str,
        *,
        voice: str | None = None,
        user: str | None = None,
        timeout: float | None = None,
    ) -> AsyncIterator[bytes]:
        """Yield the audio as it comes; joined, the pieces are one playable file."""
        pieces = self.engine.speak_stream(model, text, voice=voice, user=user, timeout=timeout)
        try:
            async for piece in pieces:
                yield piece
        finally:
            await pieces.aclose()  # type: ignore[attr-defined]

    async def moderate(
        self, model: str, text: str, *, user: str | None = None, timeout: float | None = None
    ) -> ModerationResult:
        """Say whether a text is harmful: `result.flagged`, `result.categories`. A failure raises."""
        return await self.engine.moderate(model, text, user=user, timeout=timeout)

    async def count_tokens(
        self, model: str, prompt: Prompt, *, tools: Sequence[Tool] | None = None
    ) -> TokenCount:
        """Return how many tokens a prompt has for a language model."""
        return await self.llm(model).count_tokens(prompt, tools=tools)

    async def models(
        self,
        type: ModelType | str | None = None,  # noqa: A002 - the field's word
        provider: str | None = None,
    ) -> list[ModelSummary]:
        """Return the declared models, of one type and provider if given."""
        wanted = to_choice(ModelType, type, "type") if type else None
        return await asyncio.to_thread(self.catalog.models, wanted, provider)

    async def fetch_models(self, provider: str) -> FetchedModels:
        """Ask a provider's own server which models it has, with what it tells of them.

        Returns:
            If it cannot be asked the declared models, and why as `failure`.
        """
        return await self.engine.fetch_models(provider)

    async def validate_credentials(
        self,
        provider: str,
        credentials: Mapping[str, Any] | None = None,
        *,
        model: str | None = None,
        type: ModelType | str | None = None,  # noqa: A002 - the field's word
        timeout: float | None = None,
    ) -> None:
        """Prove credentials, those given or those that calls would use.

        Raises:
            CredentialsValidateFailedError: They do not work, in the provider's words.
        """
        await self.engine.validate_credentials(
            provider,
            credentials,
            model=model,
            model_type=to_choice(ModelType, type, "type") if type else None,
            timeout=timeout,
        )

    async def aclose(self) -> None:
        """Close all connections and refuse later calls; safe to call twice."""
        self.engine.close()
        await self._transport.aclose()

    async def __aenter__(self) -> AsyncModelbay:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()
