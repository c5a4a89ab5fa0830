"""One engine for all faces: every call of every model type goes through here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import IO, Any, NamedTuple

from modelbay.entities import (
    AIModelEntity,
    Credentials,
    EmbeddingInputType,
    FormType,
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
from modelbay.errors import InvokeAuthorizationError
from modelbay.hosts import Host, ProviderCode
from modelbay.runtime.deadlines import before, within
from modelbay.runtime.names import ModelName, resolve_name
from modelbay.runtime.ports import Catalog, CredentialSource, Declared
from modelbay.sdk import LargeLanguageModel, threads
from modelbay.sdk.tokens import TokenCount


class Prepared(NamedTuple):
    """All that a call needs: a fresh model object, the model's name and plain credentials."""

    instance: Any
    name: ModelName
    credentials: dict[str, Any]


class Engine:
    """Resolves a model, gets its credentials and has the host run it.

    `timeout` bounds a whole call in seconds, retries included; None leaves it to the transport's own limits.
    A parameter that a language model does not declare is refused by name, or dropped if `drop_unknown`.
    """

    def __init__(
        self, *, catalog: Catalog, host: Host, credentials: CredentialSource, drop_unknown: bool = False
    ) -> None:
        self._drop_unknown = drop_unknown
        self._catalog = catalog
        self._host = host
        self._credentials = credentials
        self._codes: dict[str, tuple[Declared, ProviderCode]] = {}

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
        return before(timeout, chunks)

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
            timeout, call.instance.invoke(call.name.model, call.credentials, texts, user, input_type)
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
        return await within(timeout, call.instance.invoke(call.name.model, call.credentials, audio, user))

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
            timeout, call.instance.invoke(call.name.model, call.credentials, text, voice, user)
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
        return before(timeout, pieces)

    async def moderate(
        self, model: str, text: str, *, user: str | None = None, timeout: float | None = None
    ) -> ModerationResult:
        """Return whether the text is harmful."""
        call = self._prepare(model, ModelType.MODERATION)
        return await within(timeout, call.instance.invoke(call.name.model, call.credentials, text, user))

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
        credentials = self._credentials.credentials(code.provider, name.model, ModelType.LLM)
        count = await threads.call(
            instance.get_num_tokens,  # type: ignore[attr-defined]
            name.model,
            credentials.reveal() if credentials else {},
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
        credentials = self._credentials.credentials(code.provider, name.model, model_type)
        return await instance.resolve(name.model, credentials.reveal() if credentials else {})

    async def fetch_models(self, provider: str) -> list[AIModelEntity]:
        """Return the models that a provider's upstream lists."""
        code = self._code(provider)
        credentials = self._required(code.provider, None, None)
        return await self._host.provider(code).fetch_models(credentials)

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
            plain = Credentials(credentials).reveal()
        if model is None:
            checking = threads.call(self._host.provider(code).validate_provider_credentials, plain)
        else:
            instance = self._host.model(code, model_type or code.provider.supported_model_types[0])
            checking = instance.check_credentials(model, plain)
        await within(timeout, checking)

    # how

    def _prepare(self, model: str, model_type: ModelType) -> Prepared:
        name = resolve_name(self._catalog, model, model_type)
        code = self._code(name.provider)
        instance = self._host.model(code, model_type)
        if isinstance(instance, LargeLanguageModel):
            instance.refuses_unknown_parameters = not self._drop_unknown
        return Prepared(instance, name, self._required(code.provider, name.model, model_type))

    def _required(
        self, provider: ModelProviderConfiguration, model: str | None, model_type: ModelType | None
    ) -> dict[str, Any]:
        found = self._credentials.credentials(provider, model, model_type)
        if found is None:
            if not _needs_credentials(provider):
                return {}
            raise InvokeAuthorizationError(_how_to_give(provider), provider=provider.provider, model=model)
        return found.reveal()

    def _code(self, provider: str) -> ProviderCode:
        declared = self._catalog.provider(provider)
        cached = self._codes.get(provider)
        if cached is None or cached[0] is not declared:
            code = ProviderCode(declared.folder, declared.provider, tuple(declared.models))
            cached = self._codes[provider] = (declared, code)
        return cached[1]


def _needs_credentials(provider: ModelProviderConfiguration) -> bool:
    forms = (provider.provider_credential_schema, provider.model_credential_schema)
    return any(field.required for form in forms if form for field in form.credential_form_schemas)


def _how_to_give(provider: ModelProviderConfiguration) -> str:
    form = provider.provider_credential_schema or provider.model_credential_schema
    fields = form.credential_form_schemas if form else []
    needed = [field.variable for field in fields if field.required or field.type is FormType.SECRET_INPUT]
    names = ", ".join(dict.fromkeys(needed))
    return f"no credentials are known for it: it needs {names}"
