"""One engine for all faces: every call of every model type goes through here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import IO, Any, NamedTuple

from modelbay.entities import (
    AIModelEntity,
    Credentials,
    EmbeddingInputType,
    FetchedModels,
    LLMResult,
    LLMResultChunk,
    ModelProviderConfiguration,
    ModelType,
    ModerationResult,
    PromptMessage,
    PromptMessageTool,
    RerankResult,
    Speech2TextResult,
    SpeechResult,
    TextEmbeddingResult,
)
from modelbay.errors import InvokeAuthorizationError, InvokeError
from modelbay.hosts import Host, ProviderCode
from modelbay.runtime.deadlines import before, within
from modelbay.runtime.names import ModelName, refuse_another_type, refuse_undeclared, resolve_name, types_of
from modelbay.runtime.needs import how_to_give, needs_credentials
from modelbay.runtime.opened import Opened, open_model
from modelbay.runtime.ports import Catalog, CredentialSource, Declared, NetworkSource
from modelbay.sdk import LargeLanguageModel, threads
from modelbay.sdk.mapping import ErrorBoundary
from modelbay.sdk.model import validating
from modelbay.sdk.tokens import TokenCount
from modelbay.wires.serving import Wishes


class Prepared(NamedTuple):
    """All that a call needs: a fresh model object, the model's name and plain credentials."""

    instance: Any
    name: ModelName
    credentials: dict[str, Any]


class _Known(NamedTuple):
    """A plugin as the host wants it, and the types that each of its models is declared for."""

    declared: Declared
    code: ProviderCode
    types: Mapping[str, Collection[ModelType]]


