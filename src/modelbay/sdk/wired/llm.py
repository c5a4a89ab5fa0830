"""Language models on a known wire."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from modelbay.entities import (
    LLMResult,
    LLMResultChunk,
    PromptMessage,
    PromptMessageTool,
    UserPromptMessage,
    fold,
)
from modelbay.errors import InvokeConnectionError, InvokeError
from modelbay.sdk.llm import LargeLanguageModel, as_chunks
from modelbay.sdk.mapping import close
from modelbay.sdk.stops import StopFilter, enforce_stop_tokens
from modelbay.sdk.text_filters import filter_text
from modelbay.sdk.tokens import TokenCount, count_messages_async
from modelbay.sdk.wired.base import WiredModel
from modelbay.sdk.wired.content import kinds_as_bytes, with_bytes
from modelbay.sdk.wired.state import own_state_only, stamp
from modelbay.wires.family import ChatCall, ChatDialect, CountingDialect
from modelbay.wires.request import Timeouts

_COUNT_TIMEOUTS = Timeouts(connect=3.0, first_byte=10.0, idle=10.0, total=10.0)  # ours is there at once
_NOT_SERVED = (404, 405, 501)
_PING_TOKENS = 16  # the fewest that every upstream accepts


class WiredLargeLanguageModel(WiredModel, LargeLanguageModel):
    """Speaks the dialect that the provider declares; needs no code of the provider."""

    async def _invoke(
        self,
        model: str,
        credentials: dict[str, Any],
        prompt_messages: list[PromptMessage],
        model_parameters: dict[str, Any],
        tools: list[PromptMessageTool] | None = None,
        stop: list[str] | None = None,
        stream: bool = True,
        user: str | None = None,
    ) -> LLMResult | AsyncIterator[LLMResultChunk]:
        options = self.wire_options(model, credentials)
        messages, left_out = own_state_only(
            prompt_messages, self._owner(options), self.speaking(options).name
        )
        self.notices += left_out
        call = ChatCall(
            model=self.upstream_name(model, credentials),
            messages=messages,
            parameters={**model_parameters, **self.extras} if self.extras else model_parameters,
            tools=tools or (),
            stop=stop or (),
            stream=stream and bool(options.get("stream", True)),
            user=user,
            options=options,
            extras=self.fields,
        )
        return await self._call(call, credentials)

    async def get_num_tokens(
        self,
        model: str,
        credentials: dict[str, Any],
        prompt_messages: list[PromptMessage],
        tools: list[PromptMessageTool] | None = None,
    ) -> TokenCount:
        """Return the upstream's own count where it has one and can be asked, else ours.

        Raises:
            InvokeError: The upstream refused the messages, or the credentials.
        """
        options = self.wire_options(model, credentials)
        dialect = self._chat(options)
        counts = dialect if credentials and isinstance(dialect, CountingDialect) else None
        if counts is not None:
            call = ChatCall(
                model=self.upstream_name(model, credentials),
                messages=prompt_messages,
                parameters=self.extras,
                tools=tools or (),
                options=options,
                extras=self.fields,
            )
            counted = await self._counted(counts, call, credentials)
            if counted is not None:
                return counted
        ours = await count_messages_async(prompt_messages, tools or [], model)
        return replace(ours, exact=False) if counts else ours

    async def _counted(
        self, dialect: CountingDialect, call: ChatCall, credentials: dict[str, Any]
    ) -> TokenCount | None:
        request = dialect.to_count_request(call, self.endpoint(credentials, call.options))
        try:
            body = await self.transport.json(replace(request, timeouts=_COUNT_TIMEOUTS))
        except InvokeError as error:
            if _is_out_of_reach(error):
                return None
            raise
        return TokenCount(dialect.to_count(body), exact=True, method="upstream")

    def speaks(self, model: str, credentials: Mapping[str, Any]) -> str:
        """Return the name of the dialect that the provider declares for this model."""
        return self._chat(self.wire_options(model, credentials)).name

    def _owner(self, options: Mapping[str, Any]) -> str:
        """Return whose the state is that answers carry: the provider's, unless an option says otherwise."""
        return str(options.get("state_of") or self._provider_name or "")

    def _chat(self, options: Mapping[str, Any]) -> ChatDialect:
        return self._dialect(self.speaking(options).chat)(options)

    async def _call(
        self, call: ChatCall, credentials: dict[str, Any]
    ) -> LLMResult | AsyncIterator[LLMResultChunk]:
        dialect = self._chat(call.options)
        call = await self._with_content(dialect, call)
        cut_here = bool(call.stop) and getattr(dialect, "client_side_stop", False)
        if call.stream:
            chunks = self._chunks(dialect, call, credentials)
            return filter_text(chunks, StopFilter(call.stop)) if cut_here else chunks
        result = await self._whole(dialect, call, credentials)
        return _cut(result, call.stop) if cut_here else result

    async def _with_content(self, dialect: ChatDialect, call: ChatCall) -> ChatCall:
        """Return the call with the bytes of all files that its upstream does not fetch itself."""
        if not any(isinstance(message.content, list) for message in call.messages):
            return call  # nothing but texts: nearly every call
        kinds = kinds_as_bytes(dialect, call.options)
        return replace(call, messages=await with_bytes(call.messages, kinds, self.transport))

    async def _whole(self, dialect: ChatDialect, call: ChatCall, credentials: dict[str, Any]) -> LLMResult:
        """Return the whole answer; of upstreams that only stream, folded from the stream."""
        if dialect.framing == "websocket" or only_streams(call):
            streamed = replace(call, stream=True)
            return fold([chunk async for chunk in self._chunks(dialect, streamed, credentials)])
        request = dialect.to_request(call, self.endpoint(credentials, call.options))
        result = dialect.to_result(call, await self.transport.json(request))
        stamp(result.message, self._owner(call.options))
        return result

    async def _chunks(
        self, dialect: ChatDialect, call: ChatCall, credentials: dict[str, Any]
    ) -> AsyncIterator[LLMResultChunk]:
        request = dialect.to_request(call, self.endpoint(credentials, call.options))
        reader, owner = dialect.to_chunks(call), self._owner(call.options)
        frames = self.transport.frames(request, dialect.framing)
        try:
            async for frame in frames:
                for chunk in reader.read(frame):
                    if chunk.delta.message.opaque_body is not None:
                        stamp(chunk.delta.message, owner)
                    yield chunk
                if getattr(reader, "done", False):
                    break
            for chunk in reader.close():
                stamp(chunk.delta.message, owner)
                yield chunk
        finally:
            await close(frames)

    async def validate_credentials(self, model: str, credentials: dict[str, Any]) -> None:
        """Prove credentials and model with the shortest answer that can be asked for."""
        options = self.wire_options(model, credentials)
        stream = options.get("check_by_streaming", False)
        call = ChatCall(
            model=self.upstream_name(model, credentials),
            messages=[UserPromptMessage(content="ping")],
            parameters={"max_tokens": int(options.get("check_tokens") or _PING_TOKENS)},
            stream=bool(stream),
            options=options,
        )
        answer = await self._call(call, credentials)
        chunks = as_chunks(answer)
        try:
            async for _ in chunks:
                break
        finally:
            await close(chunks)


def only_streams(call: ChatCall) -> bool:
    """Whether the upstream answers such a call by streaming only."""
    if call.options.get("only_stream"):
        return True
    thinks = call.parameters.get("thinking", call.options.get("thinking_default"))
    return bool(call.options.get("only_stream_with_thinking") and thinks)


def _is_out_of_reach(error: InvokeError) -> bool:
    """Whether the upstream could not be asked: it is not there, too busy, or does not count."""
    return error.retryable or isinstance(error, InvokeConnectionError) or error.status in _NOT_SERVED


def _cut(result: LLMResult, stop: Sequence[str]) -> LLMResult:
    text = enforce_stop_tokens(result.text, stop)
    if text == result.text:
        return result
    return result.model_copy(update={"message": result.message.model_copy(update={"content": text})})
