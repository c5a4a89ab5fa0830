"""Sandbox chat: the script of `engines.chat`, in Modelbay's chunks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Any, ClassVar

from modelbay.entities import (
    AssistantPromptMessage,
    FinishReason,
    LLMResultChunk,
    LLMResultChunkDelta,
    PromptMessage,
    PromptMessageTool,
    TextPromptMessageContent,
    ToolCall,
    ToolCallFunction,
)
from modelbay.errors import (
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeConnectionError,
    InvokeError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
)
from modelbay.providers.sandbox.engines import chat
from modelbay.providers.sandbox.provider.sandbox import seed_of
from modelbay.sdk import LargeLanguageModel
from modelbay.sdk.stops import StopFilter
from modelbay.sdk.text_filters import filter_text

_FAILURES: dict[str, InvokeError] = {
    "connection": InvokeConnectionError("the sandbox was told to lose the connection"),
    "unavailable": InvokeServerUnavailableError("the sandbox was told to be unavailable", status=503),
    "rate-limit": InvokeRateLimitError(
        "the sandbox was told to refuse for rate", status=429, retry_after=1.0
    ),
    "authorization": InvokeAuthorizationError("the sandbox was told to refuse the key", status=401),
    "bad-request": InvokeBadRequestError("the sandbox was told to refuse the request", status=400),
}


class SandboxLargeLanguageModel(LargeLanguageModel):
    """Says what it is told, streams, calls tools, fills JSON schemas, fails on demand."""

    changes_its_input: ClassVar[bool] = False

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
    ) -> AsyncIterator[LLMResultChunk]:
        _refuse_files(prompt_messages)
        directives = chat.Directives(
            seed=int(model_parameters.get("seed") or seed_of(credentials)),
            tool_choice=model_parameters.get("tool_choice") or "auto",
            reasoning=bool(model_parameters.get("thinking")),
        )
        events = chat.reply(
            [(message.role.value, message.get_text_content()) for message in prompt_messages],
            _tools(tools or ()),
            _schema(model_parameters),
            directives,
        )
        limit = model_parameters.get("max_tokens")
        chunks = _chunks(model, events, limit)
        return filter_text(chunks, StopFilter(stop)) if stop else chunks

    def validate_credentials(self, model: str, credentials: dict[str, Any]) -> None:
        """Nothing can be wrong but the seed."""
        seed_of(credentials)


def _refuse_files(messages: Sequence[PromptMessage]) -> None:
    for place, message in enumerate(messages):
        for part in message.content if isinstance(message.content, list) else ():
            if not isinstance(part, TextPromptMessageContent):
                raise InvokeBadRequestError(
                    f"messages[{place}]: the sandbox reads text, not {part.type.value}"
                )


def _schema(parameters: dict[str, Any]) -> dict[str, Any] | None:
    wanted = parameters.get("response_format")
    if wanted not in ("json_object", "json_schema"):
        return None
    try:
        given = json.loads(parameters.get("json_schema") or "{}")
    except (ValueError, RecursionError) as error:
        raise InvokeBadRequestError(f"json_schema: is not JSON: {error}") from None
    schema: Any = given.get("schema", given) if isinstance(given, dict) else given
    if not isinstance(schema, dict):
        raise InvokeBadRequestError("json_schema: must be a JSON Schema: an object")
    _check(schema, "json_schema")
    return schema


def _tools(tools: Sequence[PromptMessageTool]) -> list[dict[str, Any]]:
    for place, tool in enumerate(tools):
        _check(tool.parameters, f"tools[{place}].parameters")
    return [tool.model_dump() for tool in tools]


def _check(schema: dict[str, Any], place: str) -> None:
    try:
        chat.check_schema(schema, place)
    except chat.SchemaError as error:
        raise InvokeBadRequestError(str(error)) from None


async def _chunks(
    model: str, events: Iterable[chat.Event], limit: int | None
) -> AsyncIterator[LLMResultChunk]:
    """Say the events, at most `limit` of them: each is about a token."""
    reason = FinishReason.STOP
    index = 0
    for event in _fillable(events):
        if isinstance(event, chat.Pause):
            await asyncio.sleep(event.seconds)
            continue
        if isinstance(event, chat.Fail):
            failure = _FAILURES[event.kind]
            raise type(failure)(failure.description, status=failure.status, retry_after=failure.retry_after)
        if limit is not None and index >= limit:
            reason = FinishReason.LENGTH
            break
        if isinstance(event, chat.ToolCall):
            reason = FinishReason.TOOL_CALLS
        yield _chunk(model, index, _message(event))
        index += 1
    yield _chunk(model, index, AssistantPromptMessage(content=""), reason)


def _fillable(events: Iterable[chat.Event]) -> Iterator[chat.Event]:
    try:
        yield from events
    except ValueError as error:
        raise InvokeBadRequestError(f"json_schema: {error}") from None


def _message(event: chat.Event) -> AssistantPromptMessage:
    if isinstance(event, chat.Reasoning):
        return AssistantPromptMessage(content="", reasoning_content=event.text)
    if isinstance(event, chat.ToolCall):
        return _calling(
            ToolCall(index=event.index, id=event.call_id, function=ToolCallFunction(name=event.name))
        )
    if isinstance(event, chat.ToolArguments):
        return _calling(ToolCall(index=event.index, function=ToolCallFunction(arguments=event.fragment)))
    assert isinstance(event, chat.Text)
    return AssistantPromptMessage(content=event.text)


def _calling(*calls: ToolCall) -> AssistantPromptMessage:
    return AssistantPromptMessage(content="", tool_calls=list(calls))


def _chunk(
    model: str, index: int, message: AssistantPromptMessage, reason: FinishReason | None = None
) -> LLMResultChunk:
    return LLMResultChunk(
        model=model, delta=LLMResultChunkDelta(index=index, message=message, finish_reason=reason)
    )
