"""A model that has been found, and fitted with what one client asks of it: ready for one call."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import IO, Any

from modelbay.entities import (
    AIModelEntity,
    CallUsage,
    EmbeddingInputType,
    LLMResult,
    LLMResultChunk,
    LLMUsage,
    ModerationResult,
    PriceConfig,
    PromptMessage,
    PromptMessageTool,
    RerankResult,
    Speech2TextResult,
    SpeechResult,
    TextEmbeddingResult,
)
from modelbay.errors import InvokeBadRequestError
from modelbay.runtime.deadlines import before, within
from modelbay.runtime.fitting import Fitted, fit
from modelbay.runtime.names import ModelName
from modelbay.sdk import AIModel, LargeLanguageModel, threads
from modelbay.sdk.mapping import ErrorBoundary
from modelbay.sdk.tokens import TokenCount
from modelbay.wires.serving import Wishes

_FIELD = re.compile(r"([a-z_]+)[: ]")


class Opened:
    """One model for one call.

    `dropped` are the client's names of what it could not be told; `same_dialect` is whether its upstream
    speaks as the client does.
    """

    def __init__(
        self,
        name: ModelName,
        instance: Any,
        credentials: dict[str, Any],
        schema: AIModelEntity | None,
        fitted: Fitted,
        *,
        same_dialect: bool,
    ) -> None:
        self.name = name
        self.schema = schema
        self.dropped = fitted.dropped
        self.same_dialect = same_dialect
        self._instance = instance
        self._credentials = credentials
        self._parameters = fitted.parameters
        self._extras = fitted.extras

    @property
    def notices(self) -> list[str]:
        """What of the conversation was left out by rule, once the call has begun."""
        notices: list[str] = self._instance.notices
        return notices

    @property
    def parameters(self) -> Mapping[str, Any]:
        """What the client has set, by the names of the model's rules, and what it sends beside them."""
        return {**self._extras, **self._parameters}

    @property
    def pricing(self) -> PriceConfig | None:
        """What the model costs, if that is declared."""
        return self.schema.pricing if self.schema else None

    def drop(self, error: InvokeBadRequestError, wishes: Wishes) -> bool:
        """Drop the parameter that the model's wire refused by name; False if it refused something else."""
        found = _FIELD.match(error.description)
        name = found[1] if found and error.status is None else ""
        if name not in self._parameters and name not in self._extras:
            return False
        self._parameters.pop(name, None)
        self._extras.pop(name, None)
        self.dropped.append(wishes.field_of(name))
        return True

    async def invoke(
        self,
        messages: Sequence[PromptMessage],
        *,
        tools: Sequence[PromptMessageTool] = (),
        stop: Sequence[str] = (),
        user: str | None = None,
        timeout: float | None = None,
    ) -> LLMResult:
        """Return a language model's whole answer."""
        call = self._instance.invoke(
            self.name.model, self._credentials, messages, self._parameters, tools, stop, user
        )
        return await within(timeout, call, self.name)

    def stream(
        self,
        messages: Sequence[PromptMessage],
        *,
        tools: Sequence[PromptMessageTool] = (),
        stop: Sequence[str] = (),
        user: str | None = None,
        timeout: float | None = None,
    ) -> AsyncIterator[LLMResultChunk]:
        """Yield a language model's answer as it comes. Closing the iterator closes the upstream."""
        chunks: AsyncIterator[LLMResultChunk] = self._instance.stream(
            self.name.model, self._credentials, messages, self._parameters, tools, stop, user
        )
        return chunks if timeout is None else before(timeout, chunks, self.name)

    async def count_tokens(
        self, messages: Sequence[PromptMessage], tools: Sequence[PromptMessageTool] = ()
    ) -> TokenCount:
        """Return how many tokens messages and tools have; the count says whether it is exact."""
        # The plugin format's counting takes no parameters: all of them are beyond it.
        self._instance.extras = {**self._parameters, **self._extras}
        with ErrorBoundary({}, self._instance.provider_schema, self._credentials, model=self.name.model):
            count = await threads.call(
                self._instance.get_num_tokens,
                self.name.model,
                self._credentials,
                list(messages),
                list(tools) or None,
            )
        return count if isinstance(count, TokenCount) else TokenCount(int(count), exact=True, method="plugin")

    async def used_so_far(self) -> LLMUsage | None:
        """Return what an interrupted call has used, counted here; None if nothing was sent."""
        used: LLMUsage | None = await self._instance.used_so_far()
        return used

    async def embed(
        self,
        texts: Sequence[str],
        *,
        input_type: EmbeddingInputType,
        user: str | None = None,
        timeout: float | None = None,
    ) -> TextEmbeddingResult:
        """Return one vector per text, in input order."""
        call = self._instance.invoke(self.name.model, self._credentials, texts, user, input_type)
        return await within(timeout, call, self.name)

    async def rerank(
        self,
        query: str,
        docs: Sequence[str],
        *,
        top_n: int | None = None,
        user: str | None = None,
        timeout: float | None = None,
    ) -> RerankResult:
        """Return the documents by relevance, best first."""
        call = self._instance.invoke(self.name.model, self._credentials, query, docs, None, top_n, user)
        return await within(timeout, call, self.name)

    async def moderate(self, text: str, *, timeout: float | None = None) -> ModerationResult:
        """Return whether the text is harmful."""
        call = self._instance.invoke(self.name.model, self._credentials, text, None)
        return await within(timeout, call, self.name)

    async def transcribe(
        self, audio: IO[bytes] | bytes, *, user: str | None = None, timeout: float | None = None
    ) -> Speech2TextResult:
        """Return what is said in the audio."""
        call = self._instance.invoke(self.name.model, self._credentials, audio, user)
        return await within(timeout, call, self.name)

    async def speak(
        self, text: str, *, voice: str | None, user: str | None = None, timeout: float | None = None
    ) -> SpeechResult:
        """Return the text as one playable audio file."""
        call = self._instance.invoke(self.name.model, self._credentials, text, voice, user)
        return await within(timeout, call, self.name)

    def speak_stream(
        self, text: str, *, voice: str | None, user: str | None = None, timeout: float | None = None
    ) -> AsyncIterator[bytes]:
        """Yield the audio as it comes."""
        pieces = self._instance.stream(self.name.model, self._credentials, text, voice, user)
        return before(timeout, pieces, self.name)

    def speech_usage(self, text: str) -> CallUsage:
        """Return what speaking a text costs."""
        usage: CallUsage = self._instance.usage_of(self.name.model, self._credentials, text)
        return usage

    def mime_type(self, audio: bytes) -> str:
        """Return the media type of audio by its beginning, else the one the model declares."""
        kind: str = self._instance.mime_type_of(self.name.model, self._credentials, audio)
        return kind


async def open_model(
    instance: AIModel,
    name: ModelName,
    credentials: dict[str, Any],
    wishes: Wishes,
    *,
    drop: bool,
) -> Opened:
    """Return the model fitted with what the client asks.

    Raises:
        InvokeBadRequestError: The model cannot be told something of it; names the client's field.
    """
    with ErrorBoundary({}, instance.provider_schema, credentials, model=name.model):
        schema = await instance.resolve(name.model, credentials)
        same = instance.speaks(name.model, credentials) == wishes.dialect
        fitted = fit(
            schema.parameter_rules if schema else (),
            wishes,
            same_dialect=same,
            takes=lambda parameter: instance.takes(parameter, name.model, credentials),
            drop=drop,
        )
    if isinstance(instance, LargeLanguageModel):
        instance.extras, instance.fields = fitted.extras, fitted.fields
    else:
        fitted.extras.update(fitted.fields)  # their dialects write whatever they are told
        instance.extras = fitted.extras
    return Opened(name, instance, credentials, schema, fitted, same_dialect=same)