class Engine:
    """Resolves a model, gets its credentials and has the host run it.

    `timeout` bounds a whole call in seconds, retries included; None leaves it to the transport's own limits.
    A parameter that a language model does not declare is refused by name, or dropped if `drop_unknown`.
    """

    def __init__(
        self,
        *,
        catalog: Catalog,
        host: Host,
        credentials: CredentialSource,
        network: NetworkSource | None = None,
        drop_unknown: bool = False,
    ) -> None:
        self._drop_unknown = drop_unknown
        self._network = network
        self._catalog = catalog
        self._host = host
        self._credentials = credentials
        self._codes: dict[str, _Known] = {}
        self._closed = False

    def close(self) -> None:
        """Refuse every later call."""
        self._closed = True

    # calls

    async def invoke(
        self,
        model: str,
        messages: Sequence[PromptMessage],
        parameters: Mapping[str, Any] | None = None,
        *,
        tools: Sequence[PromptMessageTool] | None = None,
        stop: Sequence[str] | None = None,
        user: str | None = None,
        timeout: float | None = None,
    ) -> LLMResult:
        """Return a language model's whole answer."""
        call = self._prepare(model, ModelType.LLM)
        return await within(
            timeout,
            call.instance.invoke(call.name.model, call.credentials, messages, parameters, tools, stop, user),
            call.name,
        )

    def stream(
        self,
        model: str,
        messages: Sequence[PromptMessage],
        parameters: Mapping[str, Any] | None = None,
        *,
        tools: Sequence[PromptMessageTool] | None = None,
        stop: Sequence[str] | None = None,
        user: str | None = None,
        timeout: float | None = None,
    ) -> AsyncIterator[LLMResultChunk]:
        """Yield a language model's answer as it comes. Closing the iterator closes the upstream."""
        call = self._prepare(model, ModelType.LLM)
        chunks: AsyncIterator[LLMResultChunk] = call.instance.stream(
            call.name.model, call.credentials, messages, parameters, tools, stop, user
        )
        return before(timeout, chunks, call.name)

    def model(
        self, name: ModelName, model_type: ModelType, credentials: Credentials | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Return a fresh model object and the credentials that a call of it uses: those given, if any are."""
        call = self._prepared(name, model_type, credentials)
        return call.instance, call.credentials

    async def open(
        self,
        name: ModelName,
        model_type: ModelType,
        wishes: Wishes,
        *,
        credentials: Credentials | None = None,
        drop: bool = False,
    ) -> Opened:
        """Return a model for one call, fitted with what a client asks beyond the content of its call.

        Args:
            credentials: What the call uses; None takes what the engine's source gives.

        Raises:
            InvokeError: There is no such model, or it cannot be told something and that may not be dropped.
        """
        call = self._prepared(name, model_type, credentials)
        return await open_model(call.instance, name, call.credentials, wishes, drop=drop)

    async def embed(
        self,
        model: str,
        texts: Sequence[str],
        *,
        input_type: EmbeddingInputType = EmbeddingInputType.DOCUMENT,
        user: str | None = None,
        timeout: float | None = None,
    ) -> TextEmbeddingResult:
        """Return one vector per text, in input order."""
        call = self._prepare(model, ModelType.TEXT_EMBEDDING)
        return await within(
            timeout,
            call.instance.invoke(call.name.model, call.credentials, texts, user, input_type),
            call.name,
        )

    async def rerank(
        self,
        model: str,
        query: str,
        docs: Sequence[str],
        *,
        score_threshold: float | None = None,
        top_n: int | None = None,
        user: str | None = None,
        timeout: float | None = None,
    ) -> RerankResult:
        """Return the documents by relevance, best first."""
        call = self._prepare(model, ModelType.RERANK)
        return await within(
            timeout,
            call.instance.invoke(
                call.name.model, call.credentials, query, docs, score_threshold, top_n, user
            ),
            call.name,
        )

    async def transcribe(
        self,
        model: str,
        audio: IO[bytes] | bytes,
        *,
        user: str | None = None,
        timeout: float | None = None,
    ) -> Speech2TextResult:
        """Return what is said in the audio."""
        call = self._prepare(model, ModelType.SPEECH2TEXT)
        writing = call.instance.invoke(call.name.model, call.credentials, audio, user)
        return await within(timeout, writing, call.name)

    async def speak(
        self,
        model: str,
        text: str,
        *,
        voice: str | None = None,
        user: str | None = None,
        timeout: float | None = None,
    ) -> SpeechResult:
        """Return the text as one playable audio file."""
        call = self._prepare(model, ModelType.TTS)
        return await within(
            timeout, call.instance.invoke(call.name.model, call.credentials, text, voice, user), call.name
        )

    def speak_stream(
        self,
        model: str,
        text: str,
        *,
        voice: str | None = None,
        user: str | None = None,
        timeout: float | None = None,
    ) -> AsyncIterator[bytes]:
        """Yield the audio as it comes."""
        call = self._prepare(model, ModelType.TTS)
        pieces: AsyncIterator[bytes] = call.instance.stream(
            call.name.model, call.credentials, text, voice, user
        )
        return before(timeout, pieces, call.name)

    async def moderate(
        self, model: str, text: str, *, user: str | None = None, timeout: float | None = None
    ) -> ModerationResult:
        """Return whether the text is harmful."""
        call = self._prepare(model, ModelType.MODERATION)
        judging = call.instance.invoke(call.name.model, call.credentials, text, user)
        return await within(timeout, judging, call.name)

    async def count_tokens(
        self,
        model: str,
        messages: Sequence[PromptMessage],
        tools: Sequence[PromptMessageTool] | None = None,
    ) -> TokenCount:
        """Return how many tokens messages and tools have; needs no credentials unless the plugin asks."""
        name = resolve_name(self._catalog, model, ModelType.LLM)
        code = self._code(name.provider)
        instance = self._host.model(code, ModelType.LLM)
        plain = self._if_any(code.provider, name.model, ModelType.LLM)
        with ErrorBoundary({}, code.provider, plain, model=name.model):
            count = await threads.call(
                instance.get_num_tokens,  # type: ignore[attr-defined]
                name.model,
                plain,
                list(messages),
                list(tools) if tools else None,
            )
        return count if isinstance(count, TokenCount) else TokenCount(int(count), exact=True, method="plugin")

    # what there is

    async def schema(self, model: str, model_type: ModelType) -> AIModelEntity | None:
        """Return a model's declaration, asking the upstream if its plugin does so; None if there is none."""
        name = resolve_name(self._catalog, model, model_type)
        code = self._code(name.provider)
        instance = self._host.model(code, model_type)
        plain = self._if_any(code.provider, name.model, model_type)
        with ErrorBoundary({}, code.provider, plain, model=name.model):
            return await instance.resolve(name.model, plain)

    def declares(self, provider: str, model: str) -> bool:
        """Whether a plugin declares the model; only of providers that have been called."""
        known = self._codes.get(provider)
        return known is not None and model in known.types

    async def fetch_models(self, provider: str) -> FetchedModels:
        """Return the models that a provider's upstream lists; if it cannot be asked, the declared ones.

        Raises:
            InvokeError: It cannot be asked, and its plugin declares no models.
        """
        code = self._code(provider)
        plain = self._required(code.provider, None, None)
        try:
            with ErrorBoundary({}, code.provider, plain):
                return FetchedModels(await self._host.provider(code).fetch_models(plain))
        except InvokeError as error:
            if not code.models:
                raise
            return FetchedModels(code.models, error)

    async def validate_credentials(
        self,
        provider: str,
        credentials: Mapping[str, Any] | None = None,
        *,
        model: str | None = None,
        model_type: ModelType | None = None,
        timeout: float | None = None,
    ) -> None:
        """Prove credentials: of a provider, or of one of its models if `model` is given.

        Without `credentials` those are proved that a call would use.

        Raises:
            CredentialsValidateFailedError: They do not work, in the provider's words.
        """
        code = self._code(provider)
        if credentials is None:
            plain = self._required(code.provider, model, model_type)
        else:
            plain = self._addressed(code.provider, Credentials(credentials).reveal())
        if model is None:
            checking = self._prove(code, plain)
        else:
            instance = self._host.model(code, model_type or code.provider.supported_model_types[0])
            checking = instance.check_credentials(model, plain)
        await within(timeout, checking, (provider, model))

    async def _prove(self, code: ProviderCode, plain: dict[str, Any]) -> None:
        with validating(ErrorBoundary({}, code.provider, plain)):
            await threads.call(self._host.provider(code).validate_provider_credentials, plain)

    # how

    def _prepare(self, model: str, model_type: ModelType) -> Prepared:
        return self._prepared(resolve_name(self._catalog, model, model_type), model_type)

    def _prepared(
        self, name: ModelName, model_type: ModelType, credentials: Credentials | None = None
    ) -> Prepared:
        code = self._code(name.provider)
        instance = self._host.model(code, model_type)
        refuse_another_type(self._codes[name.provider].types, name, model_type)
        refuse_undeclared(self._codes[name.provider].types, code.provider, name.model)
        if isinstance(instance, LargeLanguageModel):
            instance.refuses_unknown_parameters = not self._drop_unknown
        if credentials is None:
            return Prepared(instance, name, self._required(code.provider, name.model, model_type))
        return Prepared(instance, name, self._addressed(code.provider, credentials.reveal()))

    def _if_any(
        self, provider: ModelProviderConfiguration, model: str, model_type: ModelType
    ) -> dict[str, Any]:
        found = self._credentials.credentials(provider, model, model_type)
        return self._addressed(provider, found.reveal() if found else {})

    def _required(
        self, provider: ModelProviderConfiguration, model: str | None, model_type: ModelType | None
    ) -> dict[str, Any]:
        found = self._credentials.credentials(provider, model, model_type)
        if found is None:
            if not needs_credentials(provider):
                return self._addressed(provider, {})
            raise InvokeAuthorizationError(how_to_give(provider), provider=provider.provider, model=model)
        return self._addressed(provider, found.reveal())

    def _addressed(self, provider: ModelProviderConfiguration, plain: dict[str, Any]) -> dict[str, Any]:
        """Return credentials with what the network settings add to them.

        Raises:
            InvokeAuthorizationError: The settings cannot be used: no call may go out as if there were none.
        """
        network = self._network.network(provider.provider) if self._network is not None else None
        if network is None:
            return plain
        if network.failure:
            raise InvokeAuthorizationError(
                network.failure, provider=provider.provider, code="network_unreadable"
            )
        return network.on_credentials(plain, provider.wire.address.credential if provider.wire else "")

    def _code(self, provider: str) -> ProviderCode:
        if self._closed:
            raise RuntimeError("this Modelbay is closed")
        declared = self._catalog.provider(provider)
        known = self._codes.get(provider)
        if known is None or known.declared is not declared:
            code = ProviderCode(declared.folder, declared.provider, tuple(declared.models))
            known = self._codes[provider] = _Known(declared, code, types_of(declared.models))
        return known.code
