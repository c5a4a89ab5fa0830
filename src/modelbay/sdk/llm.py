"""Language models."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from modelbay.entities import (
    ChunkFolder,
    LLMMode,
    LLMResult,
    LLMResultChunk,
    LLMUsage,
    ModelPropertyKey,
    ModelType,
    ParameterRule,
    PromptMessage,
    PromptMessageTool,
)
from modelbay.errors import InvokeError
from modelbay.sdk import code_block, prices, threads, tokens
from modelbay.sdk.mapping import close
from modelbay.sdk.metering import LLMMeter
from modelbay.sdk.polling import PolledModel
from modelbay.sdk.rules import apply_rules
from modelbay.sdk.stops import enforce_stop_tokens
from modelbay.sdk.text_filters import filter_text
from modelbay.sdk.thinking import wrap_thinking
from modelbay.wires.usage import llm_usage

Answer = LLMResult | Iterator[LLMResultChunk] | AsyncIterator[LLMResultChunk]


class LargeLanguageModel(PolledModel):
    """Base of language models. A plugin defines `_invoke`; callers use `invoke` and `stream`."""

    model_type: ClassVar[ModelType] = ModelType.LLM

    changes_its_input: ClassVar[bool] = True
    """Whether `_invoke` may change the lists and messages it gets; then it gets copies."""

    refuses_unknown_parameters = False
    """Whether a parameter that the model does not declare is an error; the plugin format drops it."""

    _meter: LLMMeter | None = None

    # what a plugin defines

    @abstractmethod
    def _invoke(
        self,
        model: str,
        credentials: dict[str, Any],
        prompt_messages: list[PromptMessage],
        model_parameters: dict[str, Any],
        tools: list[PromptMessageTool] | None = None,
        stop: list[str] | None = None,
        stream: bool = True,
        user: str | None = None,
    ) -> Any:
        """Call the upstream: return an `LLMResult`, or the chunks as a generator; may be async."""

    def get_num_tokens(
        self,
        model: str,
        credentials: dict[str, Any],
        prompt_messages: list[PromptMessage],
        tools: list[PromptMessageTool] | None = None,
    ) -> Any:
        """Return how many tokens the messages and tools have; may be async, may be a `TokenCount`."""
        return tokens.count_messages(prompt_messages, tools or [], model)

    # what callers use

    async def invoke(
        self,
        model: str,
        credentials: dict[str, Any],
        prompt_messages: Sequence[PromptMessage],
        model_parameters: Mapping[str, Any] | None = None,
        tools: Sequence[PromptMessageTool] | None = None,
        stop: Sequence[str] | None = None,
        user: str | None = None,
    ) -> LLMResult:
        """Return the whole answer, priced.

        Raises:
            InvokeError: One of its classes, whoever failed.
        """
        request = (model, credentials, prompt_messages, model_parameters, tools, stop, user)
        with self.timing_context(), self._boundary(model, credentials):
            answer, meter = await self._answer(*request, stream=False)
            if isinstance(answer, LLMResult):
                return await meter.complete(answer)
            folder = ChunkFolder()
            async for chunk in _metered(as_chunks(answer), meter):
                folder.add(chunk)
            return folder.result()

    async def stream(
        self,
        model: str,
        credentials: dict[str, Any],
        prompt_messages: Sequence[PromptMessage],
        model_parameters: Mapping[str, Any] | None = None,
        tools: Sequence[PromptMessageTool] | None = None,
        stop: Sequence[str] | None = None,
        user: str | None = None,
    ) -> AsyncIterator[LLMResultChunk]:
        """Yield the answer's chunks as they come; only the last has usage (priced) and finish reason.

        Closing the iterator closes the upstream.

        Raises:
            InvokeError: One of its classes, at whichever chunk.
        """
        request = (model, credentials, prompt_messages, model_parameters, tools, stop, user)
        with self.timing_context(), self._boundary(model, credentials):
            answer, meter = await self._answer(*request, stream=True)
            chunks = _metered(as_chunks(answer), meter)
            try:
                async for chunk in chunks:
                    yield chunk
            finally:
                await close(chunks)

    async def used_so_far(self) -> LLMUsage | None:
        """Return what a call that was broken off has used, counted and priced; None if it never began."""
        return await self._meter.so_far() if self._meter else None

    async def _answer(
        self,
        model: str,
        credentials: dict[str, Any],
        messages: Sequence[PromptMessage],
        parameters: Mapping[str, Any] | None,
        tools: Sequence[PromptMessageTool] | None,
        stop: Sequence[str] | None,
        user: str | None,
        *,
        stream: bool,
    ) -> tuple[Answer, LLMMeter]:
        """Have the plugin begin its answer."""
        schema = await self.resolve(model, credentials)
        checked = apply_rules(
            schema.parameter_rules if schema else [],
            parameters or {},
            refuse_unknown=self.refuses_unknown_parameters,
        )
        pricing = schema.pricing if schema else None
        meter = self._meter = LLMMeter(
            model, messages, tools or (), pricing, self.started_at, self.notices, self.transport.spent
        )
        answer = await self._begin(model, credentials, list(messages), checked, tools, stop, stream, user)
        return answer, meter

    async def _begin(
        self,
        model: str,
        credentials: dict[str, Any],
        messages: list[PromptMessage],
        parameters: dict[str, Any],
        tools: Sequence[PromptMessageTool] | None,
        stop: Sequence[str] | None,
        stream: bool,
        user: str | None,
    ) -> Answer:
        tool_list = list(tools) if tools else None
        if self.changes_its_input:
            messages = [message.model_copy(deep=True) for message in messages]
            tool_list = [tool.model_copy(deep=True) for tool in tools] if tools else None
            credentials = dict(credentials)
        stops = list(stop) if stop else None
        call = self._invoke
        wanted = parameters.get("response_format")
        if wanted in code_block.FORMATS:
            call = self._code_block_mode_wrapper
        answer: Answer = await threads.call(
            call, model, credentials, messages, parameters, tool_list, stops, stream, user
        )
        return answer

    async def _code_block_mode_wrapper(
        self,
        model: str,
        credentials: dict[str, Any],
        prompt_messages: list[PromptMessage],
        model_parameters: dict[str, Any],
        tools: list[PromptMessageTool] | None = None,
        stop: list[str] | None = None,
        stream: bool = True,
        user: str | None = None,
    ) -> AsyncIterator[LLMResultChunk]:
        """Get JSON or XML (`response_format`) from a model that has no mode for it; override to do better."""
        parameters = dict(model_parameters)
        messages = code_block.ask_for_code_block(prompt_messages, parameters.pop("response_format"))
        answer = await threads.call(
            self._invoke,
            model,
            credentials,
            messages,
            parameters,
            tools,
            [*(stop or []), *code_block.STOPS],
            stream,
            user,
        )
        return filter_text(as_chunks(answer), code_block.FenceFilter())

    # what plugins call

    def get_parameter_rules(self, model: str, credentials: Mapping[str, Any]) -> list[ParameterRule]:
        """Return the rules of a model's parameters; none for an unknown model."""
        schema = self.get_model_schema(model, credentials)
        return schema.parameter_rules if schema else []

    def get_model_mode(self, model: str, credentials: Mapping[str, Any] | None = None) -> LLMMode:
        """Return how the model is prompted; ValueError if its declaration names an unknown mode."""
        mode = self._property(model, credentials or {}, ModelPropertyKey.MODE)
        return LLMMode.CHAT if mode is None else LLMMode.value_of(mode)

    def enforce_stop_tokens(self, text: str, stop: Sequence[str]) -> str:
        """Return `text` cut before the first of the stop sequences, taken literally."""
        return enforce_stop_tokens(text, stop)

    def _calc_response_usage(
        self, model: str, credentials: Mapping[str, Any], prompt_tokens: int, completion_tokens: int
    ) -> LLMUsage:
        usage = llm_usage(prompt=prompt_tokens, completion=completion_tokens)
        priced = prices.price_llm_usage(usage, self._pricing(model, credentials))
        latency = time.perf_counter() - self.started_at if self.started_at else 0.0
        return priced.model_copy(update={"latency": latency})

    def _wrap_thinking_by_reasoning_content(
        self, delta: dict[str, Any], is_reasoning: bool
    ) -> tuple[str, bool]:
        return wrap_thinking(delta, is_reasoning)


def as_chunks(answer: Answer) -> AsyncIterator[LLMResultChunk]:
    """Return whatever `_invoke` gave as an async iterator of chunks."""
    if isinstance(answer, LLMResult):
        return _single(answer.to_llm_result_chunk())
    if isinstance(answer, AsyncIterator | Iterator):
        return threads.items(answer)
    raise InvokeError(f"the plugin answered with {type(answer).__name__}, not with a result or chunks")


async def _metered(source: AsyncIterator[LLMResultChunk], meter: LLMMeter) -> AsyncIterator[LLMResultChunk]:
    """Yield the chunks, numbered from 0, the last one with what the call used."""
    place = 0
    try:
        async for chunk in source:
            for metered in meter.take(chunk):
                yield _numbered(metered, place)
                place += 1
        yield _numbered(await meter.close(), place)
    finally:
        await close(source)


def _numbered(chunk: LLMResultChunk, place: int) -> LLMResultChunk:
    if chunk.delta.index != place:
        chunk.delta.index = place
    return chunk


async def _single(chunk: LLMResultChunk) -> AsyncIterator[LLMResultChunk]:
    yield chunk
